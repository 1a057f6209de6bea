// The hashes of patches, and the order that they give.

import { type Pixels, type Progress, pixelsAt, silent } from '../base/index.ts'
import { hash64 } from '../files/index.ts'
import { readBatches } from './batches.ts'
import { orderByContent } from './contentOrder.ts'
import type { PatchSet } from './patchSet.ts'

const batchRows = 64

/**
 * The hash of each of `rows`: 64 bits of the sha256 of its pixels. Reads them once, a batch at a time; `look` is shown each
 * patch in passing, with its place in `rows`.
 */
export async function hashPatches(
  set: PatchSet,
  rows: ArrayLike<number>,
  progress: Progress = silent,
  look?: (patch: Pixels, place: number) => void,
): Promise<BigUint64Array> {
  const hashes = new BigUint64Array(rows.length)
  let done = 0
  for await (const { pixels } of readBatches(set, rows, batchRows)) {
    for (let i = 0; i < pixels.count; i++) {
      const patch = pixelsAt(pixels, i)
      hashes[done + i] = hash64(patch.data)
      look?.(patch, done + i)
    }
    done += pixels.count
    progress(done, rows.length)
  }
  return hashes
}

/** `rows` in the order that their content gives; reads them once. */
export async function orderPatches(
  set: PatchSet,
  rows: Uint32Array,
  progress: Progress = silent,
): Promise<Uint32Array> {
  return orderByContent(set, rows, await hashPatches(set, rows, progress))
}
