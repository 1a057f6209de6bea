// Step 5: the predictions of a cell's seeds, or of an ensemble's cells, become one evaluation: single seeds for the spread,
// averaged probabilities for the figures, intervals clustered by slide or patient.

import { join } from 'node:path'
import {
  averageProbabilities,
  type Evaluation,
  evaluate,
  overSeeds,
  scoreAbstention,
  summarize,
  type Threshold,
  type ThresholdRule,
} from '../../evaluate/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import { predictsByShare, type Recipe, usesTestPixels } from '../../recipe/index.ts'
import { type Cell, type CellDecision, readJson, type SeedResult, type Split } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import { forecastCenters } from '../forecastCenters.ts'
import type { Candidate } from '../grid.ts'
import type { Ground } from '../ground.ts'
import type { OpenSplit, OpenSplits } from '../splits.ts'
import type { FilteredSplit } from './filter.ts'
import { type ChosenRows, chooseRows } from './headRows.ts'
import type { TrainedHead } from './trainHead.ts'

/** What is known of some patches. */
export interface SplitTruth {
  readonly labels: Uint8Array | null
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly patients: readonly string[] | null
}

/** The same, of patches with labels. */
export type LabelledTruth = SplitTruth & { readonly labels: Uint8Array }

/** The metadata of a split's kept rows. */
export function truthOf({ set, rows }: FilteredSplit): SplitTruth {
  const pick = (values: readonly string[] | null) => values && Array.from(rows, (row) => values[row])
  return {
    labels: set.labels && Uint8Array.from(rows, (row) => set.labels![row]),
    centers: pick(set.centers),
    slides: pick(set.slides),
    patients: pick(set.patients),
  }
}

/** The metadata of the rows of centers that are held out one after the other, in the order that they are predicted in. */
export function truthOfHeldOut(seen: readonly FilteredSplit[], centers: readonly string[]): LabelledTruth {
  const parts = centers.flatMap((center) => chooseRows(seen, [center]))
  const pick = <T>(take: (split: ChosenRows[0], row: number) => T) =>
    parts.flatMap(([split, rows]) => Array.from(rows, (row) => take(split, row)))
  const pickNames = (what: 'slides' | 'patients') =>
    parts.every(([{ set }]) => set[what]) ? pick(({ set }, row) => set[what]![row]) : null
  return {
    labels: Uint8Array.from(pick(({ set }, row) => set.labels![row])),
    centers: pick(({ set }, row) => set.centers![row]),
    slides: pickNames('slides'),
    patients: pickNames('patients'),
  }
}

/** The predictions of a cell or an ensemble, with what is known of the patches. */
export interface CandidatePredictions {
  /** The heads of each member. */
  readonly heads: readonly (readonly TrainedHead[])[]
  /** Of each seed: its probabilities, averaged over the members of an ensemble. */
  readonly seeds: readonly Pick<TrainedHead, 'curve' | 'probabilities'>[]
  /** Averaged over seeds and members, then divided by the temperature, as those of single seeds are. */
  readonly probabilities: Readonly<Partial<Record<Split, Float32Array>>>
  readonly truths: Readonly<Partial<Record<Split, SplitTruth>>>
  /** For every labelled center by heads that have not seen it; null under the protocol `challenge`. */
  readonly heldOut: {
    readonly truth: LabelledTruth
    readonly probabilities: Float32Array
    readonly threshold: Threshold
  } | null
  /** From which probability on patches are predicted to be tumour. */
  readonly thresholds: Readonly<Partial<Record<Split, Threshold>>>
  /** The same of patches without labels, and what of their log odds. */
  readonly rule: DecisionRule
  /** What is to be said of it; null where the recipe gives a threshold and asks for no temperature. */
  readonly decision: CellDecision | null
}

/** What is kept of a decision for patches without labels. */
export interface DecisionRule {
  readonly threshold: ThresholdRule
  /** What log odds are divided by; 1 where none was fitted. */
  readonly temperature: number
  /** Patches nearer to the threshold are left to a person; not there where none are. */
  readonly margin?: number
}

/** The ground of a candidate: centers that were held out in turn, or val under the protocol `challenge`. */
export function groundOf({
  heldOut,
  truths,
  probabilities,
  thresholds,
}: Pick<CandidatePredictions, 'heldOut' | 'truths' | 'probabilities' | 'thresholds'>): Ground {
  if (heldOut) return heldOut
  return {
    truth: truths.val as LabelledTruth,
    probabilities: probabilities.val!,
    threshold: thresholds.val!,
    isVal: true,
  }
}

// A cell without its place in the grid.
type CellResult = Pick<
  Cell,
  | 'seeds'
  | 'valAccuracyOverSeeds'
  | 'testAccuracyOverSeeds'
  | 'val'
  | 'test'
  | 'heldOut'
  | 'forecasts'
  | 'abstention'
  | 'decision'
>

/** What a candidate's figures are made from: its heads, by key, and the labels that they are judged by. */
export function evaluationInputs(
  { seed, evaluate: { threshold, temperature, abstain } }: Recipe,
  { members }: Candidate,
  { train, val, test }: OpenSplits,
): CacheInputs {
  const keysOf = (heads: readonly { readonly inputs: CacheInputs }[]) =>
    heads.map(({ inputs }) => keyOf(inputs))
  const folds = members.flatMap((cell) => cell.folds.map((fold) => keysOf(fold.heads)))
  return {
    stage: 'evaluate',
    version: 6,
    heads: members.map(({ heads }) => keysOf(heads)),
    labels: [val.labelsKey(), test?.labelsKey() ?? null],
    ...listPatients({ val, test, ...(folds.length > 0 && { train }) }),
    ...(folds.length > 0 && { folds, trainLabels: train.labelsKey() }),
    seed,
    options: {
      threshold,
      ...(temperature !== 'none' && { temperature }),
      ...(abstain !== 'none' && { abstain }),
    },
  }
}

// Of splits that know their patients: keys of patches say nothing of them.
function listPatients(splits: Readonly<Partial<Record<Split, OpenSplit>>>) {
  const keys = Object.entries(splits).map(([name, split]) => [name, split?.patientsKey ?? null] as const)
  const known = keys.filter(([, key]) => key !== null)
  return known.length > 0 ? { patients: Object.fromEntries(known) } : {}
}

/** Evaluates a candidate on val, on test where it has labels, and on centers that were held out, into `folder`. */
export async function makeEvaluation(
  recipe: Recipe,
  predictions: CandidatePredictions,
  folder: string,
): Promise<void> {
  const result = judge(recipe, predictions)
  await writeFileAtomic(join(folder, 'cell.json'), `${JSON.stringify(result)}\n`)
}

/** Reads what `makeEvaluation` wrote. */
export async function readEvaluation(
  recipe: Recipe,
  { folder }: CacheEntry,
  candidate: Candidate,
): Promise<Cell> {
  const { id, members } = candidate
  const result = await readJson<CellResult>(join(folder, 'cell.json'))
  const nameOf = (label: (member: Candidate['members'][number]) => string) => {
    const names = [...new Set(members.map(label))]
    return names.length === 1 ? names[0] : 'several'
  }
  return {
    id,
    stain: nameOf(({ pair }) => pair.stain.label),
    augment: nameOf(({ pair }) => pair.augment.label),
    embed: nameOf(({ pair }) => pair.embed.label),
    adapt: nameOf(({ adapt }) => adapt.label),
    classify: nameOf(({ classify }) => classify.label),
    ...(members.length > 1 && { members: members.map((member) => member.id) }),
    ...(isTransductiveCandidate(recipe, candidate) && { transductive: true as const }),
    ...result,
  }
}

/** Whether what a candidate predicts rests on unlabelled patches of the test split. */
export function isTransductiveCandidate(recipe: Recipe, { members }: Pick<Candidate, 'members'>): boolean {
  return predictsByShare(recipe) || members.some(isTransductiveCell)
}

/** Whether the heads of a cell use unlabelled patches of the test split. */
export function isTransductiveCell({ pair, adapt }: Candidate['members'][number]): boolean {
  return usesTestPixels({ stain: pair.stain, adapt })
}

function judge(recipe: Recipe, predictions: CandidatePredictions): CellResult {
  const { seeds: singles, probabilities, truths, heldOut, thresholds, decision } = predictions
  const { seed } = recipe
  const judgeRows = (
    truth: SplitTruth | undefined,
    rows: Float32Array | undefined,
    threshold: Threshold | undefined,
  ): Evaluation | null =>
    truth?.labels && rows
      ? evaluate({ ...truth, labels: truth.labels, probabilities: rows, seed, threshold })
      : null
  const summarise = (single: Float32Array | undefined, split: Split) => {
    const { labels = null, centers = null } = truths[split] ?? {}
    return labels && single
      ? summarize({ labels, centers, probabilities: single, threshold: thresholds[split] })
      : null
  }
  const seeds = singles.map((single, i): SeedResult => {
    const val = summarise(single.probabilities.val, 'val')!
    const test = summarise(single.probabilities.test, 'test')
    return {
      seed: recipe.seeds[i],
      curve: single.curve,
      valAccuracy: val.accuracy,
      testAccuracy: test?.accuracy ?? null,
      valAuroc: val.auroc,
      testAuroc: test?.auroc ?? null,
    }
  })
  const test = judgeRows(truths.test, probabilities.test, thresholds.test)
  return {
    seeds,
    valAccuracyOverSeeds: overSeeds(seeds.map((one) => one.valAccuracy)),
    testAccuracyOverSeeds: test && overSeeds(seeds.map((one) => one.testAccuracy!)),
    val: judgeRows(truths.val, probabilities.val, thresholds.val)!,
    test,
    ...(heldOut && { heldOut: judgeRows(heldOut.truth, heldOut.probabilities, heldOut.threshold)! }),
    ...(truths.test && {
      forecasts: forecastCenters(groundOf(predictions), {
        centers: truths.test.centers,
        probabilities: probabilities.test!,
        threshold: thresholds.test!,
      }),
    }),
    ...(decision && { decision }),
    ...judgeAbstention(recipe, predictions),
  }
}

// What abstention leaves out, and how accurate the rest is.
function judgeAbstention(
  { seed, evaluate: { abstain } }: Recipe,
  { probabilities, truths, heldOut, thresholds, rule: { margin } }: CandidatePredictions,
): Pick<CellResult, 'abstention'> {
  if (margin === undefined || abstain === 'none') return {}
  const score = (truth: SplitTruth, rows: Float32Array, threshold: Threshold) =>
    scoreAbstention({ ...truth, probabilities: rows, threshold, seed }, margin)
  const { test } = truths
  return {
    abstention: {
      share: abstain,
      margin,
      val: score(truths.val!, probabilities.val!, thresholds.val!),
      test: test ? score(test, probabilities.test!, thresholds.test!) : null,
      ...(heldOut && { heldOut: score(heldOut.truth, heldOut.probabilities, heldOut.threshold) }),
    },
  }
}

/** The mean of each split's probabilities over several models. */
export function averageSplits(
  models: readonly Readonly<Partial<Record<Split, Float32Array>>>[],
): Partial<Record<Split, Float32Array>> {
  const splits = Object.keys(models[0]) as Split[]
  return Object.fromEntries(
    splits.map((split) => [split, averageProbabilities(models.map((model) => model[split]!))]),
  )
}
