// Patches of one center of a set that are, or look like, patches of another center of it: where a center is held out, or is to be
// told from others, its patches must not be among theirs.

import { compareNames, type Progress, silent } from '../base/index.ts'
import { selectPatches } from '../patches/browser.ts'
import { compareSets, countShared, isOverlap, type SetOverlap } from './compareSets.ts'
import { describeNear } from './describeNear.ts'
import { findNearDuplicates, type HashedSet, type NearDuplicate } from './nearDuplicates.ts'
import { hashWords } from './perceptualHash.ts'

/** A center's patches, with their rows in the whole set. */
interface CenterPart extends HashedSet {
  readonly center: string
  readonly rows: Uint32Array
}

/** Every patch that looks like one of another center of the set, with the likest; centers in the order of their names. */
export async function findNearWithin(
  whole: HashedSet,
  progress: Progress = silent,
): Promise<NearDuplicate[]> {
  const pairs = pairCenters(whole)
  const found: NearDuplicate[] = []
  for (const [i, [a, b]] of pairs.entries()) {
    const share: Progress = (done, total = 1) => progress(i + done / total, pairs.length)
    for (const pair of await findNearDuplicates(a, b, share))
      found.push({ ...pair, first: a.rows[pair.first], second: b.rows[pair.second] })
  }
  return found
}

/** What every two centers of the set called `name` have in common, with what `findNearWithin` found; nothing is left out. */
export function describeWithin(
  name: string,
  whole: Pick<HashedSet, 'set' | 'hashes'>,
  near: readonly NearDuplicate[],
): SetOverlap[] {
  const { set, hashes } = whole
  const nameOf = (center: string) => `center ${center} of ${name}`
  return pairCenters({ set, hashes, looks: new Int32Array() }).flatMap(([a, b]) => {
    const compared = ({ center, set, hashes }: CenterPart) => ({
      name: nameOf(center),
      set: { ...set, slides: null, patients: null, centers: null }, // theirs are not those of another center
      hashes,
    })
    const own = near.filter(
      ({ first, second }) => set.centers?.[first] === a.center && set.centers[second] === b.center,
    )
    const looks = describeNear(set, set, own)
    const overlap = { ...compareSets(compared(a), compared(b)), ...(looks && { near: looks }) }
    return isOverlap(overlap) ? [overlap] : []
  })
}

/** A center all of whose `count` patches are in another one, to the byte; null where there is none. */
export function findContained(
  whole: Pick<HashedSet, 'set' | 'hashes'>,
): { readonly center: string; readonly count: number; readonly other: string } | null {
  const { set, hashes } = whole
  const pairs = pairCenters({ set, hashes, looks: new Int32Array() })
  const [found] = pairs
    .flatMap(([a, b]) => [[a, b] as const, [b, a] as const])
    .filter(([part, other]) => countShared(other, part) === part.rows.length)
  return found ? { center: found[0].center, count: found[0].rows.length, other: found[1].center } : null
}

function pairCenters(whole: HashedSet): (readonly [CenterPart, CenterPart])[] {
  const { centers } = whole.set
  if (!centers) return []
  const names = [...new Set(centers)].filter((name) => name !== '?').sort(compareNames)
  const parts = names.map((center) => takeCenter(whole, centers, center))
  return parts.flatMap((a, i) => parts.slice(i + 1).map((b) => [a, b] as const))
}

function takeCenter(
  { set, hashes, looks }: HashedSet,
  centers: readonly string[],
  center: string,
): CenterPart {
  const rows = Uint32Array.from(centers.keys()).filter((row) => centers[row] === center)
  const own = new Int32Array(looks.length > 0 ? rows.length * hashWords : 0)
  if (looks.length > 0) {
    rows.forEach((row, i) => {
      own.set(looks.subarray(row * hashWords, (row + 1) * hashWords), i * hashWords)
    })
  }
  return {
    center,
    rows,
    set: selectPatches(set, rows),
    hashes: BigUint64Array.from(rows, (row) => hashes[row]),
    looks: own,
  }
}
