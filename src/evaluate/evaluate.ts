// The evaluation of one set of probabilities: all figures over all patches, by center, slide and patient.

import { openRandom } from '../base/index.ts'
import { assignCells, tallyWeighted, traceReliability } from './calibration.ts'
import { spreadThreshold, type Threshold } from './centerThresholds.ts'
import { isNamed, nameSlides, nameUnits } from './clusters.ts'
import type { Evaluation, Scores } from './evaluation.ts'
import { checkPredictions, dealLots, makeGroup, type Predictions, sortRows } from './groups.ts'
import { prepareRanking, tracePrecisionRecall, traceRoc } from './ranking.ts'
import { scoreRiskCoverage } from './riskCoverage.ts'
import { countOnce, scoreGroup } from './scores.ts'
import { scoreSensitivities } from './sensitivity.ts'
import { scoreUnitLevel, scoreUnits, splitRows } from './units.ts'

/** How to evaluate: the call `probability >= threshold` is tumour (0.5); `seed` deals more than 200 clusters into lots. */
export interface EvaluateOptions {
  readonly threshold?: Threshold
  readonly seed: number
}

/**
 * Evaluates probabilities of tumour against labels, with 95 % intervals from leaving out one slide after another, or one
 * patient where patients are known and have several slides, or patches where neither is known. The result does not depend on the order of rows.
 * Throws DataError where a column has another length, a label is not 0 or 1, a probability is not in [0, 1], or a center has
 * no threshold.
 */
export function evaluate(options: Predictions & EvaluateOptions): Evaluation {
  const { threshold = 0.5, seed, centers = null } = options
  checkPredictions(options)
  const thresholds = spreadThreshold(threshold, centers, options.labels.length)
  const units = nameUnits(options)
  const rows = sortRows(options)
  const all = makeGroup(options, rows, units, thresholds)
  const scores = scoreGroup(all, openRandom(seed, 'evaluate'))
  const lots = dealLots(all, openRandom(seed, 'evaluate'))
  const ranking = prepareRanking(all)
  const tally = tallyWeighted(all, assignCells(all), countOnce(all))

  const byCenter: Record<string, Scores> = {}
  for (const [center, rowsOfCenter] of splitRows(rows, centers)) {
    const random = openRandom(seed, 'evaluate', 'center', center)
    const isAll = rowsOfCenter.length === rows.length
    byCenter[center] = isAll
      ? scores
      : scoreGroup(makeGroup(options, rowsOfCenter, units, thresholds), random)
  }
  const scoreNamed = (names: Predictions['slides']) => {
    const known = names ? rows.filter((row) => isNamed(names[row])) : rows
    return scoreUnits(options, known, nameSlides(names, centers), thresholds)
  }
  const [ofSlides, ofPatients] = [scoreNamed(options.slides), scoreNamed(options.patients)]
  return {
    ...scores,
    threshold,
    byCenter,
    bySlide: ofSlides.scores,
    byPatient: ofPatients.scores,
    slideLevel: scoreUnitLevel(ofSlides, openRandom(seed, 'evaluate', 'slides')),
    patientLevel: scoreUnitLevel(ofPatients, openRandom(seed, 'evaluate', 'patients')),
    sensitivityAt: scoreSensitivities(lots),
    riskCoverage: scoreRiskCoverage(lots),
    roc: traceRoc(ranking),
    precisionRecall: tracePrecisionRecall(ranking),
    reliability: traceReliability(tally),
  }
}
