// The hash of every patch's pixels, kept in the cache: what tells patches apart whatever they are called and wherever they
// lie. One pass over a set; 8 bytes a patch.

import { join } from 'node:path'
import { ndarray, type Progress } from '../base/index.ts'
import { hashBytes, readNpyFile, writeFileAtomic } from '../files/index.ts'
import { writeNpy } from '../formats/index.ts'
import { allRows, hashPatches, type PatchSet } from '../patches/index.ts'
import type { Cache, CacheEntry } from '../tasks/index.ts'
import { watchFiles } from './fingerprints.ts'

/** The hashes of some rows of a set, one a row, and the entry that holds them. */
export interface ContentHashes {
  readonly hashes: BigUint64Array
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
  const inputs = { stage: 'patches', version: 1, content, rows: chosen }
  const entry = await cache.obtain(inputs, async (folder) => {
    const checkFiles = await watchFiles([set])
    const hashes = await hashPatches(set, rows ?? allRows(set), progress)
    await checkFiles()
    const array = ndarray('i64', [hashes.length], new BigInt64Array(hashes.buffer))
    await writeFileAtomic(join(folder, 'hashes.npy'), writeNpy(array))
  })
  const { data } = await readNpyFile(join(entry.folder, 'hashes.npy'))
  return { hashes: new BigUint64Array((data as BigInt64Array).buffer), entry }
}
