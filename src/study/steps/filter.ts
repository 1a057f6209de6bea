// Step 1: the quality filter on every split. Rejected train and val patches are left out; rejected test
// patches are reported but kept, since a submission needs a call for each of them.

import { join } from 'node:path'
import { DataError, type Progress } from '../../base/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import { allRows } from '../../patches/index.ts'
import { filterPatches, qualityVersion, type Rejection } from '../../quality/index.ts'
import type { Recipe } from '../../recipe/index.ts'
import { readJson, type Split } from '../../runs/index.ts'
import type { Cache, CacheInputs } from '../../tasks/index.ts'
import { requireBothClasses } from '../bothClasses.ts'
import type { OpenSplit } from '../splits.ts'

export interface FilteredSplit extends OpenSplit {
  /** Rows of `set` that go on, ascending. */
  readonly rows: Uint32Array
  /** The same rows, in the order that their content gives. */
  readonly ordered: Uint32Array
  readonly rejections: readonly Rejection[]
  /** Hash of content, selection and filter. */
  readonly filterKey: CacheInputs
}

/** The rows that passed the filter, of any split, in the order that their content gives: what stains are fitted on. */
export function passedRows({
  ordered,
  rejections,
}: Pick<FilteredSplit, 'ordered' | 'rejections'>): Uint32Array {
  const rejected = new Set(rejections.map(({ row }) => row))
  return ordered.filter((row) => !rejected.has(row))
}

/** The filtered splits of a study. */
export type Filtered = Readonly<Partial<Record<Split, FilteredSplit>>> & {
  readonly train: FilteredSplit
  readonly val: FilteredSplit
}

/** What the filter's result on a split is made from. */
export function filterInputs(recipe: Recipe, split: OpenSplit): CacheInputs {
  return { stage: 'quality', version: qualityVersion, patches: split.key, options: recipe.quality }
}

/** Runs the filter on a split and writes which patches it rejects into `folder`. */
export async function makeFilter(
  { set }: OpenSplit,
  options: NonNullable<Recipe['quality']>,
  folder: string,
  progress: Progress,
): Promise<void> {
  const { rejections } = await filterPatches(set, options, progress)
  await writeFileAtomic(join(folder, 'rejections.json'), `${JSON.stringify(rejections)}\n`)
}

/**
 * Reads which patches of a split go on. Throws DataError where nothing is left, or one class of a split that needs both.
 */
export async function readFilter(cache: Cache, recipe: Recipe, split: OpenSplit): Promise<FilteredSplit> {
  const { set, order } = split
  const filterKey = filterInputs(recipe, split)
  if (recipe.quality === null)
    return { ...split, rows: allRows(set), ordered: order, rejections: [], filterKey }
  const { folder } = await cache.find(filterKey)
  const rejections = await readJson<Rejection[]>(join(folder, 'rejections.json'))
  const rejected = new Set(rejections.map((rejection) => rejection.row))
  const goesOn = (row: number) => split.split === 'test' || !rejected.has(row)
  const rows = allRows(set).filter(goesOn)
  if (rows.length === 0) {
    throw new DataError({
      where: `${split.split} (${set.source})`,
      expected: 'patches that pass the quality filter',
      got: `all ${set.count} rejected, the first by rule '${rejections[0]?.rule}'`,
      hint: 'loosen the rules under quality, or set quality: none',
    })
  }
  if (split.split !== 'test')
    requireBothClasses(
      split.split,
      Uint8Array.from(rows, (row) => set.labels![row]),
    )
  return { ...split, rows, ordered: order.filter(goesOn), rejections, filterKey }
}
