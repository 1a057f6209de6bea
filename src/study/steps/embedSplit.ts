// Step 3: patches -> stain -> embeddings, streamed. Work is done in chunks, each a whole file in the work
// folder, so that a kill loses one chunk at most; the chunks are then joined in row order. All patches of a set are
// embedded, whatever the quality filter says of them: filters and folds choose rows later.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { f32, type Pixels, type Progress } from '../../base/index.ts'
import { embedPatches } from '../../embed/index.ts'
import { createNpy, readNpyFile, writeFileAtomic } from '../../files/index.ts'
import { writeNpy } from '../../formats/index.ts'
import type { StainedInputs } from '../../normalise/index.ts'
import { encodeCodes, encodeVerdicts, stainBatches, writeVerdicts } from '../../normalise/index.ts'
import type { CacheInputs } from '../../tasks/index.ts'
import type { EmbedTask } from './embedTask.ts'

// A chunk is what a kill may lose: at most 4,096 rows and 64 MB.
function countChunkRows(dimensions: number): number {
  return Math.min(4096, Math.max(64, Math.floor(2 ** 24 / dimensions)))
}

/** What an extractor's embeddings depend on. */
export interface ExtractorIdentity {
  readonly key: string
  /** What runs it; null where it is no network. */
  readonly engine: string | null
}

/** What the embeddings of normalised patches are made from. */
export function embedInputs(
  stained: StainedInputs,
  extractor: ExtractorIdentity,
  augment: object | null = null,
): CacheInputs {
  return {
    stage: 'embed',
    version: 4,
    ...stained,
    extractor: extractor.key,
    ...(extractor.engine !== null && { engine: extractor.engine }),
    ...(augment && { augment }),
  }
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
  // The verdicts are written last when chunks are joined: a kill after that leaves nothing to do but to clear up.
  if (existsSync(join(folder, 'verdicts.npy'))) return removeChunks(parts)
  for (const { view, start, chunk } of parts) {
    if (existsSync(`${chunk}.npy`)) continue
    await embedChunk(task, rows.subarray(start, start + chunkRows), view, chunk, (done) =>
      progress(view * rows.length + start + done, views * rows.length),
    )
  }
  await joinChunks(parts, folder, extractor.dimensions)
}

// Verdicts are kept once, with the patches as they are.
async function embedChunk(
  task: EmbedTask,
  rows: Uint32Array,
  view: number,
  chunk: string,
  progress: Progress,
): Promise<void> {
  const { extractor } = task
  const values = new Float32Array(rows.length * extractor.dimensions)
  const verdicts: number[] = []
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
  if (view === 0) await writeFileAtomic(verdictsOf(chunk), encodeCodes(Uint8Array.from(verdicts)))
  await writeFileAtomic(`${chunk}.npy`, writeNpy(f32([rows.length, extractor.dimensions], values)))
}

async function* readView(
  { set, stain, groups, augmenter, stained }: EmbedTask,
  rows: Uint32Array,
  view: number,
  verdicts: number[],
): AsyncGenerator<Pixels> {
  for await (const batch of stainBatches(set, rows, stain, groups, { stained })) {
    verdicts.push(...encodeVerdicts(batch.result.verdicts))
    yield augmenter.makeView(batch, view)
  }
}

const verdictsOf = (chunk: string) => `${chunk}.verdicts.npy`

interface Chunk {
  readonly view: number
  readonly chunk: string
}

async function joinChunks(chunks: readonly Chunk[], folder: string, dimensions: number): Promise<void> {
  const verdicts: Uint8Array[] = []
  const whole = await createNpy(join(folder, 'embeddings.npy'), dimensions)
  for (const { chunk, view } of chunks) {
    await whole.append((await readNpyFile(`${chunk}.npy`)).data as Float32Array)
    if (view === 0) verdicts.push((await readNpyFile(verdictsOf(chunk))).data as Uint8Array)
  }
  await whole.close()
  await writeVerdicts(folder, new Uint8Array(Buffer.concat(verdicts)))
  await removeChunks(chunks)
}

async function removeChunks(chunks: readonly Chunk[]): Promise<void> {
  for (const { chunk } of chunks) {
    await rm(`${chunk}.npy`, { force: true })
    await rm(verdictsOf(chunk), { force: true })
  }
}
