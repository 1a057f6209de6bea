// The evaluation of one set of probabilities: all figures over all patches, by center and by slide.

import { DataError, openRandom } from '../base/index.ts'
import { assignCells, tallyWeighted, traceReliability } from './calibration.ts'
import type { Evaluation, Scores } from './evaluation.ts'
import { checkPredictions, dealLots, makeGroup, nameSlides, type Predictions, sortRows } from './groups.ts'
import { prepareRanking, tracePrecisionRecall, traceRoc } from './ranking.ts'
import { scoreRiskCoverage } from './riskCoverage.ts'
import { countOnce, scoreGroup } from './scores.ts'
import { scoreSensitivities } from './sensitivity.ts'
import { scoreUnitLevel, scoreUnits, splitRows } from './units.ts'

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
  const lots = dealLots(all, openRandom(seed, 'evaluate'))
  const ranking = prepareRanking(all)
  const tally = tallyWeighted(all, assignCells(all, threshold), countOnce(all))

  const byCenter: Record<string, Scores> = {}
  for (const [center, rowsOfCenter] of splitRows(rows, centers)) {
    const random = openRandom(seed, 'evaluate', 'center', center)
    const isAll = rowsOfCenter.length === rows.length
    byCenter[center] = isAll
      ? scores
      : scoreGroup(makeGroup(options, rowsOfCenter, slides), threshold, random)
  }
  const bySlide = scoreUnits(options, rows, slides, threshold)
  const byPatient = scoreUnits(options, rows, nameSlides(options.patients, centers), threshold)
  return {
    ...scores,
    threshold,
    byCenter,
    bySlide,
    byPatient,
    slideLevel: scoreUnitLevel(bySlide, threshold, openRandom(seed, 'evaluate', 'slides')),
    patientLevel: scoreUnitLevel(byPatient, threshold, openRandom(seed, 'evaluate', 'patients')),
    sensitivityAt: scoreSensitivities(lots),
    riskCoverage: scoreRiskCoverage(lots, threshold),
    roc: traceRoc(ranking),
    precisionRecall: tracePrecisionRecall(ranking),
    reliability: traceReliability(tally),
  }
}

function checkThreshold(threshold: number): void {
  if (threshold >= 0 && threshold <= 1) return
  throw new DataError({ where: 'evaluate threshold', expected: 'a number from 0 to 1', got: `${threshold}` })
}
