// Exact duplicates: patches with the same pixels. Which one stays follows from what is known of them, never from the order
// of rows or, as far as it could matter, from ids: both may give labels away. Where their labels contradict each other none
// stays, since to keep one would be to choose its label.

import { compareIds } from '../base/index.ts'
import { areContradicting, compareContent, type PatchSet } from '../patches/browser.ts'

/** A patch with the pixels of another, and the row of that other. */
export interface EqualPatch {
  readonly row: number
  readonly otherRow: number
}

/** What patches with the same pixels come to. */
export interface EqualPatches {
  /** All but one of those whose labels agree, with the one that stays. */
  readonly duplicates: readonly EqualPatch[]
  /** All of those whose labels contradict each other, with the first that has the other label. */
  readonly contradictions: readonly EqualPatch[]
}

/**
 * Sorts `groups` of rows with the same pixels. Of several, the one with the smallest center, slide and label by name comes
 * first; of those that are alike in these too, the one with the smallest id. Without `tellsContradictions` all of them are
 * duplicates, whatever their labels.
 */
export function sortEqualPatches(
  set: Pick<PatchSet, 'ids' | 'centers' | 'slides' | 'labels'>,
  groups: readonly (readonly number[])[],
  tellsContradictions = true,
): EqualPatches {
  const compareKnown = compareContent(set)
  const compare = (a: number, b: number) => compareKnown(a, b) || compareIds(set.ids[a], set.ids[b])
  const duplicates: EqualPatch[] = []
  const contradictions: EqualPatch[] = []
  for (const group of groups) {
    const rows = [...group].sort(compare)
    if (tellsContradictions && areContradicting(set, rows)) {
      const labels = set.labels!
      for (const row of rows) {
        contradictions.push({ row, otherRow: rows.find((other) => labels[other] !== labels[row])! })
      }
    } else {
      for (const row of rows.slice(1)) duplicates.push({ row, otherRow: rows[0] })
    }
  }
  return { duplicates, contradictions }
}
