// What is known of patches beside their pixels, as the first columns of every table that lists them.

import type { PatchSet } from '../patches/index.ts'

/** Columns of one value a patch; null where the data does not say. */
export type PatchColumns = {
  readonly id: readonly (string | null)[]
  readonly center: readonly (string | null)[]
  readonly slide: readonly (string | null)[]
  readonly patient: readonly (string | null)[]
  readonly label: readonly (number | null)[]
}

/** The columns of `rows` of a set, in that order. */
export function listPatches(
  { ids, centers, slides, patients, labels }: PatchSet,
  rows: ArrayLike<number>,
): PatchColumns {
  const pick = <T>(values: ArrayLike<T> | null) => Array.from(rows, (row) => values?.[row] ?? null)
  return {
    id: pick(ids),
    center: pick(centers),
    slide: pick(slides),
    patient: pick(patients),
    label: pick(labels),
  }
}
