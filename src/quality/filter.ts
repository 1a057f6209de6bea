// The quality filter: reads a patch set once, in batches, and says for each patch whether it stays and why not.

import { type Progress, pixelsAt, silent } from '../base/index.ts'
import type { PatchSet } from '../patches/patchSet.ts'
import { openDuplicateFinder } from './duplicates.ts'
import { type QualityOptions, qualityDefaults } from './options.ts'
import { judgePatch } from './rules.ts'
import type { QualityResult, Rejection } from './verdict.ts'

/** Raised when the filter's outcome for the same patches and options changes: part of the cache key. */
export const qualityVersion = 2

const batchSize = 256

/**
 * Judges every patch of `set`; nothing is dropped silently: each patch is either kept or listed.
 * The rules' order is black, constant, white, duplicate; duplicates are looked for among what the others
 * left, and their value is the row of the patch that stays. The outcome for a patch does not depend on
 * the order of rows, nor on ids but between duplicates that are alike in center, slide and label. Throws DataError where a patch cannot be read.
 */
export async function filterPatches(
  set: PatchSet,
  options: Partial<QualityOptions> = {},
  progress: Progress = silent,
): Promise<QualityResult> {
  const rules = { ...qualityDefaults, ...options }
  const duplicates = openDuplicateFinder(set)
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
      else if (rules.duplicate) duplicates.add(row, patch.data)
    }
    progress(start + rows.length, set.count)
  }
  for (const { row, keptRow } of duplicates.find()) reject(row, 'duplicate', keptRow)

  rejections.sort((a, b) => a.row - b.row)
  return { kept: keptRows(set.count, rejections), rejections }
}

/** How many patches each rule rejected; rules that rejected none are listed with 0. */
export function countByRule(result: QualityResult): Record<string, number> {
  const counts: Record<string, number> = { black: 0, constant: 0, white: 0, duplicate: 0 }
  for (const { rule } of result.rejections) counts[rule] = (counts[rule] ?? 0) + 1
  return counts
}

function keptRows(count: number, rejections: readonly Rejection[]): Uint32Array {
  const rejected = new Set(rejections.map(({ row }) => row))
  return Uint32Array.from({ length: count }, (_, row) => row).filter((row) => !rejected.has(row))
}
