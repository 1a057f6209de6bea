// Two hashes of every patch, kept in the cache: one of its pixels, which tells patches apart whatever they are called and
// wherever they lie, and one of its looks, which copies share. One pass over a set; 40 bytes a patch.

import { join } from 'node:path'
import { ndarray, type Progress } from '../base/index.ts'
import { hashBytes, readNpyFile, writeFileAtomic } from '../files/index.ts'
import { writeNpy } from '../formats/index.ts'
import { hashLooks, hashWords } from '../guards/index.ts'
import { allRows, hashPatches, type PatchSet } from '../patches/index.ts'
import type { Cache, CacheEntry } from '../tasks/index.ts'
import { watchFiles } from './fingerprints.ts'

/** The hashes of some rows of a set, and the entry that holds them. */
export interface ContentHashes {
  /** 64 bits a row. */
  readonly hashes: BigUint64Array
  /** Perceptual hashes, eight words a row. */
  readonly looks: Int32Array
  readonly entry: CacheEntry
}

/**
 * Hashes `rows` of a set (all where null), or finds the hashes in the cache; `content` is the set's fingerprint. Throws
 * DataError naming the patch that cannot be read, or where a file of the set changes meanwhile.
 */
export async function obtainHashes(
  cache: Cache,
  set: PatchSet,
  rows: Uint32Array | null,
  content: string,
  progress: Progress,
): Promise<ContentHashes> {
  const chosen = rows && hashBytes(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength))
  const inputs = { stage: 'patches', version: 2, content, rows: chosen }
  const entry = await cache.obtain(inputs, async (folder) => {
    const checkFiles = await watchFiles([set])
    const wanted = rows ?? allRows(set)
    const looks = new Int32Array(wanted.length * hashWords)
    const hashes = await hashPatches(set, wanted, progress, (patch, place) => {
      looks.set(hashLooks(patch), place * hashWords)
    })
    await checkFiles()
    const array = ndarray('i64', [hashes.length], new BigInt64Array(hashes.buffer))
    await writeFileAtomic(join(folder, 'hashes.npy'), writeNpy(array))
    await writeFileAtomic(
      join(folder, 'looks.npy'),
      writeNpy(ndarray('i32', [wanted.length, hashWords], looks)),
    )
  })
  const { data } = await readNpyFile(join(entry.folder, 'hashes.npy'))
  const { data: looks } = await readNpyFile(join(entry.folder, 'looks.npy'))
  return {
    hashes: new BigUint64Array((data as BigInt64Array).buffer),
    looks: looks as Int32Array,
    entry,
  }
}
