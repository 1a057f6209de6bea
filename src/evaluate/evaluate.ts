// The evaluation of one set of probabilities: all figures over all patches, by center and by slide.

import { compareText, DataError, openRandom } from '../base/index.ts'
import { assignCells, tallyWeighted, traceReliability } from './calibration.ts'
import type { Evaluation, Scores } from './evaluation.ts'
import { checkPredictions, makeGroup, nameSlides, type Predictions, sortRows } from './groups.ts'
import { prepareRanking, traceRoc } from './ranking.ts'
import { countOnce, scoreGroup } from './scores.ts'

/** How to evaluate: the call `probability >= threshold` is tumour (0.5); `seed` deals more than 200 clusters into lots. */
export interface EvaluateOptions {
  readonly threshold?: number
  readonly seed: number
}

/**
 * Evaluates probabilities of tumour against labels, with 95 % intervals from leaving out one slide after another,
 * or patches where slides are not known. The result does not depend on the order of rows.
 * Throws DataError where a column has another length, a label is not 0 or 1, or a probability is not in [0, 1].
 */
export function evaluate(options: Predictions & EvaluateOptions): Evaluation {
  const { threshold = 0.5, seed, centers = null } = options
  checkPredictions(options)
  checkThreshold(threshold)
  const slides = nameSlides(options.slides, centers)
  const rows = sortRows(options)
  const all = makeGroup(options, rows, slides)
  const scores = scoreGroup(all, threshold, openRandom(seed, 'evaluate'))
  const tally = tallyWeighted(all, assignCells(all, threshold), countOnce(all))

  const byCenter: Record<string, Scores> = {}
  for (const [center, rowsOfCenter] of splitRows(rows, centers)) {
    const random = openRandom(seed, 'evaluate', 'center', center)
    const isAll = rowsOfCenter.length === rows.length
    byCenter[center] = isAll
      ? scores
      : scoreGroup(makeGroup(options, rowsOfCenter, slides), threshold, random)
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

function checkThreshold(threshold: number): void {
  if (threshold >= 0 && threshold <= 1) return
  throw new DataError({ where: 'evaluate threshold', expected: 'a number from 0 to 1', got: `${threshold}` })
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
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, rowsOfName]) => [name, Uint32Array.from(rowsOfName)])
}
