// Reads a patch set in batches with constant memory, the next batch being read while one is worked on.

import type { Pixels } from '../base/index.ts'
import type { PatchSet } from './patchSet.ts'

/** Some patches and which they are. */
export interface PatchBatch {
  readonly rows: Uint32Array
  readonly pixels: Pixels
}

// A batch holds no more bytes than this, whatever the size of a patch.
const bytesAtMost = 2 ** 26

/** Yields the patches of `rows` in that order, `batchSize` at a time (fewer where they are large, and in the last batch). */
export async function* readBatches(
  set: PatchSet,
  rows: ArrayLike<number>,
  batchSize: number,
): AsyncGenerator<PatchBatch> {
  const order = Uint32Array.from(rows)
  const size = Math.max(1, Math.min(batchSize, Math.floor(bytesAtMost / (set.height * set.width * 3))))
  const start = (at: number) => {
    const chosen = order.slice(at, at + size)
    const reading = set.read(chosen).then((pixels): PatchBatch => ({ rows: chosen, pixels }))
    reading.catch(() => {}) // it is awaited only if the consumer comes back for it
    return reading
  }
  if (order.length === 0) return
  let next = start(0)
  for (let at = size; at < order.length; at += size) {
    const batch = await next
    next = start(at)
    yield batch
  }
  yield await next
}

/** The pixels of `rows` alone, in that order, a batch at a time. */
export async function* readPixels(
  set: PatchSet,
  rows: ArrayLike<number>,
  batchSize = 64,
): AsyncGenerator<Pixels> {
  for await (const { pixels } of readBatches(set, rows, batchSize)) yield pixels
}

/** Every row of a set, in order. */
export function allRows(set: PatchSet): Uint32Array {
  return Uint32Array.from({ length: set.count }, (_, row) => row)
}
