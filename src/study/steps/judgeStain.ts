// What a stain method does, apart from any call of tumour: how much structure it keeps, how near it brings the
// centers' colours, and how well a hospital can still be told from embeddings. Train and val only: who would
// look at the test center here might choose a method by it.

import { join } from 'node:path'
import { f32, joinPixels, type Pixels, type RowSource } from '../../base/index.ts'
import { type CenterSignature, measureSignature } from '../../evaluate/index.ts'
import { openNpy, writeFileAtomic } from '../../files/index.ts'
import { readJson, type StainEffect } from '../../runs/index.ts'
import { compareResult, type StainResult } from '../../stain/index.ts'
import { type Cache, type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { EmbeddingPair } from '../grid.ts'
import type { Recipe, StainEntry } from '../recipeSchema.ts'
import type { OpenSplit } from '../splits.ts'
import { truthOf } from './evaluateCell.ts'
import type { Filtered, FilteredSplit } from './filter.ts'
import type { StudyStain } from './prepareStain.ts'
import { stainBatch } from './stainBatches.ts'
import { groupInputs, sampleGroups, sampleInputs } from './stainGroups.ts'

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
  return { stage: 'stain', version: 1, effect: fit, patches }
}

/** Measures a method's effect on the sampled patches of each center of train and val; null where none is known. */
export async function measureEffect(
  cache: Cache,
  { train, val }: Filtered,
  stain: StudyStain,
): Promise<StainEffect | null> {
  const splits = effectSplits({ train, val })
  if (splits.length === 0) return null
  const { entry } = stain
  const patches = splits.map(({ filterKey }) => filterKey)
  const inputs = effectInputs(entry, stain.entries[0].key, patches)
  const { folder } = await cache.obtain(inputs, async (work) => {
    const parts: SampledSplit[] = []
    for (const split of splits) parts.push(await stainSample(split, stain))
    const { result: _, ...figures } = compareResult(
      entry.label,
      joinPixels(parts.map(({ before }) => before)),
      joinResults(parts.map(({ result }) => result)),
      parts.flatMap(({ centers }) => centers),
    )
    const patches = parts.reduce((sum, { before }) => sum + before.count, 0)
    await writeFileAtomic(join(work, 'effect.json'), `${JSON.stringify({ ...figures, patches })}\n`)
  })
  const { label: _, ...figures } = await readJson<{ label: string } & Omit<StainEffect, 'stain'>>(
    join(folder, 'effect.json'),
  )
  return { stain: entry.label, ...figures }
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

async function stainSample(split: FilteredSplit, stain: StudyStain): Promise<SampledSplit> {
  const { set, ordered } = split
  const centers = Object.entries(sampleGroups(set, ordered)).filter(([group]) => group.startsWith('center '))
  const most = Math.max(1, Math.floor(bytesAtMost / (centers.length * set.height * set.width * 3)))
  const rows = Uint32Array.from(centers.flatMap(([, members]) => members.slice(0, most)))
  const before = await set.read(rows)
  const result = await stainBatch(set, { rows, pixels: before }, stain, stain.groups[split.split] ?? {})
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

/** What a pair's signature is made from: its embeddings of train and val, by key. */
export function signatureInputs({ seed }: Recipe, train: string, val: string): CacheInputs {
  return { stage: 'evaluate', version: 2, signature: [train, val], seed }
}

/** Measures how well centers can be told from a pair's embeddings; null where that cannot be said, as of tokens. */
export async function measurePair(
  cache: Cache,
  recipe: Recipe,
  pair: EmbeddingPair,
  entries: Readonly<Record<'train' | 'val', CacheEntry>>,
  { train, val }: Filtered,
): Promise<CenterSignature | null> {
  if (!hasSignature(pair, { train, val })) return null
  const inputs = signatureInputs(recipe, entries.train.key, entries.val.key)
  const { folder } = await cache.obtain(inputs, async (work) => {
    const files = [await openEmbeddings(entries.train), await openEmbeddings(entries.val)]
    try {
      const [a, b] = [truthOf(train), truthOf(val)]
      const signature = await measureSignature(
        {
          x: joinRows([{ ...files[0], shape: [train.rows.length, files[0].shape[1]] }, files[1]]), // view 0 of train
          centers: [...a.centers!, ...b.centers!],
          slides: a.slides && b.slides && [...a.slides, ...b.slides],
          labels: Uint8Array.from([...a.labels!, ...b.labels!]),
        },
        { seed: recipe.seed },
      )
      await writeFileAtomic(join(work, 'signature.json'), `${JSON.stringify(signature)}\n`)
    } finally {
      for (const file of files) await file.close()
    }
  })
  return readJson<CenterSignature | null>(join(folder, 'signature.json'))
}

const openEmbeddings = ({ folder }: CacheEntry) => openNpy(join(folder, 'embeddings.npy'))

// Rows of several sources, one after the other.
function joinRows(sources: readonly RowSource[]): RowSource {
  const columns = sources[0].shape[1]
  return {
    shape: [sources.reduce((sum, { shape }) => sum + shape[0], 0), columns],
    async gather(rows, into) {
      let first = 0
      for (const source of sources) {
        const [from, to] = [first, first + source.shape[0]]
        const places = Array.from(rows.keys()).filter((i) => rows[i] >= from && rows[i] < to)
        const part = f32([places.length, columns])
        await source.gather(
          Uint32Array.from(places, (i) => rows[i] - from),
          part.data,
        )
        for (const [at, i] of places.entries()) {
          into.set(part.data.subarray(at * columns, (at + 1) * columns), i * columns)
        }
        first = to
      }
    },
  }
}
