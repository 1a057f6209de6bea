// Every cell of the grid: its heads are trained on the embeddings of its pair, then judged together.

import { join } from 'node:path'
import type { Cell, Split } from '../runs/index.ts'
import type { EmbeddedGrid, PairEntries } from './embedGrid.ts'
import { type GridCell, viewsOf } from './grid.ts'
import { repeatLabels } from './steps/augmentViews.ts'
import { averageSeeds, evaluateCell, type SplitTruth, truthOf } from './steps/evaluateCell.ts'
import type { Filtered } from './steps/filter.ts'
import { type HeadTask, type TrainedHead, trainHead } from './steps/trainHead.ts'
import type { CellProbabilities } from './steps/writePredictions.ts'
import { noteCost, type Study } from './study.ts'

/** A cell with all that was made of it. */
export interface JudgedCell {
  readonly cell: GridCell
  readonly result: Cell
  readonly heads: readonly TrainedHead[]
  readonly probabilities: Readonly<Partial<Record<Split, Float32Array>>>
}

/** What is known of the kept rows of each split. */
export function gatherTruths(filtered: Filtered): Partial<Record<Split, SplitTruth>> {
  return Object.fromEntries(Object.values(filtered).map((split) => [split.split, truthOf(split)]))
}

/** The probabilities of each cell, by its id. */
export function gatherProbabilities(judged: readonly JudgedCell[]): CellProbabilities {
  return Object.fromEntries(judged.map(({ result, probabilities }) => [result.id, probabilities]))
}

/** Trains and judges every cell, those of one pair after each other. */
export async function judgeGrid(
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
  const { device, threads } = study.options
  const heads: TrainedHead[] = []
  for (const { seed, inputs } of cell.heads) {
    const what = `${cell.id} seed ${seed}`
    const step = study.options.observer.step('classify', what)
    const head = await trainHead(
      study.cache,
      inputs,
      { entry: cell.classify, seed, device, threads, files, labels },
      step.progress,
    )
    step.end(head.entry.cached, head.curve.length ? `${head.curve.length} epochs` : undefined)
    noteCost(study, 'classify', what, head.entry, labels.train.length)
    heads.push(head)
  }
  return heads
}
