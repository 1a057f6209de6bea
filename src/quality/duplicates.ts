// Exact duplicates: patches with the same pixels. Which one stays follows from what is known of them, never from the order
// of rows or, as far as it could matter, from ids: both may give labels away.

import { compareIds, lookup3Wide } from '../base/index.ts'
import { compareContent, type PatchSet } from '../patches/browser.ts'

/** Remembers what was seen; memory is one hash and one list entry a patch, whatever its size. */
export interface DuplicateFinder {
  /** Notes the pixels of the patch in `row`. */
  add(row: number, pixels: Uint8Array): void
  /** Row of each duplicate, with the row of the patch that stays in its place, ascending. */
  find(): readonly { readonly row: number; readonly keptRow: number }[]
}

/**
 * Opens a finder for the patches of a set. Of several, the one with the smallest center, slide and label by name stays;
 * of those that are alike in these too, the one with the smallest id.
 */
export function openDuplicateFinder(
  set: Pick<PatchSet, 'ids' | 'centers' | 'slides' | 'labels'>,
): DuplicateFinder {
  const rowsByHash = new Map<bigint, number[]>()
  const compareKnown = compareContent(set)
  const compare = (a: number, b: number) => compareKnown(a, b) || compareIds(set.ids[a], set.ids[b])
  return {
    add(row, pixels) {
      const hash = lookup3Wide(pixels)
      const rows = rowsByHash.get(hash)
      if (rows) rows.push(row)
      else rowsByHash.set(hash, [row])
    },
    find() {
      const found: { row: number; keptRow: number }[] = []
      for (const rows of rowsByHash.values()) {
        if (rows.length === 1) continue
        const keptRow = rows.reduce((best, row) => (compare(row, best) < 0 ? row : best))
        for (const row of rows) if (row !== keptRow) found.push({ row, keptRow })
      }
      return found.sort((a, b) => a.row - b.row)
    },
  }
}
