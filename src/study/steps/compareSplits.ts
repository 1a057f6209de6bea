// Patches of one split that look like those of another, or of one center like those of another center of its split: a task of
// its own, since it takes seconds for large splits.

import { join } from 'node:path'
import type { Progress } from '../../base/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import {
  findNearDuplicates,
  findNearWithin,
  type NearDuplicate,
  nearDuplicatesVersion,
} from '../../guards/index.ts'
import type { Recipe } from '../../recipe/index.ts'
import { readJson, type Split } from '../../runs/index.ts'
import type { Cache, CacheEntry, CacheInputs } from '../../tasks/index.ts'
import type { OpenSplit, OpenSplits } from '../splits.ts'

// Every two splits, train before val before test.
function pairSplits(splits: OpenSplits): (readonly [OpenSplit, OpenSplit])[] {
  const pairs: readonly (readonly [Split, Split])[] = [
    ['train', 'val'],
    ['train', 'test'],
    ['val', 'test'],
  ]
  return pairs.flatMap(([a, b]) => {
    const [first, second] = [splits[a], splits[b]]
    return first && second ? [[first, second] as const] : []
  })
}

/**
 * What is compared: every two splits and, where centers are held out in turn, each labelled split of several centers with
 * itself, center by center.
 */
export function listComparisons(
  { protocol }: Pick<Recipe, 'protocol'>,
  splits: OpenSplits,
): (readonly [OpenSplit, OpenSplit])[] {
  const inFolds = protocol === 'leave-one-center-out' ? [splits.train, splits.val] : []
  const isMixed = ({ set }: OpenSplit) => new Set(set.centers).size > 1
  return [...pairSplits(splits), ...inFolds.filter(isMixed).map((split) => [split, split] as const)]
}

/** A comparison in words, e.g. `train and val`, or `centers of train`. */
export function nameComparison(first: Split, second: Split): string {
  return first === second ? `centers of ${first}` : `${first} and ${second}`
}

/** What is made from a comparison of two splits by looks, or of the centers of one. */
export function compareInputs(first: OpenSplit, second: OpenSplit): CacheInputs {
  return { stage: 'overlap', version: nearDuplicatesVersion, first: first.key, second: second.key }
}

/** Writes which patches of `second` look like one of `first`, or of another center where both are one, into `folder`. */
export async function makeComparison(
  first: OpenSplit,
  second: OpenSplit,
  folder: string,
  progress: Progress,
): Promise<void> {
  const found =
    first === second
      ? await findNearWithin(first, progress)
      : await findNearDuplicates(first, second, progress)
  await writeFileAtomic(join(folder, 'near.json'), `${JSON.stringify(found)}\n`)
}

/** Makes a comparison, or finds it in the cache. */
export function obtainComparison(
  cache: Cache,
  first: OpenSplit,
  second: OpenSplit,
  progress: Progress,
): Promise<CacheEntry> {
  return cache.obtain(compareInputs(first, second), (folder) =>
    makeComparison(first, second, folder, progress),
  )
}

/** Reads what a comparison found. */
export function readComparison({ folder }: CacheEntry): Promise<NearDuplicate[]> {
  return readJson<NearDuplicate[]>(join(folder, 'near.json'))
}
