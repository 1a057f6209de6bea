// The evaluation of one set of probabilities: all figures over all patches, by center and by slide.

import { DataError, openRandom } from '../base/index.ts'
import { assignCells, tallyWeighted, traceReliability } from './calibration.ts'
import type { Evaluation, Scores } from './evaluation.ts'
import { checkPredictions, makeGroup, nameSlides, type Predictions, sortRows } from './groups.ts'
import { prepareRanking, traceRoc } from './ranking.ts'
import { countOnce, scoreGroup } from './scores.ts'

/** How to evaluate: the call `probability >= threshold` is tumour (.5), `resamples` of the bootstrap (1000). */
export interface EvaluateOptions {
  readonly threshold?: number
  readonly seed: number
  readonly resamples?: number
}

/**
 * Evaluates probabilities of tumour against labels, with 95 % percentile bootstrap intervals that resample
 * whole slides where slides are known. The result does not depend on the order of rows.
 * Throws DataError where a column has another length, a label is not 0 or 1, or a probability is not in [0, 1].
 */
export function evaluate(options: Predictions & EvaluateOptions): Evaluation {
  const { threshold = 0.5, seed, resamples = 1000, centers = null } = options
  checkPredictions(options)
  checkOptions(threshold, resamples)
  const slides = nameSlides(options.slides, centers)
  const rows = sortRows(options)
  const all = makeGroup(options, rows, slides)
  const scores = scoreGroup(all, threshold, openRandom(seed, 'evaluate'), resamples)
  const tally = tallyWeighted(all, assignCells(all, threshold), countOnce(all))

  const byCenter: Record<string, Scores> = {}
  for (const [center, rowsOfCenter] of splitRows(rows, centers)) {
    const group = makeGroup(options, rowsOfCenter, slides)
    const isAll = rowsOfCenter.length === rows.length
    byCenter[center] = isAll
      ? scores
      : scoreGroup(group, threshold, openRandom(seed, 'evaluate', 'center', center), resamples)
  }
  return {
    ...scores,
    threshold,
    byCenter,
    bySlide: scoreSlides(options, rows, slides, threshold),
    roc: traceRoc(prepareRanking(all)),
    reliability: traceReliability(tally),
  }
}

function checkOptions(threshold: number, resamples: number): void {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new DataError({
      where: 'evaluate threshold',
      expected: 'a number from 0 to 1',
      got: `${threshold}`,
    })
  }
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new DataError({ where: 'evaluate resamples', expected: 'a positive integer', got: `${resamples}` })
  }
}

function scoreSlides(
  { labels, probabilities }: Predictions,
  rows: Uint32Array,
  slides: readonly string[] | null,
  threshold: number,
): Evaluation['bySlide'] {
  const bySlide: Record<string, { count: number; positives: number; accuracy: number }> = {}
  for (const [slide, rowsOfSlide] of splitRows(rows, slides)) {
    let positives = 0
    let right = 0
    for (const row of rowsOfSlide) {
      positives += labels[row]
      if (probabilities[row] >= threshold === (labels[row] === 1)) right++
    }
    bySlide[slide] = { count: rowsOfSlide.length, positives, accuracy: right / rowsOfSlide.length }
  }
  return bySlide
}

// Rows by name, names in rising order; nothing where names are not known.
function splitRows(rows: Uint32Array, names: readonly string[] | null): [string, Uint32Array][] {
  if (!names) return []
  const byName = new Map<string, number[]>()
  for (const row of rows) {
    const known = byName.get(names[row])
    if (known) known.push(row)
    else byName.set(names[row], [row])
  }
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, rowsOfName]) => [name, Uint32Array.from(rowsOfName)])
}
