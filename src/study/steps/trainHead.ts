// Step 4: one head for each cell and seed: trained on train, stopped on val, applied to val and test.

import { join } from 'node:path'
import { f32, type Progress, readBlocks, reorderRows } from '../../base/index.ts'
import type { EpochRecord, Head } from '../../classify/index.ts'
import type { Engines, ProviderChoice } from '../../engine/index.ts'
import { makeFolder, openNpy, readNpyFile, writeFileAtomic } from '../../files/index.ts'
import { writeNpy } from '../../formats/index.ts'
import type { AxisEntry } from '../../recipe/index.ts'
import { headMethodOf } from '../../recipe/index.ts'
import { readJson, type Split } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'

/** One seed of one cell: its learning curve and its probabilities by split. */
export interface TrainedHead {
  readonly entry: CacheEntry
  readonly curve: readonly EpochRecord[]
  readonly probabilities: Readonly<Partial<Record<Split, Float32Array>>>
}

/**
 * What a trained head is made from: the embeddings' keys, those of the filters that choose among their rows and of their
 * labels, its options, its seed where it uses one, and the engine that trains it.
 */
export function headInputs(
  entry: AxisEntry,
  embeddings: Partial<Record<Split, CacheInputs>>,
  { rows, labels }: { readonly rows: readonly string[]; readonly labels: readonly (string | null)[] },
  seed: number,
  engines: Engines,
): CacheInputs {
  const { name, version, usesDevice, usesSeed } = headMethodOf(entry)
  const { weights: _, ...options } = entry.options // the embeddings' keys know their content; a path says nothing
  const keys = Object.fromEntries(Object.entries(embeddings).map(([split, inputs]) => [split, keyOf(inputs)]))
  return {
    stage: 'classify',
    version,
    head: name,
    options,
    embeddings: keys,
    rows,
    labels,
    ...(usesSeed && { seed }),
    engine: usesDevice ? engines.device : engines.processor,
  }
}

/** What a head is trained on and applied to. */
export interface HeadTask {
  readonly entry: AxisEntry
  readonly seed: number
  /** Names what it is made from. */
  readonly key: string
  /** Where a head that uses a device is trained. */
  readonly device: string
  readonly threads?: number
  /** Its rows, of each split. */
  readonly rows: Readonly<Partial<Record<Split, SplitRows>>> & {
    readonly train: SplitRows
    readonly val: SplitRows
  }
  /** Labels of train and val, in the order of their rows. */
  readonly labels: { readonly train: Uint8Array; readonly val: Uint8Array }
}

/** Some rows of the embeddings of a split. */
export interface SplitRows {
  /** The path of embeddings.npy. */
  readonly file: string
  /** Which rows of it, ascending. */
  readonly places: Uint32Array
}

/** Trains a head into `folder`, and predicts val and test with it. */
export async function makeHead(task: HeadTask, folder: string, progress: Progress): Promise<void> {
  const head = await fitHead(task, join(folder, 'checkpoint'), progress)
  try {
    await saveHead(head, join(folder, 'head'))
    await writeFileAtomic(join(folder, 'curve.json'), `${JSON.stringify(head.curve)}\n`)
    for (const split of predictedSplits(task.rows)) {
      const probabilities = await predictRows(head, task.rows[split]!)
      await writeFileAtomic(
        join(folder, `${split}.npy`),
        writeNpy(f32([probabilities.length], probabilities)),
      )
    }
  } finally {
    await head.close()
  }
}

/** Reads what `makeHead` wrote of `splits`. */
export async function readHead(entry: CacheEntry, splits: object): Promise<TrainedHead> {
  const probabilities: Partial<Record<Split, Float32Array>> = {}
  for (const split of predictedSplits(splits)) {
    probabilities[split] = (await readNpyFile(join(entry.folder, `${split}.npy`))).data as Float32Array
  }
  return { entry, curve: await readJson(join(entry.folder, 'curve.json')), probabilities }
}

// Rows stay on disk: a head that needs them in memory loads them itself.
async function fitHead(
  { entry, seed, key, device, threads, rows, labels }: HeadTask,
  checkpointPath: string,
  progress: Progress,
): Promise<Head> {
  const files = [await openNpy(rows.train.file), await openNpy(rows.val.file)]
  const [train, val] = files.map((file, i) => reorderRows(file, [rows.train, rows.val][i].places))
  const method = headMethodOf(entry)
  try {
    return await method.fit(
      { x: { ...train, key: `${key} train` }, y: labels.train },
      { x: { ...val, key: `${key} val` }, y: labels.val },
      entry.options,
      seed,
      { progress, checkpointPath, device: device as ProviderChoice, threads },
    )
  } finally {
    for (const file of files) await file.close()
  }
}

function predictedSplits(splits: object): Split[] {
  return (Object.keys(splits) as Split[]).filter((split) => split !== 'train')
}

async function saveHead(head: Head, folder: string): Promise<void> {
  await makeFolder(folder)
  for (const [name, bytes] of Object.entries(await head.serialize()))
    await writeFileAtomic(join(folder, name), bytes)
}

// Values in a block, at most: 64 MB of float32.
const valuesPerBlock = 2 ** 24

async function predictRows(head: Head, { file: path, places }: SplitRows): Promise<Float32Array> {
  const file = await openNpy(path)
  const probabilities = new Float32Array(places.length)
  let done = 0
  try {
    for await (const block of readBlocks(reorderRows(file, places), { values: valuesPerBlock })) {
      probabilities.set(await head.predict(block), done)
      done += block.shape[0]
    }
  } finally {
    await file.close()
  }
  return probabilities
}
