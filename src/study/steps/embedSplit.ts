// Step 3: patches -> stain -> embeddings, streamed. Work is done in chunks, each a whole file in the work
// folder, so that a kill loses one chunk at most; the chunks are then joined in row order.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { f32, type Pixels, type Progress } from '../../base/index.ts'
import { embedPatches } from '../../embed/index.ts'
import { createNpy, readNpyFile, writeFileAtomic } from '../../files/index.ts'
import { writeNpy } from '../../formats/index.ts'
import { readJson } from '../../runs/index.ts'
import type { Verdict } from '../../stain/index.ts'
import { type Cache, type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { StainEntry } from '../recipeSchema.ts'
import { writeAgreement } from './agreement.ts'
import type { EmbedTask } from './embedTask.ts'
import type { FilteredSplit } from './filter.ts'
import { stainBatches } from './stainBatches.ts'
import { usesGroups } from './stainGroups.ts'

// A chunk is what a kill may lose: at most 4,096 rows and 64 MB.
function countChunkRows(dimensions: number): number {
  return Math.min(4096, Math.max(64, Math.floor(2 ** 24 / dimensions)))
}

/** Verdict counts by center name (`'?'` where centers are not known). */
export type VerdictsByCenter = Record<string, Partial<Record<Verdict, number>>>

/** What an extractor's embeddings depend on. */
export interface ExtractorIdentity {
  readonly key: string
  /** What runs it; null where it is no network. */
  readonly engine: string | null
}

/** What the embeddings of a split are made from. */
export function embedInputs(
  split: Pick<FilteredSplit, 'split' | 'key' | 'filterKey'>,
  stain: StainEntry,
  fit: CacheInputs,
  extractor: ExtractorIdentity,
  augment: object | null = null,
): CacheInputs {
  const patches = split.split === 'test' ? split.key : keyOf(split.filterKey)
  const fallback = usesGroups(stain) ? stain.fallback : 'none'
  return {
    stage: 'embed',
    version: 3,
    patches,
    stain: keyOf(fit),
    fallback,
    extractor: extractor.key,
    ...(extractor.engine !== null && { engine: extractor.engine }),
    ...(augment && { augment }),
  }
}

/** Embeds the kept rows of a split under one stain method, or finds the embeddings in the cache. */
export async function embedSplit(
  cache: Cache,
  inputs: CacheInputs,
  split: FilteredSplit,
  parts: Pick<EmbedTask, 'stain' | 'groups' | 'augmenter' | 'extractor'>,
  progress: Progress,
): Promise<CacheEntry> {
  const { set, rows, ordered } = split
  return cache.obtain(inputs, async (folder) => {
    const task = { set, rows, ...parts, folder, progress }
    await writeAgreement(task, () => ordered)
    await embedRows(task)
  })
}

/** The verdict counts of an entry. */
export async function readVerdicts(entry: CacheEntry): Promise<VerdictsByCenter> {
  return readJson(join(entry.folder, 'verdicts.json'))
}

/** Embeds rows into a folder, all of view 0 first, then of view 1 ..., going on from the chunks it finds there. */
export async function embedRows(task: EmbedTask): Promise<void> {
  const { rows, folder, extractor, progress } = task
  const { views } = task.augmenter
  const chunkRows = countChunkRows(extractor.dimensions)
  const starts = Array.from({ length: Math.ceil(rows.length / chunkRows) }, (_, i) => i * chunkRows)
  const parts = Array.from({ length: views }, (_, view) =>
    starts.map((start) => ({
      view,
      start,
      chunk: join(folder, `view-${view}-chunk-${String(start).padStart(9, '0')}`),
    })),
  ).flat()
  const chunks = parts.map(({ chunk }) => chunk)
  // The verdicts are written last when chunks are joined: a kill after that leaves nothing to do but to clear up.
  if (existsSync(join(folder, 'verdicts.json'))) return removeChunks(chunks)
  for (const { view, start, chunk } of parts) {
    if (existsSync(`${chunk}.npy`)) continue
    await embedChunk(task, rows.subarray(start, start + chunkRows), view, chunk, (done) =>
      progress(view * rows.length + start + done, views * rows.length),
    )
  }
  await joinChunks(chunks, folder, extractor.dimensions)
}

async function embedChunk(
  task: EmbedTask,
  rows: Uint32Array,
  view: number,
  chunk: string,
  progress: Progress,
): Promise<void> {
  const { extractor } = task
  const values = new Float32Array(rows.length * extractor.dimensions)
  const verdicts: VerdictsByCenter = {}
  let written = 0
  await embedPatches({
    batches: readView(task, rows, view, verdicts),
    extractor,
    append: (embedded) => {
      values.set(embedded, written)
      written += embedded.length
      progress(written / extractor.dimensions, rows.length)
    },
  })
  await writeFileAtomic(`${chunk}.json`, JSON.stringify(verdicts))
  await writeFileAtomic(`${chunk}.npy`, writeNpy(f32([rows.length, extractor.dimensions], values)))
}

// Verdicts are counted once, with the patches as they are.
async function* readView(
  { set, stain, groups, augmenter }: EmbedTask,
  rows: Uint32Array,
  view: number,
  counts: VerdictsByCenter,
): AsyncGenerator<Pixels> {
  for await (const batch of stainBatches(set, rows, stain, groups)) {
    for (const [i, verdict] of view === 0 ? batch.result.verdicts.entries() : []) {
      countVerdict(counts, set.centers?.[batch.rows[i]] ?? '?', verdict, 1)
    }
    yield augmenter.makeView(batch, view)
  }
}

function countVerdict(counts: VerdictsByCenter, center: string, verdict: Verdict, by: number): void {
  counts[center] ??= {}
  counts[center][verdict] = (counts[center][verdict] ?? 0) + by
}

/** Adds the counts of some patches to those of others. */
export function addVerdicts(counts: VerdictsByCenter, more: VerdictsByCenter): void {
  for (const [center, own] of Object.entries(more)) {
    for (const [verdict, count] of Object.entries(own))
      countVerdict(counts, center, verdict as Verdict, count)
  }
}

async function joinChunks(chunks: readonly string[], folder: string, dimensions: number): Promise<void> {
  const verdicts: VerdictsByCenter = {}
  const whole = await createNpy(join(folder, 'embeddings.npy'), dimensions)
  for (const chunk of chunks) {
    await whole.append((await readNpyFile(`${chunk}.npy`)).data as Float32Array)
    addVerdicts(verdicts, await readJson<VerdictsByCenter>(`${chunk}.json`))
  }
  await whole.close()
  await writeFileAtomic(join(folder, 'verdicts.json'), JSON.stringify(verdicts))
  await removeChunks(chunks)
}

async function removeChunks(chunks: readonly string[]): Promise<void> {
  for (const chunk of chunks) {
    await rm(`${chunk}.npy`, { force: true })
    await rm(`${chunk}.json`, { force: true })
  }
}
