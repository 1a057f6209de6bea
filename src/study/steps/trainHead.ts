// Step 4: one head for each cell and seed: trained on train, stopped on val, applied to val and test.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CenterMap, openMappedRows } from '../../adapt/index.ts'
import { f32, joinRows, type Progress, type RowSource, readBlocks, reorderRows } from '../../base/index.ts'
import {
  type EpochRecord,
  type Head,
  isRobust,
  pickRobust,
  type Settled,
  type Share,
} from '../../classify/index.ts'
import type { Engines, ProviderChoice } from '../../engine/index.ts'
import { makeFolder, openNpy, readNpyFile, writeFileAtomic } from '../../files/index.ts'
import { writeNpy } from '../../formats/index.ts'
import type { AdaptEntry, AxisEntry } from '../../recipe/index.ts'
import { headMethodOf } from '../../recipe/index.ts'
import { readJson, type Split } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { Fold } from '../folds.ts'

/** One seed of one cell: its learning curve and its probabilities by split. */
export interface TrainedHead {
  readonly entry: CacheEntry
  readonly curve: readonly EpochRecord[]
  readonly probabilities: Readonly<Partial<Record<Split, Float32Array>>>
}

/**
 * What a trained head is made from: what it is shown, its options, its seed where it uses one, and the engine that trains it.
 */
export function headInputs(
  entry: AxisEntry,
  adapt: AdaptEntry,
  { embeddings, rows, labels, fold, aligned }: HeadData,
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
    ...(fold && { fold }),
    ...(aligned && { aligned: keyOf(aligned) }),
    ...(isRobust(adapt.options) && { robust: pickRobust(adapt.options), target: adapt.options.target }),
    ...(usesSeed && { seed }),
    engine: usesDevice ? engines.device : engines.processor,
  }
}

/** Names the rows that a head is shown, whatever it makes of them. */
export function nameHeadRows({ embeddings, rows, labels, fold, aligned }: CacheInputs): string {
  return JSON.stringify([embeddings, rows, labels, fold, aligned])
}

/** What of a study a head is shown. */
export interface HeadData {
  readonly embeddings: Readonly<Partial<Record<Split, CacheInputs>>>
  /** Keys of the filters that choose among the rows of train and val, and of the labels that it is told. */
  readonly rows: readonly string[]
  readonly labels: readonly (string | null)[]
  /** The center that is held out; null where none is. */
  readonly fold: Fold | null
  /** What the maps of centers are made from; null where embeddings are taken as they are. */
  readonly aligned: CacheInputs | null
}

/** Some rows of the embeddings of a split. */
export interface RowPart {
  /** The path of embeddings.npy. */
  readonly file: string
  /** Which rows of it. */
  readonly places: Uint32Array
  /** Of each row of the file, the map of its center; null where embeddings are taken as they are. */
  readonly mapped: { readonly centerOf: Uint16Array; readonly maps: readonly CenterMap[] } | null
}

/** Rows with what is known of each. */
export interface HeadRows {
  readonly parts: readonly RowPart[]
  readonly labels: Uint8Array
  /** Names; null where they are not known. */
  readonly centers: readonly string[] | null
}

/** What a head is trained on and applied to. */
export interface HeadTask {
  readonly entry: AxisEntry
  readonly adapt: AdaptEntry
  readonly seed: number
  /** Names what it is made from. */
  readonly key: string
  /** Where a head that uses a device is trained. */
  readonly device: string
  readonly threads?: number
  readonly train: HeadRows
  /** What it is stopped by. */
  readonly val: HeadRows
  /** What val had chosen, where the head is trained once more with val among its rows. */
  readonly settled?: Settled
  /** Unlabelled rows of the test split, where the adversary sees them. */
  readonly target: readonly RowPart[] | null
  /** Keeps what heads on the same rows have in common. */
  readonly share?: Share
  /** What it predicts, by the name of the file that the probabilities go to. */
  readonly predicts: Readonly<Record<string, readonly RowPart[]>>
}

/** Trains a head into `folder`, and predicts with it. */
export async function makeHead(task: HeadTask, folder: string, progress: Progress): Promise<void> {
  const head = await fitHead(task, join(folder, 'checkpoint'), progress)
  try {
    await saveHead(head, join(folder, 'head'))
    await writeFileAtomic(join(folder, 'curve.json'), `${JSON.stringify(head.curve)}\n`)
    for (const [name, parts] of Object.entries(task.predicts)) {
      const probabilities = await withRows(parts, task.threads, (rows) => predictRows(head, rows))
      await writeFileAtomic(join(folder, `${name}.npy`), writeNpy(f32([probabilities.length], probabilities)))
    }
  } finally {
    await head.close()
  }
}

/** Reads what `makeHead` wrote of the splits that were predicted. */
export async function readHead(entry: CacheEntry, splits: object): Promise<TrainedHead> {
  const probabilities: Partial<Record<Split, Float32Array>> = {}
  for (const split of Object.keys(splits).filter((name) => name !== 'train') as Split[]) {
    probabilities[split] = await readProbabilities(entry, split)
  }
  return { entry, curve: await readJson(join(entry.folder, 'curve.json')), probabilities }
}

/** Reads the probabilities that a head wrote under a name. */
export async function readProbabilities({ folder }: CacheEntry, name: string): Promise<Float32Array> {
  return (await readNpyFile(join(folder, `${name}.npy`))).data as Float32Array
}

// Rows stay on disk: a head that needs them in memory loads them itself.
async function fitHead(task: HeadTask, checkpointPath: string, progress: Progress): Promise<Head> {
  const { entry, adapt, seed, key, device, threads, train, val, target, settled, share } = task
  const method = headMethodOf(entry)
  return withRows(train.parts, threads, (trainRows) =>
    withRows(val.parts, threads, (valRows) =>
      withRows(target ?? [], threads, (targetRows) =>
        method.fit(
          { x: { ...trainRows, key: `${key} train` }, y: train.labels },
          { x: { ...valRows, key: `${key} val` }, y: val.labels },
          entry.options,
          seed,
          {
            progress,
            checkpointPath,
            device: device as ProviderChoice,
            threads,
            share,
            ...(settled && { settled }),
            ...(isRobust(adapt.options) && {
              robust: {
                options: pickRobust(adapt.options),
                centers: numberCenters(train.centers, train.labels.length),
                ...(target && { target: targetRows }),
              },
            }),
          },
        ),
      ),
    ),
  )
}

/** The index of each of `rows` rows' center; 0 for all where none is known. */
export function numberCenters(centers: readonly string[] | null, rows: number): Uint16Array {
  if (!centers) return new Uint16Array(rows)
  const names = [...new Set(centers)].sort()
  return Uint16Array.from(centers, (center) => names.indexOf(center))
}

/** Opens the rows of several files as one, for as long as `use` takes. */
export async function withRows<T>(
  parts: readonly RowPart[],
  threads: number | undefined,
  use: (rows: RowSource) => Promise<T>,
): Promise<T> {
  const open: { close(): Promise<void> }[] = []
  try {
    const sources: RowSource[] = []
    for (const { file, places, mapped } of parts) {
      const stored = await openNpy(file)
      open.push(stored)
      const rows = mapped && (await openMappedRows(stored, mapped.centerOf, mapped.maps, threads))
      if (rows) open.push(rows)
      sources.push(reorderRows(rows ?? stored, places))
    }
    return await use(joinRows(sources))
  } finally {
    for (const file of open) await file.close()
  }
}

async function saveHead(head: Head, folder: string): Promise<void> {
  await makeFolder(folder)
  for (const [name, bytes] of Object.entries(await head.serialize()))
    await writeFileAtomic(join(folder, name), bytes)
}

/** The files of a head in the folder that it was saved in, by name. */
export async function readHeadFolder(folder: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  for (const file of await readdir(folder)) files[file] = await readFile(join(folder, file))
  return files
}

// Values in a block, at most: 64 MB of float32.
const valuesPerBlock = 2 ** 24

/** What a head says of rows, read in blocks. */
export async function predictRows(head: Head, rows: RowSource): Promise<Float32Array> {
  const probabilities = new Float32Array(rows.shape[0])
  let done = 0
  for await (const block of readBlocks(rows, { values: valuesPerBlock })) {
    probabilities.set(await head.predict(block), done)
    done += block.shape[0]
  }
  return probabilities
}
