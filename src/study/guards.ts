// What the guards find when a study begins: said before anything is computed, and kept with the run.

import { findOrders, type OrderFinding } from '../guards/index.ts'
import type { Overlap } from '../runs/index.ts'
import type { Cache } from '../tasks/index.ts'
import type { OpenStudy } from './openStudy.ts'
import { type CompareObserver, findOverlaps } from './overlap.ts'

/** What would make the figures of a study too good. */
export interface Guards {
  /** What splits have in common. */
  readonly overlaps: readonly Overlap[]
  /** Orders of rows and ids that tell labels. Labels of the test split are looked at for this and for scoring alone. */
  readonly orders: readonly OrderFinding[]
}

/** Looks for all of it. Throws as `findOverlaps` does. */
export async function runGuards(
  { splits }: Pick<OpenStudy, 'splits'>,
  cache: Cache,
  observe?: CompareObserver,
): Promise<Guards> {
  const sets = Object.values(splits).map(({ split, set }) => ({ name: split, set }))
  return { overlaps: await findOverlaps(cache, splits, observe), orders: findOrders(sets) }
}
