// Patches of one set that look like one of another without being it to the byte: stored anew, altered in brightness, turned,
// mirrored, moved by a pixel or two. Close hashes are candidates; the patches themselves decide. How often each kind of copy is
// found, and how often other tissue is taken for one, docs/guards.md says.

import { type Progress, pixelsAt, silent } from '../base/index.ts'
import { type PatchSet, readBatches } from '../patches/browser.ts'
import { averageCells } from './cells.ts'
import { findCloseHashes, rowsAtOnce } from './closeHashes.ts'
import { measureLikeness, turnCells } from './likeness.ts'
import { hashWords } from './perceptualHash.ts'

/** Raised when the same patches give other pairs. */
export const nearDuplicatesVersion = 1

/** A patch set with the hashes of its rows. */
export interface HashedSet {
  readonly set: PatchSet
  /** 64 bits of a hash of the pixels of each row. */
  readonly hashes: BigUint64Array
  /** The perceptual hash of each row, eight words. */
  readonly looks: Int32Array
}

/** A patch of the second of two sets with the patch of the first that looks most like it. */
export interface NearDuplicate {
  /** Rows of the first and the second set. */
  readonly first: number
  readonly second: number
  /** The view of the second patch that looks like the first: see `turnHash`. */
  readonly view: number
  /** Median correlation of their detail, at least 0.8. */
  readonly likeness: number
}

// Between copies and other tissue, as measured.
const leastLikeness = 0.8

const candidatesAtMost = 4
const confirmedAtOnce = 1024

/** Finds the patches of `second` that look like one of `first`; those whose pixels are in `first` are no part of it. */
export async function findNearDuplicates(
  first: HashedSet,
  second: HashedSet,
  progress: Progress = silent,
): Promise<NearDuplicate[]> {
  const views = second.set.height === second.set.width ? 8 : 4
  const found: NearDuplicate[] = []
  const count = second.hashes.length
  for (let start = 0; start < count; start += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, count - start)
    const looks = second.looks.subarray(start * hashWords, (start + rows) * hashWords)
    const close = await findCloseHashes(first.looks, looks, views, candidatesAtMost, (done, total = 1) =>
      progress(start + Math.floor((rows * done) / total), count),
    )
    const candidates = close.flatMap((others, i) => {
      const row = start + i
      if (others.some((other) => first.hashes[other.row] === second.hashes[row])) return []
      return others.map((other) => ({ first: other.row, second: row, view: other.view }))
    })
    for (let at = 0; at < candidates.length; at += confirmedAtOnce) {
      found.push(...(await confirm(first, second, candidates.slice(at, at + confirmedAtOnce))))
    }
  }
  return keepLikest(found)
}

type Candidate = Omit<NearDuplicate, 'likeness'>

// The candidates that are like enough.
async function confirm(
  first: HashedSet,
  second: HashedSet,
  candidates: readonly Candidate[],
): Promise<NearDuplicate[]> {
  const cellsOfFirst = await readCells(
    first,
    candidates.map((candidate) => candidate.first),
  )
  const cellsOfSecond = await readCells(
    second,
    candidates.map((candidate) => candidate.second),
  )
  const judged = candidates.map((candidate) => {
    const turned = turnCells(cellsOfSecond.get(candidate.second)!, candidate.view)
    return { ...candidate, likeness: measureLikeness(cellsOfFirst.get(candidate.first)!, turned) }
  })
  return judged.filter(({ likeness }) => likeness >= leastLikeness)
}

// One of each patch of the second set.
function keepLikest(found: readonly NearDuplicate[]): NearDuplicate[] {
  const likest = new Map<number, NearDuplicate>()
  for (const pair of found) {
    if (pair.likeness > (likest.get(pair.second)?.likeness ?? 0)) likest.set(pair.second, pair)
  }
  return [...likest.values()]
}

async function readCells({ set }: HashedSet, rows: readonly number[]): Promise<Map<number, Float64Array>> {
  const cells = new Map<number, Float64Array>()
  const wanted = Uint32Array.from(new Set(rows)).sort()
  for await (const batch of readBatches(set, wanted, 64)) {
    for (const [i, row] of batch.rows.entries()) cells.set(row, averageCells(pixelsAt(batch.pixels, i)))
  }
  return cells
}
