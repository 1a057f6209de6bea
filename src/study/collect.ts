// What a study's tasks made, gathered for the run folder: every cell, and what was measured beside them. What could not be
// made is a gap with a reason.

import { describeCause, hideFolders } from '../base/index.ts'
import { averageProbabilities, evaluate, type Threshold } from '../evaluate/index.ts'
import { countVerdicts, readVerdicts, type StudyStain } from '../normalise/index.ts'
import type {
  Cell,
  EmbeddingAgreement,
  Failure,
  Found,
  Metrics,
  PairSignature,
  RunForecast,
  ShareSensitivity,
  Split,
  StageTiming,
  StainEffect,
  VerdictCounts,
} from '../runs/index.ts'
import { type CacheEntry, findPeak } from '../tasks/index.ts'
import { decideUnlabelled } from './decide.ts'
import { effectTask, firstPairs, stainEntries } from './entries.ts'
import { type Candidate, type EmbeddingPair, nameEmbeddings } from './grid.ts'
import type { Materials } from './materials.ts'
import type { ModelMember } from './model.ts'
import type { KeyedTask } from './openStudy.ts'
import type { TaskOutcome } from './runTasks.ts'
import { describeChoice, type PredictedCandidate, selectCandidate } from './selectCandidate.ts'
import { readAgreement } from './steps/agreement.ts'
import { compareCells } from './steps/compareCells.ts'
import { evaluationInputs, readEvaluation } from './steps/evaluateCell.ts'
import type { Filtered } from './steps/filter.ts'
import { effectSplits, hasSignature, readEffect, readSignature, signatureInputs } from './steps/judgeStain.ts'
import { isAligned, readShares, shareInputs } from './steps/measureShares.ts'
import { listRefits, readRefit } from './steps/refit.ts'
import type { CellProbabilities } from './steps/writePredictions.ts'

/** A cell with all that was made of it. */
export interface JudgedCell extends PredictedCandidate {
  readonly result: Cell
}

/** Embeddings of one pair, by split, as far as they were made. */
export type PairEntries = Readonly<Partial<Record<Split, CacheEntry>>>

/** Probabilities of the test split, and from which one on its patches are predicted to be tumour. */
export interface TestPredictions {
  readonly probabilities: Float32Array
  readonly threshold: Threshold
}

/** All that the tasks of a study made. */
export interface Collected {
  /** The model of what was chosen. */
  readonly model: readonly ModelMember[]
  /** What the chosen cell predicts of the test split once it was trained on all labelled patches; null without. */
  readonly refitted: TestPredictions | null
  readonly filtered: Filtered
  readonly stains: readonly StudyStain[]
  readonly embedded: ReadonlyMap<EmbeddingPair, PairEntries>
  readonly judged: readonly JudgedCell[]
  readonly chosen: JudgedCell
  readonly metrics: Metrics
  readonly timings: readonly StageTiming[]
  /** null where nothing was to be done. */
  readonly forecast: RunForecast | null
}

/** The probabilities of each cell, by its id. */
export function gatherProbabilities(judged: readonly JudgedCell[]): CellProbabilities {
  return Object.fromEntries(judged.map(({ result, predictions }) => [result.id, predictions.probabilities]))
}

/** Gathers what was made. Throws the first failure where no cell could be judged. */
export async function collect(
  materials: Materials,
  outcome: TaskOutcome,
  { within, orders, exposures }: Found,
): Promise<Collected> {
  const { study, cache } = materials
  const { recipe, tasks } = study
  const judged = await collectCells(materials)
  if (judged.length === 0) throw outcome.failed[0]?.cause ?? new Error('a study without cells')
  const filtered = await materials.allFiltered()
  const selection = selectCandidate(recipe, judged)
  const chosen = judged.find(({ candidate }) => candidate.id === selection.chosen)!
  const refit = await collectRefit(materials, chosen)
  const embedded = await collectEmbeddings(materials)
  const agreements = await readAgreements(embedded)
  const failures = outcome.failed.map(({ task, cause, skipped }): Failure => {
    return { task: nameTask(task), reason: hideFolders(describeCause(cause)), skipped: skipped.map(nameTask) }
  })
  const metrics: Metrics = {
    cells: judged.map(({ result }) => result),
    chosen: chosen.result.id,
    chosenBy: describeChoice(selection, recipe.protocol),
    selection,
    ...(refit && { refit: describeRefit(chosen, refit) }),
    differences: compareCells(
      chosen.result.id,
      Object.fromEntries(judged.map(({ result, predictions }) => [result.id, predictions])),
      await materials.truths(),
    ),
    ...(await collectShares(materials)),
    verdicts: await collectVerdicts(filtered, embedded),
    effects: await collectEffects(materials),
    signatures: await collectSignatures(materials),
    ...(within && { within }),
    orders,
    exposures,
    ...(agreements.length > 0 && { agreements }),
    ...(failures.length > 0 && { failures }),
  }
  const timings: StageTiming[] = []
  let bytes = 0
  const held: Parameters<typeof findPeak>[0][number][] = []
  for (const task of tasks.filter(({ inputs }) => cache.has(inputs))) {
    const { cost } = await cache.find(task.inputs)
    const slot = outcome.made.get(task.key)
    const { seconds, peakRssMb } = cost
    timings.push({ stage: nameTask(task), seconds, peakRssMb, cached: slot === undefined, items: task.items })
    if (!slot) continue
    bytes += cost.bytes ?? 0
    held.push({ ...slot, amount: peakRssMb })
  }
  const stains = await collectStains(materials)
  return {
    filtered,
    stains,
    model: await collectModel(materials, chosen.candidate, refit?.heads ?? chosen.predictions.heads, stains),
    refitted: refit?.predicted ?? null,
    embedded,
    judged,
    chosen,
    metrics,
    timings,
    forecast: compareForecast(outcome, { bytes, peakRssMb: findPeak(held) }),
  }
}

// The chosen cell as it was trained again; null where the recipe does not ask for it, or not all could be made.
async function collectRefit({ study, cache, truths }: Materials, { candidate, predictions }: JudgedCell) {
  const { recipe, splits, grid } = study
  const { seeds } = listRefits(recipe, grid.candidates, splits)
  if (seeds.length === 0 || !seeds.every(({ inputs }) => cache.has(inputs))) return null
  const entries = await Promise.all(seeds.map(({ inputs }) => cache.find(inputs)))
  const heads = await Promise.all(candidate.members.map((_, member) => readRefit(entries, member, splits)))
  if (!splits.test) return { heads, predicted: null, evaluation: null }
  const means = heads.map((own) => averageProbabilities(own.map(({ probabilities }) => probabilities.test!)))
  const truth = (await truths()).test!
  const predicted = decideUnlabelled(predictions.rule, averageProbabilities(means), truth.centers)
  const evaluation = truth.labels
    ? evaluate({ ...truth, labels: truth.labels, ...predicted, seed: recipe.seed })
    : null
  return { heads, predicted, evaluation }
}

// What metrics.json says of it; its threshold where that is not given by the recipe.
function describeRefit(
  { candidate, predictions: { decision } }: JudgedCell,
  { predicted, evaluation }: NonNullable<Awaited<ReturnType<typeof collectRefit>>>,
): NonNullable<Metrics['refit']> {
  const threshold = decision && predicted?.threshold
  return { cell: candidate.id, test: evaluation, ...(threshold !== null && { threshold }) }
}

async function collectModel(
  materials: Materials,
  { members: cells }: Candidate,
  heads: JudgedCell['predictions']['heads'],
  stains: readonly StudyStain[],
): Promise<ModelMember[]> {
  const members: ModelMember[] = []
  for (const [i, cell] of cells.entries()) {
    const stain = stains.find(({ entry }) => entry.label === cell.pair.stain.label)!
    const reference = (await materials.alignments(cell))?.reference ?? null
    members.push({ cell, stain, heads: heads[i], reference })
  }
  return members
}

// What was forecast beside what came of it; null where nothing was to be done.
function compareForecast(
  { forecast, seconds }: TaskOutcome,
  made: { readonly bytes: number; readonly peakRssMb: number },
): RunForecast | null {
  const { tasks, jobs, threads, ...expected } = forecast
  if (tasks.length === 0) return null
  const unknown = tasks.filter(({ known }) => known === 'unknown').length
  return { tasks: tasks.length, unknown, jobs, threads, forecast: expected, outcome: { seconds, ...made } }
}

const nameTask = ({ stage, what }: KeyedTask) => `${stage} ${what}`

async function collectCells(materials: Materials): Promise<JudgedCell[]> {
  const { study, cache } = materials
  const judged: JudgedCell[] = []
  for (const candidate of study.grid.candidates) {
    const evaluation = evaluationInputs(study.recipe, candidate, study.splits)
    const heads = candidate.members.flatMap((cell) => [
      ...cell.heads,
      ...cell.folds.flatMap((fold) => fold.heads),
    ])
    if (![evaluation, ...heads.map(({ inputs }) => inputs)].every(cache.has)) continue
    judged.push({
      candidate,
      result: await readEvaluation(study.recipe, await cache.find(evaluation), candidate),
      predictions: await materials.predictions(candidate),
    })
  }
  return judged
}

async function collectEmbeddings({ study, cache }: Materials): Promise<Map<EmbeddingPair, PairEntries>> {
  const embedded = new Map<EmbeddingPair, PairEntries>()
  for (const pair of study.grid.pairs) {
    const entries: Partial<Record<Split, CacheEntry>> = {}
    for (const [split, inputs] of Object.entries(pair.inputs)) {
      if (cache.has(inputs)) entries[split as Split] = await cache.find(inputs)
    }
    embedded.set(pair, entries)
  }
  return embedded
}

async function collectStains(materials: Materials): Promise<StudyStain[]> {
  const { study, cache } = materials
  const stains: StudyStain[] = []
  for (const entry of study.recipe.stain) {
    const { fit, groups } = stainEntries(study, entry)
    if ([fit, ...Object.values(groups)].every(cache.has)) stains.push(await materials.stain(entry))
  }
  return stains
}

async function collectEffects({ study, cache }: Materials): Promise<StainEffect[]> {
  const shown = effectSplits(study.splits)
  const effects: StainEffect[] = []
  for (const stain of shown.length > 0 ? study.recipe.stain : []) {
    const inputs = effectTask(study.recipe, shown, study.grid, stain)
    if (cache.has(inputs)) effects.push(await readEffect(await cache.find(inputs), stain.label))
  }
  return effects
}

async function collectSignatures({ study, cache }: Materials): Promise<PairSignature[]> {
  const signatures: PairSignature[] = []
  for (const pair of firstPairs(study.grid)) {
    if (!hasSignature(pair, study.splits)) continue
    const inputs = signatureInputs(study.recipe, pair, study.splits)
    const signature = cache.has(inputs) ? await readSignature(await cache.find(inputs)) : null
    if (signature) signatures.push({ stain: pair.stain.label, embed: pair.embed.label, ...signature })
  }
  return signatures
}

async function collectShares({ study, cache }: Materials): Promise<Pick<Metrics, 'shares'>> {
  const { recipe, grid, splits } = study
  const measured: ShareSensitivity[] = []
  for (const cell of grid.cells.filter(isAligned)) {
    const inputs = shareInputs(recipe, grid, cell, splits)
    if (cache.has(inputs)) measured.push(await readShares(await cache.find(inputs)))
  }
  const notMeasured = grid.cells.filter(({ adapt }) => adapt.options.target).map(({ id }) => id)
  return measured.length + notMeasured.length > 0 ? { shares: { measured, notMeasured } } : {}
}

async function readAgreements(embedded: Collected['embedded']): Promise<EmbeddingAgreement[]> {
  const agreements: EmbeddingAgreement[] = []
  for (const [pair, entries] of embedded) {
    for (const [split, entry] of Object.entries(entries)) {
      const agreement = await readAgreement(entry)
      const embeddings = nameEmbeddings(pair, split as Split)
      const isKnown = agreements.some((other) => other.embeddings === embeddings && other.split === split)
      if (agreement && !isKnown)
        agreements.push({ embeddings, embed: pair.embed.label, split: split as Split, ...agreement })
    }
  }
  return agreements
}

// One count a stain method and split, of the patches that passed the filter.
async function collectVerdicts(
  filtered: Filtered,
  embedded: Collected['embedded'],
): Promise<VerdictCounts[]> {
  const verdicts: VerdictCounts[] = []
  for (const [{ stain }, entries] of embedded) {
    for (const [name, { folder }] of Object.entries(entries)) {
      const split = name as Split
      if (verdicts.some((known) => known.stain === stain.label && known.split === split)) continue
      const { set, rows } = filtered[split]!
      verdicts.push({
        stain: stain.label,
        split,
        byCenter: countVerdicts(set, rows, await readVerdicts(folder)),
      })
    }
  }
  return verdicts
}
