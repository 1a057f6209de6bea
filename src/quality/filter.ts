// The quality filter: reads a patch set once, in batches, and says for each patch whether it stays and why not.

import { clipText, type Progress, pixelsAt, silent } from '../base/index.ts'
import { openEqualPixelsFinder, type PatchSet } from '../patches/browser.ts'
import { sortEqualPatches } from './duplicates.ts'
import { type QualityOptions, qualityDefaults } from './options.ts'
import { judgePatch } from './rules.ts'
import type { QualityResult, Rejection } from './verdict.ts'

/** Raised when the filter's outcome for the same patches and options changes: part of the cache key. */
export const qualityVersion = 3

const batchSize = 256
const namedAtMost = 5

/**
 * Judges every patch of `set`; nothing is dropped silently: each patch is either kept or listed.
 * The rules' order is black, constant, white, contradiction, duplicate; patches with the same pixels are looked for
 * among what the others left. The value of a duplicate is the row of the patch that stays, that of a contradiction
 * the row of one with the other label. The outcome for a patch does not depend on the order of rows, nor on ids but
 * between duplicates that are alike in center, slide and label. Throws DataError where a patch cannot be read.
 */
export async function filterPatches(
  set: PatchSet,
  options: Partial<QualityOptions> = {},
  progress: Progress = silent,
): Promise<QualityResult> {
  const rules = { ...qualityDefaults, ...options }
  const equal = openEqualPixelsFinder()
  const rejections: Rejection[] = []
  const reject = (row: number, rule: string, value: number) =>
    rejections.push({ row, id: set.ids[row], rule, value })

  for (let start = 0; start < set.count; start += batchSize) {
    const rows = Uint32Array.from({ length: Math.min(batchSize, set.count - start) }, (_, i) => start + i)
    const batch = await set.read(rows)
    for (const [index, row] of rows.entries()) {
      const patch = pixelsAt(batch, index)
      const hit = judgePatch(patch, rules)
      if (hit) reject(row, hit.rule, hit.value)
      else if (rules.contradiction || rules.duplicate) equal.add(row, patch.data)
    }
    progress(start + rows.length, set.count)
  }
  const { contradictions, duplicates } = sortEqualPatches(set, equal.find(), rules.contradiction !== null)
  for (const { row, otherRow } of contradictions) reject(row, 'contradiction', otherRow)
  if (rules.duplicate) for (const { row, otherRow } of duplicates) reject(row, 'duplicate', otherRow)

  rejections.sort((a, b) => a.row - b.row)
  return { kept: keptRows(set.count, rejections), rejections }
}

/** How many patches each rule rejected; rules that rejected none are listed with 0. */
export function countByRule(result: QualityResult): Record<string, number> {
  const counts: Record<string, number> = { black: 0, constant: 0, white: 0, contradiction: 0, duplicate: 0 }
  for (const { rule } of result.rejections) counts[rule] = (counts[rule] ?? 0) + 1
  return counts
}

/** A sentence on the patches of contradicting labels among `rejections`, naming the first; none where there are none. */
export function describeContradictions(rejections: readonly Rejection[]): string[] {
  const ids = rejections.filter(({ rule }) => rule === 'contradiction').map(({ id }) => id)
  if (ids.length === 0) return []
  const more = ids.length > namedAtMost ? ', ...' : ''
  const named = clipText(ids.slice(0, namedAtMost).join(', '))
  return [
    `contradicting labels: ${ids.length} patches have the pixels of one with the other label (${named}${more}).`,
  ]
}

function keptRows(count: number, rejections: readonly Rejection[]): Uint32Array {
  const rejected = new Set(rejections.map(({ row }) => row))
  return Uint32Array.from({ length: count }, (_, row) => row).filter((row) => !rejected.has(row))
}
