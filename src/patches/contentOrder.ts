// The order that content gives to patches. Samples are drawn from it and sums run along it, so that neither ids nor the
// order in which patches lie in a file decides anything.

import { compareRows } from '../base/index.ts'
import type { PatchSet } from './patchSet.ts'

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
  const order = Uint32Array.from(rows, (_, place) => place)
  // Numbers are compared faster than 64 bits; of those that share their first 53 the rest decides.
  const firsts = Float64Array.from(hashes, (hash) => Number(hash >> 11n))
  order.sort((a, b) => {
    if (firsts[a] !== firsts[b]) return firsts[a] - firsts[b]
    return hashes[a] === hashes[b] ? compare(rows[a], rows[b]) : hashes[a] < hashes[b] ? -1 : 1
  })
  return order.map((place) => rows[place])
}

/** Compares two rows of the same pixels by what else is known of them: center, slide, label. */
export function compareContent({
  centers,
  slides,
  labels,
}: Pick<PatchSet, 'centers' | 'slides' | 'labels'>): (a: number, b: number) => number {
  return (a, b) =>
    compareRows(centers, a, b) || compareRows(slides, a, b) || (labels ? labels[a] - labels[b] : 0)
}
