// Step 5: a cell's seeds become one evaluation: single seeds for the spread, averaged probabilities for
// the figures, intervals clustered by slide.

import { join } from 'node:path'
import {
  averageProbabilities,
  type Evaluation,
  evaluate,
  overSeeds,
  summarize,
} from '../../evaluate/index.ts'
import { writeFileAtomic } from '../../files/index.ts'
import type { Recipe } from '../../recipe/index.ts'
import { isTransductive } from '../../recipe/index.ts'
import { type Cell, readJson, type SeedResult, type Split } from '../../runs/index.ts'
import { type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { GridCell } from '../grid.ts'
import type { OpenSplits } from '../splits.ts'
import type { FilteredSplit } from './filter.ts'
import type { TrainedHead } from './trainHead.ts'

/** What is known of each kept row of a split. */
export interface SplitTruth {
  readonly labels: Uint8Array | null
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
}

/** The metadata of a split's kept rows. */
export function truthOf({ set, rows }: FilteredSplit): SplitTruth {
  const pick = (values: readonly string[] | null) => values && Array.from(rows, (row) => values[row])
  return {
    labels: set.labels && Uint8Array.from(rows, (row) => set.labels![row]),
    centers: pick(set.centers),
    slides: pick(set.slides),
  }
}

/** Seed-averaged probabilities of a cell for one split. */
export function averageSeeds(heads: readonly TrainedHead[], split: Split): Float32Array {
  return averageProbabilities(heads.map((head) => head.probabilities[split]!))
}

// A cell without its place in the grid.
type CellResult = Omit<Cell, 'id' | 'stain' | 'augment' | 'embed' | 'classify' | 'transductive'>

/** What a cell's figures are made from: its heads, by key, and the labels that they are judged by. */
export function evaluationInputs(
  { seed, evaluate: options }: Recipe,
  { heads }: GridCell,
  { val, test }: OpenSplits,
): CacheInputs {
  const labels = [val.labelsKey, test?.labelsKey ?? null]
  return {
    stage: 'evaluate',
    version: 3,
    heads: heads.map(({ inputs }) => keyOf(inputs)),
    labels,
    seed,
    options,
  }
}

/** Evaluates a cell on val, and on test where it has labels, into `folder`. */
export async function makeEvaluation(
  recipe: Recipe,
  cell: GridCell,
  heads: readonly TrainedHead[],
  truths: Readonly<Partial<Record<Split, SplitTruth>>>,
  folder: string,
): Promise<void> {
  const result = judgeCell(recipe, cell, heads, truths)
  await writeFileAtomic(join(folder, 'cell.json'), `${JSON.stringify(result)}\n`)
}

/** Reads what `makeEvaluation` wrote. */
export async function readEvaluation({ folder }: CacheEntry, cell: GridCell): Promise<Cell> {
  const result = await readJson<CellResult>(join(folder, 'cell.json'))
  return {
    id: cell.id,
    stain: cell.pair.stain.label,
    augment: cell.pair.augment.label,
    embed: cell.pair.embed.label,
    classify: cell.classify.label,
    ...(isTransductive(cell.pair.stain) && { transductive: true as const }),
    ...result,
  }
}

function judgeCell(
  recipe: Recipe,
  cell: GridCell,
  heads: readonly TrainedHead[],
  truths: Readonly<Partial<Record<Split, SplitTruth>>>,
): CellResult {
  const judge = (split: Split): Evaluation | null => {
    const truth = truths[split]
    if (!truth?.labels) return null
    return evaluate({
      ...truth,
      labels: truth.labels,
      probabilities: averageSeeds(heads, split),
      seed: recipe.seed,
      ...recipe.evaluate,
    })
  }
  const single = (head: TrainedHead, split: Split) => {
    const labels = truths[split]?.labels
    return labels
      ? summarize({ labels, probabilities: head.probabilities[split]!, threshold: recipe.evaluate.threshold })
      : null
  }
  const seeds = heads.map((head, i): SeedResult => {
    const val = single(head, 'val')!
    const test = single(head, 'test')
    return {
      seed: cell.heads[i].seed,
      curve: head.curve,
      valAccuracy: val.accuracy,
      testAccuracy: test?.accuracy ?? null,
      valAuroc: val.auroc,
      testAuroc: test?.auroc ?? null,
    }
  })
  const test = judge('test')
  return {
    seeds,
    valAccuracyOverSeeds: overSeeds(seeds.map((seed) => seed.valAccuracy)),
    testAccuracyOverSeeds: test && overSeeds(seeds.map((seed) => seed.testAccuracy!)),
    val: judge('val')!,
    test,
  }
}
