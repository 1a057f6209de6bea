// All guards on sets that belong to no study: what every two of them have in common, copies between the centers of each, and orders
// that tell labels.

import { type Progress, silent } from '../base/index.ts'
import { compareSets, isOverlap, type SetOverlap } from './compareSets.ts'
import { describeNear } from './describeNear.ts'
import { findNearDuplicates, type HashedSet } from './nearDuplicates.ts'
import { findOrders, type OrderFinding } from './orderFindings.ts'
import { describeWithin, findNearWithin } from './withinCenters.ts'

/** A set by the name that findings call it. */
export interface ExaminedSet extends HashedSet {
  readonly name: string
}

/** What was found. */
export interface SetFindings {
  /** What two sets have in common; pairs with nothing are left out. */
  readonly overlaps: readonly SetOverlap[]
  /** Copies of patches of one center among those of another center of the same set. */
  readonly within: readonly SetOverlap[]
  readonly orders: readonly OrderFinding[]
}

/** Looks for all of it; reads only patches that may be copies. `observe` is told of each comparison, e.g. `a.h5 and b.h5`. */
export async function examineSets(
  sets: readonly ExaminedSet[],
  observe: (what: string) => Progress = () => silent,
): Promise<SetFindings> {
  const overlaps: SetOverlap[] = []
  for (const [i, a] of sets.entries()) {
    for (const b of sets.slice(i + 1)) {
      const near = await findNearDuplicates(a, b, observe(`${a.name} and ${b.name}`))
      const looks = describeNear(a.set, b.set, near)
      const overlap = { ...compareSets(a, b), ...(looks && { near: looks }) }
      if (isOverlap(overlap)) overlaps.push(overlap)
    }
  }
  const within: SetOverlap[] = []
  for (const one of sets) {
    const near = await findNearWithin(one, observe(`centers of ${one.name}`))
    within.push(...describeWithin(one.name, one, near))
  }
  return { overlaps, within, orders: findOrders(sets) }
}
