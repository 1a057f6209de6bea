// Patches of one split that look like those of another: a task of its own, since it takes seconds for large splits.

import { join } from 'node:path'
import type { Progress } from '../../base/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import { findNearDuplicates, type NearDuplicate, nearDuplicatesVersion } from '../../guards/index.ts'
import { readJson, type Split } from '../../runs/index.ts'
import type { Cache, CacheEntry, CacheInputs } from '../../tasks/index.ts'
import type { OpenSplit, OpenSplits } from '../splits.ts'

/** Every two splits, train before val before test. */
export function pairSplits(splits: OpenSplits): (readonly [OpenSplit, OpenSplit])[] {
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

/** What is made from a comparison of two splits by looks. */
export function compareInputs(first: OpenSplit, second: OpenSplit): CacheInputs {
  return { stage: 'overlap', version: nearDuplicatesVersion, first: first.key, second: second.key }
}

/** Writes which patches of `second` look like one of `first` into `folder`. */
export async function makeComparison(
  first: OpenSplit,
  second: OpenSplit,
  folder: string,
  progress: Progress,
): Promise<void> {
  const found = await findNearDuplicates(first, second, progress)
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
