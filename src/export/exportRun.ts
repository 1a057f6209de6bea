// The model of a run as one ONNX file: written aside, compared with the run's own predictions on its patches, and only
// then given its name.

import { existsSync } from 'node:fs'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { alignsTarget } from '../adapt/index.ts'
import { EngineError, type Progress, UsageError } from '../base/index.ts'
import { openExtractorGraph } from '../embed/index.ts'
import {
  explainWriteError,
  followLinks,
  hashBytes,
  largestOnnx,
  makeFolder,
  writeOnnxFile,
} from '../files/index.ts'
import { emitParts } from '../graph/index.ts'
import { type OpenOptions, openPatchSet, type PatchSet, selectPatches } from '../patches/index.ts'
import { readRunData } from '../recipe/index.ts'
import { type Manifest, readJson } from '../runs/index.ts'
import { type MemberFile, type ModelFile, openModel, readHeadFiles, readModelFile } from '../study/index.ts'
import { describePipeline } from './metadata.ts'
import { openPipeline } from './openPipeline.ts'
import { writePipeline } from './pipeline.ts'

/** How a run is exported; `format` to `labelNames` say how the patches to compare on are read. */
export interface ExportOptions
  extends Pick<OpenOptions, 'format' | 'part' | 'columns' | 'folders' | 'labelNames'> {
  /** The run's folder. */
  readonly run: string
  /** The file to write; a file of tensors beside it is called `<out>.data`. */
  readonly out: string
  /** The threshold that the file states; by default the run's. */
  readonly threshold?: number
  /** Patches to compare on; by default the run's val split, and false compares nothing. */
  readonly verify?: string | false
  readonly device: string
  readonly threads?: number
  /** Bytes of tensors above which they go to a file of their own. */
  readonly limit?: number
  readonly progress: Progress
}

/** What was written and how well it agrees. */
export interface ExportResult {
  readonly out: string
  readonly model: string
  /** Size of all files in bytes. */
  readonly bytes: number
  /** The file that holds the tensors, where there is one beside `out`. */
  readonly data: string | null
  readonly threshold: number
  /** The model's stain was fitted on unlabelled patches of the run's test split; not there where it was not. */
  readonly transductive?: true
  /** Patches compared with the run's predictions, and the largest difference of probabilities. */
  readonly compared: number
  readonly largestDifference: number | null
}

/** Probabilities of a pipeline and of its run are at most this far apart. */
export const exportTolerance = 1e-5

// Patches that are compared, at most, spread evenly over the set.
const mostCompared = 256

/**
 * Exports the model of a run; one process at a time may write `out`. Throws UsageError for what has no graph, for a threshold by share or where there are no patches to compare on,
 * EngineError where the file does not give the run's probabilities to `exportTolerance`; nothing is then left behind.
 */
export async function exportRun(options: ExportOptions): Promise<ExportResult> {
  const { run, out } = options
  const model = await readModelFile(run)
  const manifest = await readJson<Manifest>(join(run, 'manifest.json'))
  const set = options.verify === false ? null : await openComparison(options)
  try {
    const member = requireSingle(run, model)
    const extractor = await openExtractorGraph(member.embed.name, member.embed.options)
    const heads = await Promise.all(member.seeds.map((seed) => readHeadFiles(run, member, seed)))
    const { height, width } = manifest.splits.train!
    const { patches, probability } = writePipeline({
      model: member,
      temperature: model.temperature,
      extractor,
      heads,
      height,
      width,
    })
    const threshold = options.threshold ?? requireNumber(run, model)
    const recipeHash = hashBytes(await readFile(join(run, 'recipe.yaml')))
    const metadata = describePipeline({ model, member, manifest, extractor, recipeHash, threshold })
    const parts = emitParts({ probability }, { name: 'pipeline', inputs: [patches], metadata })
    const target = followLinks(out)
    const work = `${target}.work`
    await makeFolder(dirname(target))
    await clearFolder(work)
    try {
      const file = join(work, basename(target))
      await writeOnnxFile(file, parts, options.limit ?? largestOnnx)
      const largestDifference = set && (await compare(file, set, options))
      const { bytes, data } = await moveInto(work, target)
      const compared = set?.count ?? 0
      const mark = model.transductive && { transductive: model.transductive }
      return { out, model: model.cell, bytes, data, threshold, ...mark, compared, largestDifference }
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  } finally {
    await set?.close()
  }
}

// A pipeline sees each patch by itself, through one network. Throws UsageError for a model that needs more.
function requireSingle(run: string, { cell, members }: ModelFile): MemberFile {
  const [member] = members
  const where = `export ${run}`
  const hint = 'predict with the run instead (eosin predict --run), or run the study without it'
  if (members.length > 1) {
    const got = `${cell}, the mean of ${members.length} cells`
    throw new UsageError({ where, expected: 'the model of one cell', got, hint })
  }
  if (alignsTarget(member.adapt.options)) {
    const got = `${cell}, which needs the statistics of a center's patches`
    throw new UsageError({ where, expected: 'a model that predicts each patch by itself', got, hint })
  }
  return member
}

// A share is called among all patches of a center, of which a pipeline sees one at a time.
function requireNumber(run: string, { threshold }: ModelFile): number {
  if (typeof threshold === 'number') return threshold
  throw new UsageError({
    where: `export ${run}`,
    expected: 'a threshold that is a number',
    got: `one by a share of tumour of ${threshold.share}`,
    hint: 'give --threshold, or predict with the run instead (eosin predict --run)',
  })
}

// What a killed export left is removed first.
async function clearFolder(work: string): Promise<void> {
  try {
    await rm(work, { recursive: true, force: true })
    await makeFolder(work)
  } catch (cause) {
    throw explainWriteError(work, cause)
  }
}

async function openComparison({ run, verify, ...options }: ExportOptions): Promise<PatchSet> {
  const { format, part, columns, folders, labelNames } = options
  const spec = verify
    ? { path: verify, format, part, columns, folders, labelNames }
    : (await readRunData(run)).val
  if (!existsSync(spec.path)) {
    throw new UsageError({
      where: verify ? '--verify' : `${run} recipe data.val`,
      expected: 'patches to compare the pipeline with the run on',
      got: `${spec.path} is not there`,
      hint: 'give --verify PATCHES (any patches of the same size), or --no-verify',
    })
  }
  const opened = await openPatchSet(spec.path, spec)
  // A pipeline sees each patch by itself: none has a slide or center whose stain fit it could fall back on.
  const set = { ...opened, slides: null, centers: null }
  const count = Math.min(set.count, mostCompared)
  return selectPatches(
    set,
    Uint32Array.from({ length: count }, (_, i) => Math.floor((i * set.count) / count)),
  )
}

async function compare(file: string, set: PatchSet, options: ExportOptions): Promise<number> {
  const { run, progress } = options
  const model = await openModel(run, options)
  const pipeline = await openPipeline(file, options)
  try {
    const expected = await model.predict(set, (done) => progress(done, 2 * set.count))
    const found = await pipeline.predict(set, (done) => progress(set.count + done, 2 * set.count))
    const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0)
    if (difference <= exportTolerance) return difference
    throw new EngineError({
      where: options.out,
      expected: `the run's probabilities to ${exportTolerance}`,
      got: `a difference of ${difference.toExponential(1)} on ${set.source}`,
      hint: 'nothing was written; predict with the run instead, and report this',
    })
  } finally {
    await model.close()
    await pipeline.close()
  }
}

// The model comes last: where it is, all is there.
async function moveInto(work: string, out: string): Promise<{ bytes: number; data: string | null }> {
  const [model, tensors] = [join(work, basename(out)), join(work, `${basename(out)}.data`)]
  const data = existsSync(tensors) ? join(dirname(out), basename(tensors)) : null
  const bytes = (await stat(model)).size + (data ? (await stat(tensors)).size : 0)
  await rm(out, { force: true })
  await rm(join(dirname(out), basename(tensors)), { force: true })
  if (data) await rename(tensors, data)
  await rename(model, out)
  return { bytes, data }
}
