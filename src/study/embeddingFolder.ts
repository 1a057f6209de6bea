// Embeddings as a folder of their own, outside a study: embeddings.npy, patches.csv (id, center, slide,
// label, and patient where known, in the order of its rows) and manifest.json. What `eosin embed` writes and `eosin classify` reads.

import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, type NdArray, type Progress, UsageError } from '../base/index.ts'
import type { Agreement, Extractor } from '../embed/index.ts'
import { hashBlocks, readMatrixFile, readTextFile, writeFileAtomic } from '../files/index.ts'
import { readCsv, writeCsvBlocks } from '../formats/index.ts'
import type { FittedStain } from '../normalise/index.ts'
import { fitOwnGroups, summariseFit } from '../normalise/index.ts'
import { allRows, orderPatches, type PatchSet } from '../patches/index.ts'
import { type FolderKind, type FolderWork, fillFolder, requireReplaceable } from '../tasks/index.ts'
import { type EmbeddingManifest, readEmbeddingManifest } from './embeddingManifest.ts'
import {
  joinShards,
  missingShards,
  removeShards,
  type Shard,
  shardFolder,
  shardRows,
} from './embeddingShards.ts'
import { listPatches } from './patchColumns.ts'
import { readAgreement, writeAgreement } from './steps/agreement.ts'
import { oneView } from './steps/augmentViews.ts'
import { embedRows } from './steps/embedSplit.ts'

/** Embeddings with what is known of their patches. */
export interface EmbeddingFolder {
  readonly manifest: EmbeddingManifest
  readonly x: NdArray<'f32'>
  readonly ids: readonly string[]
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly patients: readonly string[] | null
  readonly labels: Uint8Array | null
}

const kind: FolderKind = {
  about: 'a folder of embeddings',
  manifest: 'manifest.json',
  key: 'extractorKey',
  isOwn: (name) => ['embeddings.npy', 'patches.csv', 'verdicts.npy', 'agreement.json'].includes(name),
}

/** What is embedded into a folder, by what. */
export interface EmbeddingJob {
  readonly folder: string
  readonly set: PatchSet
  readonly stain: FittedStain
  readonly extractor: Extractor
  readonly progress: Progress
  /** One shard only; the last to be there is joined with the others. */
  readonly shard?: Shard
  /** Replaces other embeddings in `folder`. */
  readonly overwrite?: boolean
  /** Told in a sentence where another process makes the same. */
  readonly onWait?: (sentence: string) => void
}

/** What became of a job. */
export interface EmbeddingOutcome {
  /** The folder that was written: the whole, or a shard while others are missing. */
  readonly folder: string
  readonly rows: number
  /** Indices of the shards that are not there yet. */
  readonly missingShards: readonly number[]
  /** Of an extractor that computes in less than single precision. */
  readonly agreement: Agreement | null
}

/**
 * Embeds a set, or a shard of it; begun work is kept in `<folder>.work` and gone on with, and what is there already, or
 * another process is making, is not made again. Throws UsageError where `folder` holds other embeddings and may not be
 * replaced, or anything that is no embeddings.
 */
export async function writeEmbeddingFolder(job: EmbeddingJob): Promise<EmbeddingOutcome> {
  const { set, shard, overwrite } = job
  const folder = job.folder.replace(/[\\/]+$/, '') // its shards are named after it
  if (overwrite || !existsSync(folder)) await requireReplaceable(folder, kind)
  const manifest = `${JSON.stringify(await describeJob(job), null, 1)}\n`
  const report = async (path: string, missing: readonly number[]) => ({
    folder: path,
    rows: shard && missing.length > 0 ? shardRows(allRows(set), shard).length : set.count,
    missingShards: missing,
    agreement: await readAgreement({ folder: path }),
  })
  const isWhole = async (path = folder) => {
    if ((await readManifest(path)) === manifest) return true
    if (path === folder && existsSync(folder) && !overwrite) throw refuseFolder(folder)
    return false
  }
  const fill = (path: string, work: FolderWork['fill'], isDone = () => isWhole(path)) =>
    fillFolder(path, {
      isDone,
      fill: (at) => beginWork(at, manifest).then(() => work(at)),
      onWait: job.onWait,
    })
  if (!shard) {
    const isDone = async () => !overwrite && isWhole()
    await fill(folder, (work) => embedInto(job, work, allRows(set)), isDone)
    return report(folder, [])
  }
  if (!overwrite && (await isWhole())) return report(folder, [])
  const own = shardFolder(folder, shard)
  await requireReplaceable(own, kind)
  await fill(own, (work) => embedInto(job, work, shardRows(allRows(set), shard)))
  const missing = missingShards(folder, shard.of)
  if (missing.length > 0 && !(await isWhole())) return report(own, missing)
  await fill(folder, async (work) => {
    await joinShards(folder, work, shard.of, job.extractor.dimensions, manifest)
    await writeFileAtomic(join(work, 'patches.csv'), writePatchTable(set, allRows(set)))
  })
  await removeShards(folder, shard.of)
  return report(folder, [])
}

async function describeJob({ set, stain, extractor }: EmbeddingJob): Promise<EmbeddingManifest> {
  return {
    source: set.source,
    origin: set.origin,
    fingerprint: await set.fingerprint(),
    stain: stain.entry.name,
    fit: summariseFit(stain.fit),
    fallback: stain.entry.fallback,
    extractor: extractor.name,
    extractorKey: extractor.key,
    ...(extractor.views !== undefined && { views: extractor.views }),
    dimensions: extractor.dimensions,
    featureNames: extractor.featureNames,
    table: hashBlocks(writePatchTable(set, allRows(set))),
  }
}

function refuseFolder(folder: string): UsageError {
  return new UsageError({
    where: folder,
    got: 'a folder with something else in it',
    hint: 'give --overwrite or another --out',
  })
}

async function embedInto(job: EmbeddingJob, work: string, rows: Uint32Array): Promise<void> {
  const { set, stain, extractor, progress } = job
  const all = allRows(set)
  let ordered: Promise<Uint32Array> | undefined // one pass over the set, if anybody asks for it
  const order = () => (ordered ??= orderPatches(set, all, progress))
  const groups = await fitOwnGroups(set, stain.entry, order)
  const parts = { set, stain, groups, extractor, folder: work }
  await writeAgreement({ ...parts, rows: all }, order)
  await embedRows({ ...parts, rows, augmenter: oneView, progress })
  await writeFileAtomic(join(work, 'patches.csv'), writePatchTable(set, rows))
}

function writePatchTable(set: PatchSet, rows: Uint32Array) {
  return writeCsvBlocks(listPatches(set, rows))
}

const readManifest = (folder: string) => readFile(join(folder, 'manifest.json'), 'utf8').catch(() => null)

// Chunks in the work folder may be gone on with only if they come from the same patches, stain and extractor.
async function beginWork(work: string, manifest: string): Promise<void> {
  if ((await readManifest(work)) === manifest) return
  for (const name of await readdir(work)) await rm(join(work, name), { recursive: true, force: true })
  await writeFileAtomic(join(work, 'manifest.json'), manifest)
}

/**
 * Reads what `writeEmbeddingFolder` wrote; embeddings of any float or integer dtype come as float32. Throws DataError where
 * files are missing or do not fit, or patches.csv is no longer what was written with the embeddings.
 */
export async function readEmbeddingFolder(folder: string): Promise<EmbeddingFolder> {
  const x = await readMatrixFile(join(folder, 'embeddings.npy'))
  const path = join(folder, 'patches.csv')
  const text = await readTextFile(path)
  const { id, center, slide, label, patient = [] } = readCsv(text, path)
  if (id.length !== x.shape[0]) {
    throw new DataError({
      where: path,
      expected: `${x.shape[0]} rows, as embeddings.npy has`,
      got: `${id.length}`,
    })
  }
  const manifest = await readEmbeddingManifest(folder)
  const known = (values: readonly string[]) => (values.every((value) => value === '') ? null : values)
  return {
    manifest,
    x,
    ids: id,
    centers: known(center),
    slides: known(slide),
    patients: known(patient),
    labels: known(label) && Uint8Array.from(label, Number),
  }
}
