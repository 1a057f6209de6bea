// Opens the patch sets a recipe names and makes sure that a study on them is honest: the test center is
// unseen, labels are there where they are needed, and no split is empty.

import {
  clipText,
  compareNames,
  DataError,
  openRandom,
  type Progress,
  type Random,
  RecipeError,
  silent,
} from '../base/index.ts'
import { hashBytes } from '../files/index.ts'
import { hashWords } from '../guards/index.ts'
import {
  allRows,
  type OpenedPatchSet,
  openPatchSet,
  orderByContent,
  type PatchSet,
  selectPatches,
} from '../patches/index.ts'
import type { Recipe, SplitRecipe } from '../recipe/index.ts'
import type { Split } from '../runs/record.ts'
import type { Cache, CacheEntry } from '../tasks/index.ts'
import { obtainHashes } from './contentHashes.ts'
import { fingerprintOf } from './fingerprints.ts'
import type { StudyObserver } from './study.ts'

/** A split ready to be read: its patches and the hash of which they are. */
export interface OpenSplit {
  readonly split: Split
  readonly set: PatchSet
  /** Hash of its patches as methods see them: pixels, ids, centers and slides, in the order of rows, but no labels. */
  readonly key: string
  /** Hash of the labels of its rows, or of those of these centers, found once; null where it has none. */
  labelsKey(centers?: readonly string[]): string | null
  /** Hash of the patients of its rows, found when it is first asked for; null where they are not known. */
  readonly patientsKey: string | null
  /** Fingerprint of what the split was selected from. */
  readonly content: string
  /** Whether the recipe tells the center of its patches, which its file does not. */
  readonly isCenterTold: boolean
  /** 64 bits of a hash of the pixels of each row of `set`. */
  readonly hashes: BigUint64Array
  /** Perceptual hash of each row of `set`, eight words; 0 where it has too little detail for one. */
  readonly looks: Int32Array
  /** All rows of `set`, in the order that their content gives; found when it is first asked for. */
  readonly order: Uint32Array
  /** Where the hashes are kept. */
  readonly hashed: CacheEntry
}
export type OpenSplits = Readonly<Partial<Record<Split, OpenSplit>>> & {
  readonly train: OpenSplit
  readonly val: OpenSplit
}

/** Who is told of a split's hashing. */
export interface SplitObserver {
  readonly progress: Progress
  done?(split: OpenSplit): void
}

/** Tells the observer of a study of each split's hashing, as a step. */
export function observeHashing(observer: StudyObserver): (split: Split) => SplitObserver {
  return (split) => {
    const step = observer.step('patches', split)
    return { progress: step.progress, done: ({ hashed }) => step.end(hashed.cached) }
  }
}

/**
 * Opens all splits of a recipe and hashes their patches. Throws DataError or RecipeError where a
 * study on them would not be honest.
 */
export async function openSplits(
  recipe: Recipe,
  cache: Cache,
  observe: (split: Split) => SplitObserver = () => ({ progress: silent }),
): Promise<OpenSplits> {
  const { train, val, test } = recipe.data
  const named: NamedSplit[] = []
  try {
    for (const [split, spec] of Object.entries({ train, val, test })) {
      if (spec) named.push(await openNamed(split as Split, spec))
    }
    checkSplits(named)
    checkAugmentation(recipe, named[0])
    const open: Partial<Record<Split, OpenSplit>> = {}
    for (const split of named) {
      const observer = observe(split.split)
      const hashed = await hashSplit(split, recipe.seed, cache, observer.progress)
      observer.done?.(hashed)
      open[split.split] = hashed
    }
    return open as OpenSplits
  } catch (cause) {
    await closeSplits(named)
    throw cause
  }
}

/** Closes every patch set; splits of one file share none. */
export async function closeSplits(splits: object): Promise<void> {
  for (const { set } of Object.values(splits) as OpenSplit[]) await set.close()
}

/** A split as its recipe names it; of its pixels nothing is known yet. */
interface NamedSplit {
  readonly split: Split
  readonly spec: SplitRecipe
  /** As it was opened. */
  readonly whole: PatchSet
  /** Those of `whole` that are of the recipe's centers; null for all. */
  readonly rows: Uint32Array | null
  /** These rows, of the center that the recipe tells where the file does not. */
  readonly set: PatchSet
}

/**
 * Opens the patches that a recipe names for a split, before its `limit` is drawn; nothing is hashed. Throws as `openSplits`
 * does.
 */
export async function openSplitPatches(split: Split, spec: SplitRecipe): Promise<PatchSet> {
  return (await openNamed(split, spec)).set
}

async function openNamed(split: Split, spec: SplitRecipe): Promise<NamedSplit> {
  const { center } = spec
  const whole = await openPatchSet(spec.path, spec)
  try {
    const isTold = center !== undefined && whole.centers === null
    const told = isTold ? { ...whole, centers: new Array(whole.count).fill(center) } : whole
    const rows = spec.centers ? rowsOfCenters(split, told, spec.centers) : null
    const set = rows === null ? told : selectPatches(told, rows)
    if (set.count === 0) {
      throw new DataError({ where: `${split} (${spec.path})`, expected: 'at least one patch', got: 'none' })
    }
    if (center !== undefined) refuseOtherCenters(split, center, set, whole.layout)
    return { split, spec, whole, rows, set }
  } catch (cause) {
    await whole.close()
    throw cause
  }
}

// A recipe tells the center where the file does not, and never overrules it: a training hospital would pass as unseen.
function refuseOtherCenters(split: Split, center: string, set: PatchSet, layout: string | undefined): void {
  const said = [...new Set(set.centers)].sort(compareNames)
  if (said.every((name) => name === center)) return
  const choose = 'leave center out, and choose among them with centers: [...]'
  throw new RecipeError({
    where: `data.${split}.center`,
    expected: `what ${set.source} says itself (${clipText(said.join(', '))})`,
    got: center,
    hint: layout ? `${choose}; it was read as '${layout}': say otherwise with folders or columns` : choose,
  })
}

function rowsOfCenters(split: Split, set: PatchSet, centers: readonly string[]): Uint32Array {
  const where = `data.${split}.centers`
  if (!set.centers) {
    const got = `${set.source} does not say the center of its patches`
    throw new RecipeError({ where, got, hint: 'leave centers out' })
  }
  const known = new Set(set.centers)
  for (const center of centers) {
    if (known.has(center)) continue
    throw new RecipeError({ where, expected: `some of ${[...known].sort().join(', ')}`, got: center })
  }
  return allRows(set).filter((row) => centers.includes(set.centers![row]))
}

async function hashSplit(
  { split, spec, whole, rows, set: named }: NamedSplit,
  seed: number,
  cache: Cache,
  progress: Progress,
): Promise<OpenSplit> {
  const content = await fingerprintOf(whole, cache.root)
  const { hashes: all, looks, entry } = await obtainHashes(cache, whole, rows, content, progress)
  const limited =
    spec.limit === undefined || spec.limit >= named.count
      ? null
      : drawRows(orderByContent(named, allRows(named), all), spec.limit, openRandom(seed, 'limit', split))
  const set = limited ? selectPatches(named, limited) : named
  const hashes = limited ? BigUint64Array.from(limited, (row) => all[row]) : all
  const { height, width, ids, centers, slides, labels } = set
  const pixels = hashBytes(new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength))
  let order: Uint32Array | undefined
  let patientsKey: string | null = null
  const labelsKeys = new Map<string, string>()
  return {
    split,
    set,
    key: hashBytes(JSON.stringify([pixels, height, width, ids, centers, slides])),
    labelsKey(chosen) {
      if (!labels) return null
      const name = JSON.stringify(chosen ?? null)
      const isChosen = (_: number, row: number) => !chosen || chosen.includes(centers?.[row] ?? '')
      const key = labelsKeys.get(name) ?? hashBytes(Uint8Array.from(labels).filter(isChosen))
      labelsKeys.set(name, key) // every head of a study asks for it
      return key
    },
    get patientsKey() {
      patientsKey ??= set.patients && hashBytes(JSON.stringify(set.patients))
      return patientsKey
    },
    content,
    isCenterTold: named.centers !== null && whole.centers === null,
    hashes,
    looks: limited ? pickLooks(looks, limited) : looks,
    get order() {
      order ??= orderByContent(set, allRows(set), hashes)
      return order
    },
    hashed: entry,
  }
}

function pickLooks(looks: Int32Array, rows: Uint32Array): Int32Array {
  const picked = new Int32Array(rows.length * hashWords)
  rows.forEach((row, i) => {
    picked.set(looks.subarray(row * hashWords, (row + 1) * hashWords), i * hashWords)
  })
  return picked
}

// A seeded sample of rows in the order of their content, ascending.
function drawRows(order: Uint32Array, limit: number, random: Random): Uint32Array {
  return random
    .permutation(order.length)
    .subarray(0, limit)
    .map((place) => order[place])
    .sort()
}

function checkSplits(splits: readonly NamedSplit[]): void {
  const [train] = splits
  const test = splits.find(({ split }) => split === 'test')
  for (const { split, set } of splits) {
    if (!set.labels && split !== 'test') {
      const { layout, doubt } = set as Partial<OpenedPatchSet>
      const hint =
        doubt ?? (layout && `it was read as '${layout}': say otherwise with folders, columns or labelNames`)
      throw new DataError({ where: `${split} (${set.source})`, expected: 'labels', got: 'none', hint })
    }
  }
  for (const { split, set } of splits) {
    if (set.height !== train.set.height || set.width !== train.set.width) {
      throw new DataError({
        where: `${split} (${set.source})`,
        expected: `patches of ${train.set.height}x${train.set.width} as in train`,
        got: `${set.height}x${set.width}`,
      })
    }
  }
  for (const seen of splits) if (test && seen !== test) rejectSharedCenters(seen, test)
}

function checkAugmentation({ augment }: Recipe, { set }: NamedSplit): void {
  const centers = new Set(set.centers ?? [])
  if (centers.size > 1 || !augment.some(({ stain }) => stain.name === 'restain')) return
  throw new RecipeError({
    where: 'augment restain',
    expected: 'two training centers, to restain one like the other',
    got: [...centers].join(', ') || 'centers that are not known',
    hint: 'use concentration or hed instead',
  })
}

function rejectSharedCenters(seen: NamedSplit, test: NamedSplit): void {
  const centers = new Set(seen.set.centers ?? [])
  const shared = [...new Set(test.set.centers ?? [])].filter((center) => centers.has(center)).sort()
  if (shared.length === 0) return
  throw new RecipeError({
    where: 'data',
    expected: `a test center that ${seen.split} does not hold`,
    got: `center ${shared.join(', ')} in both`,
    hint: 'use centers: [...] to tell them apart',
  })
}
