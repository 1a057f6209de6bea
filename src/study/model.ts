// The model of a run: its chosen cell, complete and portable: the stain's fit, the extractor, one head a
// seed. Lies in <run>/model/ and needs neither the cache nor the training data.

import { existsSync, statSync } from 'node:fs'
import { copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, type NdArray, type Pixels, type Progress, pickNamed } from '../base/index.ts'
import { type Head, headMethods } from '../classify/index.ts'
import { type Extractor, openExtractor } from '../embed/index.ts'
import type { ProviderChoice } from '../engine/index.ts'
import { averageProbabilities } from '../evaluate/index.ts'
import { makeFolder, writeFileAtomic } from '../files/index.ts'
import {
  type FittedStain,
  fitOwnGroups,
  methodOf,
  readNetworks,
  stainBatches,
  writeNetworks,
} from '../normalise/index.ts'
import { allRows, orderPatches, type PatchSet, type PatchSize, requireSize } from '../patches/index.ts'
import type { AugmentEntry, StainEntry } from '../recipe/index.ts'
import { isTransductive } from '../recipe/index.ts'
import { readJson } from '../runs/index.ts'
import type { StainFit } from '../stain/index.ts'
import { checkSeal, replaceFolder, sealFolder } from '../tasks/index.ts'
import type { GridCell } from './grid.ts'
import type { TrainedHead } from './steps/trainHead.ts'

/** What model.json says. */
export interface ModelFile {
  readonly cell: string
  readonly stain: StainEntry
  readonly fit: StainFit
  /** The stain was fitted on unlabelled patches of the test split; not there where it was not. */
  readonly transductive?: true
  /** What the heads' training patches were shown as; patches to predict are taken as they are. */
  readonly augment: AugmentEntry
  readonly embed: GridCell['pair']['embed']
  readonly head: string
  readonly seeds: readonly number[]
  readonly threshold: number
  readonly extractorKey: string
  /** Size of the patches in training: those to predict have it too. */
  readonly patch: PatchSize
}

/** A model ready to predict; close it when done. */
export interface Model {
  readonly name: string
  readonly threshold: number
  /** Size of the patches that it takes. */
  readonly patch: PatchSize
  /** Whether its stain was fitted on unlabelled patches of the run's test split. */
  readonly transductive: boolean
  /**
   * Seed-averaged probabilities of tumour, in the order of the set's rows; memory does not grow with pixels.
   * Patches with too little tissue are normalised with the fit of their slide or center within this set. Throws DataError
   * for patches of another size (see resizePatches).
   */
  predict(set: PatchSet, progress: Progress): Promise<Float32Array>
  close(): Promise<void>
}

/** Writes a cell's model into a run folder, sealed; it is there whole or not at all. */
export async function saveModel(
  runFolder: string,
  cell: GridCell,
  stain: FittedStain,
  heads: readonly TrainedHead[],
  threshold: number,
  { height, width }: PatchSize,
): Promise<void> {
  const folder = join(runFolder, 'model.work')
  await rm(folder, { recursive: true, force: true })
  await makeFolder(folder)
  for (const [i, head] of heads.entries()) {
    const from = join(head.entry.folder, 'head')
    const to = join(folder, `head-${cell.heads[i].seed}`)
    await makeFolder(to)
    for (const file of await readdir(from)) await copyFile(join(from, file), join(to, file))
  }
  const model: ModelFile = {
    cell: cell.id,
    stain: stain.entry,
    fit: await writeNetworks(folder, stain.fit),
    ...(isTransductive(stain.entry) && { transductive: true as const }),
    augment: cell.pair.augment,
    embed: cell.pair.embed,
    head: cell.classify.name,
    seeds: cell.heads.map(({ seed }) => seed),
    threshold,
    extractorKey: cell.pair.extractorKey,
    patch: { height, width },
  }
  await writeFileAtomic(join(folder, 'model.json'), `${JSON.stringify(model, null, 1)}\n`)
  await sealFolder(folder)
  await replaceFolder(folder, join(runFolder, 'model'))
}

/**
 * Takes away what an earlier study left as the model, and its card, as soon as the run folder's other files say something
 * else.
 */
export async function removeModel(runFolder: string): Promise<void> {
  await rm(join(runFolder, 'MODEL_CARD.md'), { force: true })
  await rm(join(runFolder, 'model'), { recursive: true, force: true })
}

/**
 * Reads what the model of a run folder is, all its files checked. Throws DataError where the run has none, or naming the
 * file that is not as it was written.
 */
export async function readModelFile(runFolder: string): Promise<ModelFile> {
  const folder = join(runFolder, 'model')
  const path = join(folder, 'model.json')
  if (existsSync(path)) {
    await checkSeal(folder, 'run the study again: what is in its cache is not done again')
    return readJson<ModelFile>(path)
  }
  throw new DataError({
    where: runFolder,
    expected: 'the folder of a finished run, with model/model.json',
    got: describeMissing(runFolder),
    hint: 'give the folder that eosin study run wrote',
  })
}

function describeMissing(runFolder: string): string {
  if (!existsSync(runFolder)) return 'no such folder'
  return statSync(runFolder).isDirectory() ? 'a folder without it' : 'a file'
}

/** The files of one seed's head in a run folder, by name. */
export async function readHeadFiles(runFolder: string, seed: number): Promise<Record<string, Uint8Array>> {
  const folder = join(runFolder, 'model', `head-${seed}`)
  const files: Record<string, Uint8Array> = {}
  for (const file of await readdir(folder)) files[file] = await readFile(join(folder, file))
  return files
}

/** Opens the model of a run folder. Throws DataError where the run has none or its extractor has changed. */
export async function openModel(
  runFolder: string,
  options: { device: string; threads?: number },
): Promise<Model> {
  const file = await readModelFile(runFolder)
  const extractor = await openExtractor({ name: file.embed.name, ...file.embed.options }, options)
  if (extractor.key !== file.extractorKey) {
    await extractor.close()
    throw new DataError({
      where: runFolder,
      expected: `the extractor ${file.embed.label} the run was trained with`,
      got: 'another version of it, or the same on another device',
      hint: 'give the --device that the study ran on, or run the study again',
    })
  }
  const method = pickNamed('head', headMethods, file.head)
  const heads = await Promise.all(
    file.seeds.map(async (seed) =>
      method.load(await readHeadFiles(runFolder, seed), {
        device: options.device as ProviderChoice,
        threads: options.threads,
      }),
    ),
  )
  const stain = {
    entry: file.stain,
    method: methodOf(file.stain),
    fit: await readNetworks(join(runFolder, 'model'), file.fit),
    provider: options.device as FittedStain['provider'],
    threads: options.threads,
  }
  return {
    name: file.cell,
    threshold: file.threshold,
    transductive: file.transductive ?? false,
    patch: file.patch,
    async predict(set, progress) {
      requireSize(set, file.patch)
      return predictSet(set, stain, extractor, heads, progress)
    },
    async close() {
      await extractor.close()
      for (const head of heads) await head.close()
    },
  }
}

async function predictSet(
  set: PatchSet,
  stain: FittedStain,
  extractor: Extractor,
  heads: readonly Head[],
  progress: Progress,
): Promise<Float32Array> {
  const probabilities = new Float32Array(set.count)
  const rows = allRows(set)
  const groups = await fitOwnGroups(set, stain.entry, () => orderPatches(set, rows, progress))
  let done = 0
  for await (const { result } of stainBatches(set, rows, stain, groups)) {
    const { pixels } = result
    probabilities.set(await predictPixels(pixels, extractor, heads), done)
    done += pixels.count
    progress(done, set.count)
  }
  return probabilities
}

async function predictPixels(
  pixels: Pixels,
  extractor: Extractor,
  heads: readonly Head[],
): Promise<Float32Array> {
  const data = await extractor.embed(pixels)
  const x: NdArray<'f32'> = { dtype: 'f32', shape: [pixels.count, extractor.dimensions], data }
  const bySeed: Float32Array[] = []
  for (const head of heads) bySeed.push(await head.predict(x))
  return averageProbabilities(bySeed)
}
