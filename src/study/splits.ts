// Opens the patch sets a recipe names and makes sure that a study on them is honest: the test center is
// unseen, labels are there where they are needed, and no split is empty.

import { DataError, openRandom, RecipeError } from '../base/index.ts'
import { hashBytes } from '../formats/index.ts'
import { allRows, type OpenedPatchSet, openPatchSet, type PatchSet, selectPatches } from '../patches/index.ts'
import type { Split } from '../runs/record.ts'
import { fingerprintOf } from './fingerprints.ts'
import type { Recipe, SplitRecipe } from './recipe.ts'

/** A split ready to be read: its patches and the hash of which they are. */
export interface OpenSplit {
  readonly split: Split
  readonly set: PatchSet
  /** Fingerprint of the content together with the selection made from it. */
  readonly key: string
}
export type OpenSplits = Readonly<Partial<Record<Split, OpenSplit>>> & {
  readonly train: OpenSplit
  readonly val: OpenSplit
}

/** Opens all splits of a recipe. Throws DataError or RecipeError where a study on them would not be honest. */
export async function openSplits(recipe: Recipe, cacheRoot: string): Promise<OpenSplits> {
  const open = (split: Split, spec: SplitRecipe) => openSplit(split, spec, recipe.seed, cacheRoot)
  const { train, val, test } = recipe.data
  const splits = {
    train: await open('train', train),
    val: await open('val', val),
    ...(test && { test: await open('test', test) }),
  }
  checkSplits(splits)
  checkAugmentation(recipe, splits.train)
  return splits
}

/** Closes every patch set; splits of one file share none. */
export async function closeSplits(splits: OpenSplits): Promise<void> {
  for (const { set } of Object.values(splits)) await set.close()
}

async function openSplit(
  split: Split,
  spec: SplitRecipe,
  seed: number,
  cacheRoot: string,
): Promise<OpenSplit> {
  const whole = await openPatchSet(spec.path, spec)
  const named =
    spec.center === undefined ? whole : { ...whole, centers: new Array(whole.count).fill(spec.center) }
  const rows = chooseRows(split, named, spec, seed)
  const set = rows === null ? named : selectPatches(named, rows)
  if (set.count === 0) {
    throw new DataError({ where: `${split} (${spec.path})`, expected: 'at least one patch', got: 'none' })
  }
  const content = await fingerprintOf(whole, cacheRoot)
  const key = hashBytes(JSON.stringify([content, spec.center ?? null, rows && Array.from(rows)]))
  return { split, set, key }
}

function chooseRows(split: Split, set: PatchSet, spec: SplitRecipe, seed: number): Uint32Array | null {
  if (!spec.centers && (spec.limit === undefined || spec.limit >= set.count)) return null
  let rows = allRows(set)
  if (spec.centers) {
    if (!set.centers) {
      throw new RecipeError({
        where: `data.${split}.centers`,
        got: `${spec.path} does not say the center of its patches`,
        hint: 'leave centers out',
      })
    }
    const known = new Set(set.centers)
    for (const center of spec.centers) {
      if (!known.has(center)) {
        throw new RecipeError({
          where: `data.${split}.centers`,
          expected: `some of ${[...known].sort().join(', ')}`,
          got: center,
        })
      }
    }
    rows = rows.filter((row) => spec.centers!.includes(set.centers![row]))
  }
  if (spec.limit !== undefined && spec.limit < rows.length) {
    const order = openRandom(seed, 'limit', split).permutation(rows.length)
    rows = order
      .subarray(0, spec.limit)
      .map((i) => rows[i])
      .sort()
  }
  return rows
}

function checkSplits(splits: OpenSplits): void {
  const { train, val, test } = splits
  for (const { split, set } of [train, val]) {
    if (!set.labels) {
      const { layout } = set as Partial<OpenedPatchSet>
      const hint = layout && `it was read as '${layout}': say otherwise with folders, columns or labelNames`
      throw new DataError({ where: `${split} (${set.source})`, expected: 'labels', got: 'none', hint })
    }
  }
  for (const { split, set } of Object.values(splits)) {
    if (set.height !== train.set.height || set.width !== train.set.width) {
      throw new DataError({
        where: `${split} (${set.source})`,
        expected: `patches of ${train.set.height}x${train.set.width} as in train`,
        got: `${set.height}x${set.width}`,
      })
    }
  }
  if (test) {
    rejectSharedCenters(train, test)
    rejectSharedCenters(val, test)
  }
}

function checkAugmentation({ augment }: Recipe, { set }: OpenSplit): void {
  const centers = new Set(set.centers ?? [])
  if (centers.size > 1 || !augment.some(({ stain }) => stain.name === 'restain')) return
  throw new RecipeError({
    where: 'augment restain',
    expected: 'two training centers, to restain one like the other',
    got: [...centers].join(', ') || 'centers that are not known',
    hint: 'use concentration or hed instead',
  })
}

function rejectSharedCenters(seen: OpenSplit, test: OpenSplit): void {
  const centers = new Set(seen.set.centers ?? [])
  const shared = [...new Set(test.set.centers ?? [])].filter((center) => centers.has(center)).sort()
  if (seen.key === test.key || shared.length > 0) {
    throw new RecipeError({
      where: 'data',
      expected: `a test center that ${seen.split} does not hold`,
      got: shared.length > 0 ? `center ${shared.join(', ')} in both` : `${test.set.source} as both`,
      hint: 'use centers: [...] to tell them apart',
    })
  }
}

/** Throws DataError where `labels` of the kept rows hold a single class. */
export function requireBothClasses(split: Split, labels: Uint8Array): void {
  const positives = labels.reduce((sum, label) => sum + label, 0)
  if (positives === 0 || positives === labels.length) {
    throw new DataError({
      where: split,
      expected: 'tumour and normal patches',
      got: `${labels.length} patches, all ${positives === 0 ? 'normal' : 'tumour'}`,
    })
  }
}
