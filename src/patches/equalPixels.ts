// Patches with the same pixels, and those among them whose labels contradict each other: no rule can say which is right.

import { lookup3Wide } from '../base/index.ts'
import type { PatchSet } from './patchSet.ts'

/** Remembers what was seen; memory is one hash and one list entry a patch, whatever its size. */
export interface EqualPixelsFinder {
  /** Notes the pixels of the patch in `row`; their hash. */
  add(row: number, pixels: Uint8Array): bigint
  /** The rows of each two or more patches with the same pixels, in the order they were added. */
  find(): readonly (readonly number[])[]
}

/** Opens a finder of patches with the same pixels, told by a hash of 64 bits. */
export function openEqualPixelsFinder(): EqualPixelsFinder {
  const rowsByHash = new Map<bigint, number[]>()
  return {
    add(row, pixels) {
      const hash = lookup3Wide(pixels)
      const rows = rowsByHash.get(hash)
      if (rows) rows.push(row)
      else rowsByHash.set(hash, [row])
      return hash
    },
    find: () => [...rowsByHash.values()].filter((rows) => rows.length > 1),
  }
}

/** Whether `rows`, patches with the same pixels, are called both tumour and normal. Never where labels are not known. */
export function areContradicting({ labels }: Pick<PatchSet, 'labels'>, rows: readonly number[]): boolean {
  return labels !== null && rows.some((row) => labels[row] !== labels[rows[0]])
}
