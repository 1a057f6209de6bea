// Step 5: the predictions of a cell's seeds, or of an ensemble's cells, become one evaluation: single seeds for the spread,
// averaged probabilities for the figures, intervals clustered by slide.

import { join } from 'node:path'
import {
  averageProbabilities,
  type Evaluation,
  evaluate,
  overSeeds,
  summarize,
} from '../../evaluate/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import { type Recipe, usesTestPixels } from '../../recipe/index.ts'
import { type Cell, readJson, type SeedResult, type Split } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { Candidate } from '../grid.ts'
import type { OpenSplits } from '../splits.ts'
import type { FilteredSplit } from './filter.ts'
import { type ChosenRows, chooseRows } from './headRows.ts'
import type { TrainedHead } from './trainHead.ts'

/** What is known of some patches. */
export interface SplitTruth {
  readonly labels: Uint8Array | null
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
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
  }
}

/** The metadata of the rows of centers that are held out one after the other, in the order that they are predicted in. */
export function truthOfHeldOut(seen: readonly FilteredSplit[], centers: readonly string[]): LabelledTruth {
  const parts = centers.flatMap((center) => chooseRows(seen, [center]))
  const pick = <T>(take: (split: ChosenRows[0], row: number) => T) =>
    parts.flatMap(([split, rows]) => Array.from(rows, (row) => take(split, row)))
  const hasSlides = parts.every(([{ set }]) => set.slides)
  return {
    labels: Uint8Array.from(pick(({ set }, row) => set.labels![row])),
    centers: pick(({ set }, row) => set.centers![row]),
    slides: hasSlides ? pick(({ set }, row) => set.slides![row]) : null,
  }
}

/** The predictions of a cell or an ensemble, with what is known of the patches. */
export interface CandidatePredictions {
  /** The heads of each member. */
  readonly heads: readonly (readonly TrainedHead[])[]
  /** Of each seed: its probabilities, averaged over the members of an ensemble. */
  readonly seeds: readonly Pick<TrainedHead, 'curve' | 'probabilities'>[]
  /** Averaged over seeds and members. */
  readonly probabilities: Readonly<Partial<Record<Split, Float32Array>>>
  readonly truths: Readonly<Partial<Record<Split, SplitTruth>>>
  /** For every labelled center by heads that have not seen it; null under the protocol `challenge`. */
  readonly heldOut: { readonly truth: LabelledTruth; readonly probabilities: Float32Array } | null
}

// A cell without its place in the grid.
type CellResult = Pick<
  Cell,
  'seeds' | 'valAccuracyOverSeeds' | 'testAccuracyOverSeeds' | 'val' | 'test' | 'heldOut'
>

/** What a candidate's figures are made from: its heads, by key, and the labels that they are judged by. */
export function evaluationInputs(
  { seed, evaluate: options }: Recipe,
  { members }: Candidate,
  { train, val, test }: OpenSplits,
): CacheInputs {
  const keysOf = (heads: readonly { readonly inputs: CacheInputs }[]) =>
    heads.map(({ inputs }) => keyOf(inputs))
  const folds = members.flatMap((cell) => cell.folds.map((fold) => keysOf(fold.heads)))
  return {
    stage: 'evaluate',
    version: 3,
    heads: members.map(({ heads }) => keysOf(heads)),
    labels: [val.labelsKey(), test?.labelsKey() ?? null],
    ...(folds.length > 0 && { folds, trainLabels: train.labelsKey() }),
    seed,
    options,
  }
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
export async function readEvaluation({ folder }: CacheEntry, { id, members }: Candidate): Promise<Cell> {
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
    ...(members.some(isTransductiveCell) && { transductive: true as const }),
    ...result,
  }
}

/** Whether a cell uses unlabelled patches of the test split. */
export function isTransductiveCell({ pair, adapt }: Candidate['members'][number]): boolean {
  return usesTestPixels({ stain: pair.stain, adapt })
}

function judge(
  recipe: Recipe,
  { seeds: singles, probabilities, truths, heldOut }: CandidatePredictions,
): CellResult {
  const { seed, evaluate: options } = recipe
  const judgeRows = (truth: SplitTruth | undefined, rows: Float32Array | undefined): Evaluation | null =>
    truth?.labels && rows
      ? evaluate({ ...truth, labels: truth.labels, probabilities: rows, seed, ...options })
      : null
  const summarise = (single: Float32Array | undefined, split: Split) => {
    const labels = truths[split]?.labels
    return labels && single
      ? summarize({ labels, probabilities: single, threshold: options.threshold })
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
  const test = judgeRows(truths.test, probabilities.test)
  return {
    seeds,
    valAccuracyOverSeeds: overSeeds(seeds.map((one) => one.valAccuracy)),
    testAccuracyOverSeeds: test && overSeeds(seeds.map((one) => one.testAccuracy!)),
    val: judgeRows(truths.val, probabilities.val)!,
    test,
    ...(heldOut && { heldOut: judgeRows(heldOut.truth, heldOut.probabilities)! }),
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
