// The patches of one split in two runs, paired by their ids; what is not the same in both is refused.

import { DataError } from '../base/index.ts'
import type { RunPredictions } from '../runs/index.ts'

/** The patches of a split that both runs hold, all of them labelled. */
export interface Paired {
  readonly split: 'val' | 'test'
  /** Rows of each patch in the first run's predictions and in the other's. */
  readonly rows: readonly number[]
  readonly otherRows: readonly number[]
  readonly labels: Uint8Array
  /** null where neither names any. */
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly patients: readonly string[] | null
}

/**
 * Pairs the patches of `split`; null where labels are withheld in both. Throws DataError, which says how many, where one run
 * has patches that the other has not, or where both know something else of a patch.
 */
export function pairPatches(
  split: 'val' | 'test',
  first: RunPredictions,
  other: RunPredictions,
): Paired | null {
  const own = rowsById(first, split)
  const its = rowsById(other, split)
  const missing = [...own.keys()].filter((id) => !its.has(id)).length
  const added = [...its.keys()].filter((id) => !own.has(id)).length
  if (missing + added > 0) {
    throw new DataError({
      where: `${other.where} split ${split}`,
      expected: `the ${own.size} patches of ${first.where}`,
      got: `${its.size}: ${missing} of those are missing, ${added} are others`,
      hint: 'runs are compared on the same patches: the same file, limit and quality filter',
    })
  }
  const rows = [...own.values()]
  const otherRows = [...own.keys()].map((id) => its.get(id)!)
  const agree = <Value>(what: 'labels' | 'centers' | 'slides' | 'patients'): (Value | null)[] => {
    const [ours, theirs] = [first[what], other[what]] as unknown as (readonly (Value | null)[])[]
    const differing = rows.filter((row, i) => {
      const [a, b] = [ours[row], theirs[otherRows[i]]]
      return a !== null && b !== null && a !== b
    })
    if (differing.length > 0) refuse(what, differing.length, rows.length, split, first, other)
    return rows.map((row, i) => ours[row] ?? theirs[otherRows[i]])
  }
  const labels = agree<0 | 1>('labels')
  const unlabelled = labels.filter((label) => label === null).length
  if (unlabelled === rows.length) return null
  if (unlabelled > 0) {
    const got = `none of ${unlabelled} of ${rows.length} patches`
    throw new DataError({ where: `${first.where} split ${split}`, expected: 'labels', got })
  }
  return {
    split,
    rows,
    otherRows,
    labels: Uint8Array.from(labels as (0 | 1)[]),
    centers: nameAll(agree<string>('centers')),
    slides: nameAll(agree<string>('slides')),
    patients: nameAll(agree<string>('patients')),
  }
}

function rowsById({ where, splits, ids }: RunPredictions, split: string): Map<string, number> {
  const rows = new Map<string, number>()
  ids.forEach((id, row) => {
    if (splits[row] !== split) return
    if (rows.has(id))
      throw new DataError({ where: `${where} split ${split}`, expected: 'each id once', got: `${id} twice` })
    rows.set(id, row)
  })
  return rows
}

function refuse(
  what: string,
  differing: number,
  of: number,
  split: string,
  first: RunPredictions,
  other: RunPredictions,
): never {
  throw new DataError({
    where: `${other.where} split ${split}`,
    expected: `the ${what} of ${first.where}`,
    got: `others for ${differing} of ${of} patches`,
    hint: 'are these the same patches?',
  })
}

function nameAll(names: readonly (string | null)[]): string[] | null {
  return names.every((name) => name === null) ? null : names.map((name) => name ?? '')
}
