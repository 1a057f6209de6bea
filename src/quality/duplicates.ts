// Exact duplicates: patches with the same bytes. Which one stays follows from the ids alone, never from
// the order of rows, which may give the labels away.

import { createHash } from 'node:crypto'

/** Remembers what was seen; memory is one hash and one list entry a patch, whatever its size. */
export interface DuplicateFinder {
  /** Notes the bytes of the patch in `row`. */
  add(row: number, bytes: Uint8Array): void
  /** Row of each duplicate, with the row of the patch that stays in its place, ascending. */
  find(): readonly { readonly row: number; readonly keptRow: number }[]
}

/** Opens a finder for patches with these ids. */
export function openDuplicateFinder(ids: readonly string[]): DuplicateFinder {
  const rowsByHash = new Map<string, number[]>()
  return {
    add(row, bytes) {
      const hash = createHash('sha256').update(bytes).digest('base64')
      const rows = rowsByHash.get(hash)
      if (rows) rows.push(row)
      else rowsByHash.set(hash, [row])
    },
    find() {
      const found: { row: number; keptRow: number }[] = []
      for (const rows of rowsByHash.values()) {
        if (rows.length === 1) continue
        const keptRow = rows.reduce((best, row) => (compareIds(ids[row], ids[best]) < 0 ? row : best))
        for (const row of rows) if (row !== keptRow) found.push({ row, keptRow })
      }
      return found.sort((a, b) => a.row - b.row)
    },
  }
}

/** Orders ids as people do: runs of digits by their value ('9' before '10'), all else by code unit. */
export function compareIds(a: string, b: string): number {
  const partsOfA = a.match(/\d+|\D+/g) ?? []
  const partsOfB = b.match(/\d+|\D+/g) ?? []
  for (let i = 0; i < Math.min(partsOfA.length, partsOfB.length); i++) {
    const difference = compareParts(partsOfA[i], partsOfB[i])
    if (difference) return difference
  }
  return partsOfA.length - partsOfB.length || compareText(a, b)
}

function compareParts(a: string, b: string): number {
  const digits = /^\d/
  if (!digits.test(a) || !digits.test(b)) return compareText(a, b)
  const valueOfA = a.replace(/^0+/, '')
  const valueOfB = b.replace(/^0+/, '')
  return valueOfA.length - valueOfB.length || compareText(valueOfA, valueOfB)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
