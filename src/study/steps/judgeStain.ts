// What a stain method does, apart from any call of tumour: how much structure it keeps, how near it brings the
// centers' colours, and how well a hospital can still be told from embeddings. Train and val only: who would
// look at the test center here might choose a method by it.

import { join } from 'node:path'
import { joinPixels, joinRows, type Pixels, reorderRows } from '../../base/index.ts'
import { type CenterSignature, measureSignature } from '../../evaluate/index.ts'
import { openNpy, writeFileAtomic } from '../../files/index.ts'
import type { FittedStain, StainedPixels } from '../../normalise/index.ts'
import { type GroupFits, groupInputs, sampleGroups, sampleInputs, stainBatch } from '../../normalise/index.ts'
import type { Recipe, StainEntry } from '../../recipe/index.ts'
import { readJson, type Split, type StainEffect } from '../../runs/index.ts'
import { compareResult, type StainResult } from '../../stain/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { EmbeddingPair } from '../grid.ts'
import type { OpenSplit } from '../splits.ts'
import { truthOf } from './evaluateCell.ts'
import { type Filtered, type FilteredSplit, filterInputs } from './filter.ts'

/** The splits whose patches show a method's effect: those whose centers are known. */
export function effectSplits<Split extends Pick<OpenSplit, 'set'>>({
  train,
  val,
}: SeenSplits<Split>): Split[] {
  return [train, val].filter(({ set }) => set.centers)
}

/** What a method's effect is made from: its fit, by key, and the patches of the splits that show it. */
export function effectInputs(entry: StainEntry, fit: string, splits: readonly CacheInputs[]): CacheInputs {
  const patches = splits.map((split) => [keyOf(sampleInputs(split)), keyOf(groupInputs(split, entry))])
  return { stage: 'stain', version: 2, effect: fit, patches }
}

/** What a method's effect is measured with. */
export interface EffectStain {
  readonly stain: FittedStain
  readonly groups: Readonly<Partial<Record<Split, GroupFits>>>
  /** The patches of a split as they were normalised before, where they were. */
  readonly stained: Readonly<Partial<Record<Split, StainedPixels>>>
}

/** Measures a method's effect on the sampled patches of each center of `splits`, into `folder`. */
export async function makeEffect(
  splits: readonly FilteredSplit[],
  parts: EffectStain,
  folder: string,
): Promise<void> {
  const samples: SampledSplit[] = []
  for (const split of splits) samples.push(await stainSample(split, parts))
  const {
    result: _,
    label: __,
    ...figures
  } = compareResult(
    parts.stain.entry.label,
    joinPixels(samples.map(({ before }) => before)),
    joinResults(samples.map(({ result }) => result)),
    samples.flatMap(({ centers }) => centers),
  )
  const patches = samples.reduce((sum, { before }) => sum + before.count, 0)
  await writeFileAtomic(join(folder, 'effect.json'), `${JSON.stringify({ ...figures, patches })}\n`)
}

/** Reads what `makeEffect` wrote. */
export async function readEffect({ folder }: CacheEntry, stain: string): Promise<StainEffect> {
  return { stain, ...(await readJson<Omit<StainEffect, 'stain'>>(join(folder, 'effect.json'))) }
}

interface SeenSplits<Split> {
  readonly train: Split
  readonly val: Split
}

// Pixels of a split's sample that are held in memory.
const bytesAtMost = 2 ** 27

interface SampledSplit {
  readonly before: Pixels
  readonly result: StainResult
  readonly centers: readonly string[]
}

async function stainSample(
  split: FilteredSplit,
  { stain, groups, stained }: EffectStain,
): Promise<SampledSplit> {
  const { set, ordered } = split
  const centers = Object.entries(sampleGroups(set, ordered)).filter(([group]) => group.startsWith('center '))
  const most = Math.max(1, Math.floor(bytesAtMost / (centers.length * set.height * set.width * 3)))
  const rows = Uint32Array.from(centers.flatMap(([, members]) => members.slice(0, most)))
  const before = await set.read(rows)
  const own = groups[split.split] ?? {}
  const made = stained[split.split]
  const result = made ? await made.read(rows) : await stainBatch(set, { rows, pixels: before }, stain, own)
  return { before, result, centers: Array.from(rows, (row) => set.centers![row]) }
}

function joinResults(results: readonly StainResult[]): StainResult {
  return {
    pixels: joinPixels(results.map((result) => result.pixels)),
    verdicts: results.flatMap(({ verdicts }) => verdicts),
    reasons: results.flatMap(({ reasons }) => reasons),
  }
}

/** Whether centers are known that could be told from a pair's embeddings, which tokens are not. */
export function hasSignature(
  { embed }: EmbeddingPair,
  { train, val }: SeenSplits<Pick<OpenSplit, 'set'>>,
): boolean {
  return Boolean(train.set.centers && val.set.centers) && typeof embed.options.trunk !== 'number'
}

/** What a pair's signature is made from: its embeddings of train and val, by key, and the filters and labels of both. */
export function signatureInputs(
  recipe: Recipe,
  { inputs: { train, val } }: EmbeddingPair,
  splits: SeenSplits<OpenSplit>,
): CacheInputs {
  const seen = [splits.train, splits.val]
  return {
    stage: 'evaluate',
    version: 3,
    signature: [keyOf(train!), keyOf(val!)],
    rows: seen.map((split) => keyOf(filterInputs(recipe, split))),
    labels: seen.map((split) => split.labelsKey()),
    seed: recipe.seed,
  }
}

/** Measures how well centers can be told from a pair's embeddings, `files` by split, into `folder`. */
export async function makeSignature(
  seed: number,
  files: SeenSplits<string>,
  { train, val }: Filtered,
  folder: string,
): Promise<void> {
  const open = [await openNpy(files.train), await openNpy(files.val)]
  try {
    const [a, b] = [truthOf(train), truthOf(val)]
    const signature = await measureSignature(
      {
        x: joinRows([reorderRows(open[0], train.rows), reorderRows(open[1], val.rows)]), // view 0 of train
        centers: [...a.centers!, ...b.centers!],
        slides: a.slides && b.slides && [...a.slides, ...b.slides],
        labels: Uint8Array.from([...a.labels!, ...b.labels!]),
      },
      { seed },
    )
    await writeFileAtomic(join(folder, 'signature.json'), `${JSON.stringify(signature)}\n`)
  } finally {
    for (const file of open) await file.close()
  }
}

/** Reads what `makeSignature` wrote; null where centers cannot be told apart in so few patches. */
export async function readSignature({ folder }: CacheEntry): Promise<CenterSignature | null> {
  return readJson<CenterSignature | null>(join(folder, 'signature.json'))
}
