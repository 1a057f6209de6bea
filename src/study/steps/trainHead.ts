// Step 4: one head for each cell and seed: trained on train, stopped on val, applied to val and test.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { f32, type Progress, pickNamed } from '../../base/index.ts'
import {
  type EpochRecord,
  type Head,
  type HeadMethod,
  headMethods,
  type LabelledEmbeddings,
} from '../../classify/index.ts'
import { writeFileAtomic, writeNpy } from '../../formats/index.ts'
import { readArray, readJson, type Split } from '../../runs/index.ts'
import { type Cache, type CacheEntry, type CacheInputs, keyOf } from '../cache.ts'
import type { AxisEntry } from '../recipe.ts'
import { readEmbeddingBlocks } from './embedSplit.ts'

/** One seed of one cell: its learning curve and its probabilities by split. */
export interface TrainedHead {
  readonly entry: CacheEntry
  readonly curve: readonly EpochRecord[]
  readonly probabilities: Readonly<Partial<Record<Split, Float32Array>>>
}

/** The head method of a recipe's entry, by name. */
export function headMethodOf(entry: AxisEntry): HeadMethod<unknown> {
  return pickNamed('classify', headMethods, entry.name) as HeadMethod<unknown>
}

/** What a trained head is made from: the embeddings' keys, its options and its seed. */
export function headInputs(
  entry: AxisEntry,
  embeddings: Partial<Record<Split, CacheInputs>>,
  seed: number,
): CacheInputs {
  const { name, version } = headMethodOf(entry)
  const keys = Object.fromEntries(Object.entries(embeddings).map(([split, inputs]) => [split, keyOf(inputs)]))
  return { stage: 'classify', version, head: name, options: entry.options, embeddings: keys, seed }
}

/** Embedding files by split, and the labelled ones as they are needed in memory. */
export interface HeadTask {
  readonly entry: AxisEntry
  readonly seed: number
  readonly labelled: () => Promise<{ train: LabelledEmbeddings; val: LabelledEmbeddings }>
  /** embeddings.npy of the splits to predict. */
  readonly files: Readonly<Partial<Record<Split, string>>>
}

/** Trains a head and predicts val and test with it, or finds both in the cache. */
export async function trainHead(
  cache: Cache,
  inputs: CacheInputs,
  task: HeadTask,
  progress: Progress,
): Promise<TrainedHead> {
  const method = headMethodOf(task.entry)
  const entry = await cache.obtain(inputs, async (folder) => {
    const { train, val } = await task.labelled()
    const checkpointPath = join(folder, 'checkpoint')
    const head = await method.fit(train, val, task.entry.options, task.seed, { progress, checkpointPath })
    await saveHead(head, join(folder, 'head'))
    await writeFileAtomic(join(folder, 'curve.json'), `${JSON.stringify(head.curve)}\n`)
    for (const [split, file] of Object.entries(task.files)) {
      const probabilities = await predictFile(head, file)
      await writeFileAtomic(
        join(folder, `${split}.npy`),
        writeNpy(f32([probabilities.length], probabilities)),
      )
    }
  })
  const probabilities: Partial<Record<Split, Float32Array>> = {}
  for (const split of Object.keys(task.files) as Split[]) {
    probabilities[split] = (await readArray(join(entry.folder, `${split}.npy`))).data as Float32Array
  }
  return { entry, curve: await readJson(join(entry.folder, 'curve.json')), probabilities }
}

async function saveHead(head: Head, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(await head.serialize()))
    await writeFileAtomic(join(folder, name), bytes)
}

async function predictFile(head: Head, file: string): Promise<Float32Array> {
  const blocks: Float32Array[] = []
  for await (const block of readEmbeddingBlocks(file)) blocks.push(await head.predict(block))
  const all = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0))
  let at = 0
  for (const block of blocks) {
    all.set(block, at)
    at += block.length
  }
  return all
}
