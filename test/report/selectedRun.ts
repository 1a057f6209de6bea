// A made-up run whose cell was chosen by held-out centers, for the report's tests.

import type { RankedCell, Selection } from '../../src/evaluate/index.ts'
import type { Metrics } from '../../src/runs/record.ts'
import type { SampleRun } from './sampleRun.ts'

/** What varies. */
export interface Choosing {
  /** Cells that are tied with the best, besides itself; all others by default. */
  readonly tied?: readonly string[]
  readonly chosen?: string
  /** Whether cells were judged on held-out centers; else they were chosen on validation. */
  readonly heldOut?: boolean
  readonly by?: Selection['by']
}

/** The run with a choice by mean log loss: cells in their order, each 0.01 behind the one before. */
export function chooseIn(run: SampleRun, choosing: Choosing = {}): SampleRun {
  const { heldOut = true, by = 'log-loss' } = choosing
  const ids = run.metrics.cells.map(({ id }) => id)
  const [best] = ids
  const ranking = ids.map((id, i): RankedCell => {
    const tied = i === 0 || (choosing.tied ?? ids).includes(id)
    return {
      id,
      score: 0.4 + 0.01 * i,
      behind: 0.01 * i,
      standardError: i === 0 ? null : 0.02,
      p: i === 0 ? 1 : tied ? 0.5 : 0.01,
      tied,
    }
  })
  const chosen = choosing.chosen ?? best
  const cells = run.metrics.cells.map((cell) => ({
    ...cell,
    ...(heldOut && { heldOut: { ...cell.val, byCenter: { 0: cell.val, 3: cell.val } } }),
  }))
  const selection: Selection = {
    chosen,
    best,
    by,
    rule: 'one-standard-error',
    centers: heldOut ? ['0', '3'] : ['1'],
    ranking,
  }
  const metrics: Metrics = { ...run.metrics, cells, chosen, chosenBy: 'lowest mean log loss', selection }
  return { ...run, metrics }
}
