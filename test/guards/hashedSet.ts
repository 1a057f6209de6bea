// Patches in memory with their hashes, as a study has them.

import { joinPixels, type Pixels } from '../../src/base/index.ts'
import { type HashedSet, hashLooks, hashWords } from '../../src/guards/index.ts'
import { allRows, hashPatches } from '../../src/patches/index.ts'
import { memorySet } from '../patches/memorySet.ts'

export async function hashSet(patches: readonly Pixels[]): Promise<HashedSet> {
  const set = memorySet(joinPixels(patches))
  const looks = new Int32Array(set.count * hashWords)
  const hashes = await hashPatches(set, allRows(set), undefined, (patch, place) =>
    looks.set(hashLooks(patch), place * hashWords),
  )
  return { set, hashes, looks }
}
