// Runs a study: patches -> quality -> stain -> embed -> classify -> evaluate -> report, every step cached,
// so that stopping it at any moment and starting it again ends in the same bytes.

import { rm } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { describeCause, UsageError } from '../base/index.ts'
import { describeIdle, type ProviderChoice, requireProvider } from '../engine/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import { countLeftOut, hiddenFile, type OpenedPatchSet } from '../patches/index.ts'
import { describeContradictions } from '../quality/index.ts'
import { writeReport } from '../report/index.ts'
import {
  type Cell,
  describeOverlap,
  type Manifest,
  type Metrics,
  type Overlap,
  openRunFolder,
  type PairSignature,
  type Split,
  type StainEffect,
} from '../runs/index.ts'
import { openCache, openHold } from '../tasks/index.ts'
import { listRecipeParts } from './deviceParts.ts'
import { type EmbeddedGrid, embedGrid, type PairEntries } from './embedGrid.ts'
import { requireBothClasses, requireFeasible } from './feasible.ts'
import { watchFiles } from './fingerprints.ts'
import { type GridCell, viewsOf } from './grid.ts'
import { removeModel, saveModel } from './model.ts'
import { findOverlaps } from './overlap.ts'
import { describeRun } from './provenance.ts'
import { printRecipe } from './recipe.ts'
import type { Recipe } from './recipeSchema.ts'
import { writeResults } from './results.ts'
import { closeSplits, type OpenSplits, openSplits } from './splits.ts'
import { repeatLabels } from './steps/augmentViews.ts'
import { compareCells } from './steps/compareCells.ts'
import { averageSeeds, evaluateCell, type SplitTruth, truthOf } from './steps/evaluateCell.ts'
import { type Filtered, type FilteredSplit, filterSplit } from './steps/filter.ts'
import type { Device } from './steps/fittedStain.ts'
import { measureEffect, measurePair } from './steps/judgeStain.ts'
import { makeGallery } from './steps/makeGallery.ts'
import { prepareStain, type StudyStain } from './steps/prepareStain.ts'
import { type HeadTask, type TrainedHead, trainHead } from './steps/trainHead.ts'
import { describeTraining } from './steps/trainStain.ts'
import { type CellProbabilities, writePredictions, writeRunSubmission } from './steps/writePredictions.ts'
import { noteCost, type Study, type StudyOptions } from './study.ts'

/** What a study left behind. */
export interface StudyResult {
  readonly folder: string
  readonly report: string
  readonly submission: string | null
  readonly manifest: Manifest
  readonly metrics: Metrics
}

// Stages that read patches: what they make is kept only if the files did not change meanwhile.
const pixelStages = ['quality', 'stain', 'embed']

/** Runs the study that `recipe` describes; what the cache holds is not done again. */
export async function runStudy(recipe: Recipe, options: StudyOptions): Promise<StudyResult> {
  const onWait = (sentence: string) => options.observer.note?.(sentence)
  const device = options.device as ProviderChoice
  await requireProvider(device)
  const idle = describeIdle(device, listRecipeParts(recipe))
  const run = await openRunFolder(placeRun(recipe, options), { onWait })
  let checkFiles = async () => {}
  const verify = async (stage: string) => (pixelStages.includes(stage) ? checkFiles() : undefined)
  const onDamage = (sentence: string) => {
    run.log.warn({ cache: sentence }, 'damaged entry')
    options.observer.warn?.(sentence)
  }
  const hold = await openHold(options.cache).catch(async (cause) => {
    await run.close()
    throw cause
  })
  const cache = openCache(options.cache, { onWait, onDamage, hold, verify })
  const study: Study = { recipe, options, cache, run, timings: [] }
  try {
    run.log.info({ recipe: recipe.name, seed: recipe.seed, device: idle ?? device }, 'study begins')
    if (idle) options.observer.note?.(idle)
    const splits = await openHashed(study)
    try {
      checkFiles = await watchFiles(Object.values(splits).map(({ set }) => set))
      return await runStages(study, splits)
    } finally {
      await closeSplits(splits)
    }
  } catch (cause) {
    run.log.error({ error: describeCause(cause) }, 'study failed')
    throw cause
  } finally {
    await hold.release()
    await run.close()
  }
}

// A run is no part of the cache, whatever both are called.
function placeRun({ name }: Recipe, { out, cache }: StudyOptions): string {
  const run = join(out, name)
  const place = relative(resolve(cache), resolve(run))
  if (place.startsWith('..') || isAbsolute(place)) return run
  throw new UsageError({
    where: `run ${name}`,
    got: `${run}, which lies in the cache`,
    hint: 'give another --cache, or another name',
  })
}

function openHashed(study: Study): Promise<OpenSplits> {
  return openSplits(study.recipe, study.cache, (split) => {
    const step = study.options.observer.step('patches', split)
    return {
      progress: step.progress,
      done({ hashed, set }) {
        step.end(hashed.cached)
        noteCost(study, 'patches', split, hashed, set.count)
      },
    }
  })
}

// Said at the start: whoever sees it may not want to wait for the end.
function noteOverlaps({ run, options }: Study, splits: OpenSplits): Overlap[] {
  const overlaps = findOverlaps(splits)
  for (const overlap of overlaps) {
    run.log.warn({ overlap }, 'splits overlap')
    options.observer.warn?.(`splits overlap: ${describeOverlap(overlap)}`)
  }
  return overlaps
}

// Files that their owner may take for patches (hidden ones nobody does), and folders that may mean something else.
function noteLeftOut({ run, options }: Study, splits: OpenSplits): void {
  for (const { split, set } of Object.values(splits)) {
    const { doubt } = set as Partial<OpenedPatchSet>
    if (doubt) {
      run.log.warn({ split, doubt })
      options.observer.warn?.(`${split}: ${doubt}`)
    }
    for (const [reason, count] of Object.entries(countLeftOut(set) ?? {})) {
      run.log.info({ split, leftOut: reason, count })
      if (reason !== hiddenFile) options.observer.warn?.(`${split}: ${count} left out: ${reason}`)
    }
  }
}

async function runStages(study: Study, splits: OpenSplits): Promise<StudyResult> {
  const { recipe } = study
  requireFeasible(recipe, splits)
  noteLeftOut(study, splits)
  const overlaps = noteOverlaps(study, splits)
  const filtered = await filterSplits(study, splits)
  const stains = await fitStains(study, splits, filtered)
  const { cells, embedded, verdicts, agreements, provenance } = await embedGrid(
    study,
    splits,
    filtered,
    stains,
  )
  const judged = await judgeCells(study, cells, filtered, embedded)
  const chosen = judged.reduce((best, cell) =>
    cell.result.val.accuracy.value > best.result.val.accuracy.value ? cell : best,
  )
  const metrics: Metrics = {
    cells: judged.map(({ result }) => result),
    chosen: chosen.result.id,
    chosenBy: 'best accuracy on val, seeds averaged',
    differences: compareCells(
      chosen.result.id,
      gatherProbabilities(judged),
      gatherTruths(filtered),
      recipe.evaluate.threshold,
    ),
    verdicts,
    ...(await judgeStains(study, filtered, stains, embedded)),
    ...(agreements.length > 0 && { agreements }),
  }
  const manifest = await describeRun(recipe, filtered, provenance, overlaps)
  return writeRun(study, { filtered, stains, embedded, judged, chosen, manifest, metrics })
}

// Structure and hospital signature: of each stain method, and of each of its extractors.
async function judgeStains(
  study: Study,
  filtered: Filtered,
  stains: ReadonlyMap<string, StudyStain>,
  embedded: EmbeddedGrid['embedded'],
): Promise<Pick<Metrics, 'effects' | 'signatures'>> {
  const { cache, recipe, options } = study
  const effects: StainEffect[] = []
  const signatures: PairSignature[] = []
  const step = options.observer.step('evaluate', 'stain methods')
  for (const stain of stains.values()) {
    const effect = await measureEffect(cache, filtered, stain)
    if (effect) effects.push(effect)
  }
  for (const [pair, { train, val }] of embedded) {
    const [stain, embed] = [pair.stain.label, pair.embed.label]
    if (signatures.some((known) => known.stain === stain && known.embed === embed)) continue
    const signature = await measurePair(cache, recipe, pair, { train: train!, val: val! }, filtered)
    if (signature) signatures.push({ stain, embed, ...signature })
    step.progress(signatures.length, undefined)
  }
  step.end(false)
  return { effects, signatures }
}

async function filterSplits(study: Study, splits: OpenSplits): Promise<Filtered> {
  const filtered: Partial<Record<Split, FilteredSplit>> = {}
  for (const split of Object.values(splits)) {
    const step = study.options.observer.step('quality', split.split)
    const result = await filterSplit(study.cache, study.recipe, split, step.progress)
    const { rejections, entry, set, rows } = result
    step.end(entry?.cached ?? false, `${rejections.length} of ${set.count} rejected`)
    noteCost(study, 'quality', split.split, entry, set.count)
    for (const sentence of describeContradictions(rejections)) {
      study.options.observer.warn?.(`${split.split}: ${sentence}`)
      study.run.log.warn({ split: split.split, quality: sentence })
    }
    if (split.split !== 'test') requireBothClasses(split.split, truthOf(result).labels!)
    study.run.log.info({ split: split.split, count: set.count, kept: rows.length }, 'quality')
    filtered[split.split] = result
  }
  return filtered as Filtered
}

async function fitStains(
  study: Study,
  splits: OpenSplits,
  filtered: Filtered,
): Promise<Map<string, StudyStain>> {
  const stains = new Map<string, StudyStain>()
  const device = { provider: study.options.device as Device['provider'], threads: study.options.threads }
  for (const entry of study.recipe.stain) {
    const step = study.options.observer.step('stain', entry.label)
    const stain = await prepareStain(
      study.cache,
      study.recipe,
      splits,
      filtered,
      entry,
      device,
      step.progress,
    )
    step.end(stain.entries.every(({ cached }) => cached))
    for (const made of stain.entries) noteCost(study, 'stain', entry.label, made, 0)
    stains.set(entry.label, stain)
  }
  return stains
}

// A cell with all that was made of it.
interface JudgedCell {
  readonly cell: GridCell
  readonly result: Cell
  readonly heads: readonly TrainedHead[]
  readonly probabilities: Readonly<Partial<Record<Split, Float32Array>>>
}

function gatherTruths(filtered: Filtered): Partial<Record<Split, SplitTruth>> {
  return Object.fromEntries(Object.values(filtered).map((split) => [split.split, truthOf(split)]))
}

function gatherProbabilities(judged: readonly JudgedCell[]): CellProbabilities {
  return Object.fromEntries(judged.map(({ result, probabilities }) => [result.id, probabilities]))
}

async function judgeCells(
  study: Study,
  grid: readonly GridCell[],
  filtered: Filtered,
  embedded: EmbeddedGrid['embedded'],
): Promise<JudgedCell[]> {
  const truths = gatherTruths(filtered)
  const judged: JudgedCell[] = []
  for (const pair of new Set(grid.map((cell) => cell.pair))) {
    const entries = embedded.get(pair)!
    for (const cell of grid.filter((other) => other.pair === pair)) {
      const heads = await trainCell(study, cell, entries, filtered)
      const step = study.options.observer.step('evaluate', cell.id)
      const result = await evaluateCell(study.cache, study.recipe, cell, heads, truths)
      step.end(false, `val ${(100 * result.val.accuracy.value).toFixed(1)} %`)
      const probabilities = {
        val: averageSeeds(heads, 'val'),
        ...(filtered.test && { test: averageSeeds(heads, 'test') }),
      }
      judged.push({ cell, result, heads, probabilities })
    }
  }
  return judged
}

async function trainCell(
  study: Study,
  cell: GridCell,
  entries: PairEntries,
  { train, val }: Filtered,
): Promise<TrainedHead[]> {
  const files = Object.fromEntries(
    Object.entries(entries).map(([split, { folder }]) => [split, join(folder, 'embeddings.npy')]),
  ) as HeadTask['files']
  const views = viewsOf(cell.pair, 'train')
  const labels = { train: repeatLabels(truthOf(train).labels!, views), val: truthOf(val).labels! }
  const heads: TrainedHead[] = []
  for (const { seed, inputs } of cell.heads) {
    const what = `${cell.id} seed ${seed}`
    const step = study.options.observer.step('classify', what)
    const head = await trainHead(
      study.cache,
      inputs,
      { entry: cell.classify, seed, device: study.options.device, files, labels },
      step.progress,
    )
    step.end(head.entry.cached, head.curve.length ? `${head.curve.length} epochs` : undefined)
    noteCost(study, 'classify', what, head.entry, labels.train.length)
    heads.push(head)
  }
  return heads
}

interface RunContent {
  readonly filtered: Filtered
  readonly stains: ReadonlyMap<string, StudyStain>
  readonly embedded: EmbeddedGrid['embedded']
  readonly judged: readonly JudgedCell[]
  readonly chosen: JudgedCell
  readonly manifest: Manifest
  readonly metrics: Metrics
}

async function writeRun({ recipe, options, timings, run }: Study, content: RunContent): Promise<StudyResult> {
  const { filtered, stains, judged, chosen, manifest, metrics } = content
  const step = options.observer.step('report', recipe.name)
  const { threshold } = recipe.evaluate
  const writeJson = (name: string, value: unknown) =>
    writeFileAtomic(run.file(name), `${JSON.stringify(value, null, 1)}\n`)
  await removeModel(run.path)
  await writeFileAtomic(run.file('recipe.yaml'), printRecipe(recipe))
  await writeJson('manifest.json', manifest)
  await writeJson('metrics.json', metrics)
  await writeJson('timings.json', timings)
  await writeResults(run, content)
  await writePredictions(run, filtered, gatherProbabilities(judged))
  await rm(run.file('submission.csv'), { force: true })
  const submission = await writeRunSubmission(run, filtered.test, chosen.probabilities.test, threshold)
  const stain = stains.get(chosen.cell.pair.stain.label)!
  await saveModel(run.path, chosen.cell, stain, chosen.heads, threshold, filtered.train.set)
  await rm(run.file('training.json'), { force: true })
  const learned = describeTraining([...stains.values()])
  if (learned.length > 0) await writeJson('training.json', learned)
  await writeJson(
    'gallery.json',
    await makeGallery(run.path, recipe.seed, filtered, [...stains.values()], chosen.probabilities),
  )
  const report = await writeReport(run.path)
  step.end(false)
  run.log.info({ chosen: metrics.chosen }, 'study done')
  return { folder: run.path, report, submission, manifest, metrics }
}
