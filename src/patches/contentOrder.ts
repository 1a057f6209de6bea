// The order that content gives to patches. Samples are drawn from it and sums run along it, so that neither ids nor the
// order in which patches lie in a file decides anything.

import { type Progress, pixelsAt, silent } from '../base/index.ts'
import { hash64 } from '../files/index.ts'
import { readBatches } from './batches.ts'
import type { PatchSet } from './patchSet.ts'

const batchRows = 64

/** The hash of each of `rows`: 64 bits of the sha256 of its pixels. Reads them once, a batch at a time. */
export async function hashPatches(
  set: PatchSet,
  rows: ArrayLike<number>,
  progress: Progress = silent,
): Promise<BigUint64Array> {
  const hashes = new BigUint64Array(rows.length)
  let done = 0
  for await (const { pixels } of readBatches(set, rows, batchRows)) {
    for (let i = 0; i < pixels.count; i++) hashes[done + i] = hash64(pixelsAt(pixels, i).data)
    done += pixels.count
    progress(done, rows.length)
  }
  return hashes
}

/**
 * `rows` by their hashes (one a row of `rows`), then center, slide and label: rows that still tie are alike in everything
 * but their ids.
 */
export function orderByContent(
  set: Pick<PatchSet, 'centers' | 'slides' | 'labels'>,
  rows: ArrayLike<number>,
  hashes: BigUint64Array,
): Uint32Array {
  const compare = compareContent(set)
  const order = Uint32Array.from(rows, (_, place) => place).sort((a, b) =>
    hashes[a] === hashes[b] ? compare(rows[a], rows[b]) : hashes[a] < hashes[b] ? -1 : 1,
  )
  return order.map((place) => rows[place])
}

/** Compares two rows of the same pixels by what else is known of them: center, slide, label. */
export function compareContent({
  centers,
  slides,
  labels,
}: Pick<PatchSet, 'centers' | 'slides' | 'labels'>): (a: number, b: number) => number {
  const compareText = (texts: readonly string[] | null, a: number, b: number) =>
    !texts || texts[a] === texts[b] ? 0 : texts[a] < texts[b] ? -1 : 1
  return (a, b) =>
    compareText(centers, a, b) || compareText(slides, a, b) || (labels ? labels[a] - labels[b] : 0)
}

/** `rows` in the order that their content gives; reads them once. */
export async function orderPatches(
  set: PatchSet,
  rows: Uint32Array,
  progress: Progress = silent,
): Promise<Uint32Array> {
  return orderByContent(set, rows, await hashPatches(set, rows, progress))
}
