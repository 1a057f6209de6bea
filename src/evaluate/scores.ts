// Every figure of one group of patches with its interval. The figures themselves are measured with each cluster
// counted once and those of the interval with one left out, so that value and interval come from the same code.

import type { Random } from '../base/index.ts'
import {
  assignCells,
  makeCalibrationError,
  measureSquaredError,
  readConfusion,
  tallyWeighted,
} from './calibration.ts'
import { spreadThreshold, type Threshold } from './centerThresholds.ts'
import { nameUnits } from './clusters.ts'
import type { Interval, Scores } from './evaluation.ts'
import {
  checkPredictions,
  countPatches,
  dealLots,
  type Group,
  makeGroup,
  type Predictions,
  sortRows,
} from './groups.ts'
import { countEffective, leaveEachOut, makeShareInterval } from './jackknife.ts'
import { type Confusion, measureAccuracy, measureBalancedAccuracy, measureF1 } from './measures.ts'
import { prepareRanking, rankWeighted } from './ranking.ts'

/** Figures without intervals; null where Scores has null. */
export interface Figures {
  readonly accuracy: number
  readonly balancedAccuracy: number | null
  readonly auroc: number | null
  readonly auprc: number | null
  readonly f1: number | null
}

/**
 * The figures of one set of probabilities, without intervals and what is told from them (calibration error): quick.
 * Throws DataError as evaluate does.
 */
export function summarize({
  threshold = 0.5,
  ...predictions
}: Predictions & { readonly threshold?: Threshold }): Figures {
  checkPredictions(predictions)
  const thresholds = spreadThreshold(threshold, predictions.centers, predictions.labels.length)
  const group = makeGroup(predictions, sortRows(predictions), nameUnits({}), thresholds)
  const { confusion: _, squaredError: __, ...figures } = prepareMeasure(group)(countOnce(group))
  return figures
}

/** The scores of a group at its thresholds, intervals by leaving out its clusters; `random` deals lots of many. */
export function scoreGroup(whole: Group, random: Random): Scores {
  const group = dealLots(whole, random)
  const effective = countEffective(countPatches(group))
  const measure = prepareMeasure(group)
  const { confusion, squaredError, ...figures } = measure(countOnce(group))
  const leftOut = leaveEachOut(group.clusters, measure)
  const interval = (name: keyof Figures, patches: number): Interval | null => {
    const stratum = { figures: leftOut.map((left) => left[name]), effective }
    return figures[name] === null ? null : makeShareInterval(figures[name], [stratum], patches)
  }
  const count = group.labels.length
  const positives = confusion.tp + confusion.fn
  // What a mean over both classes rests on: as many patches as there are where the classes are of one size.
  const ofBoth = (4 * positives * (count - positives)) / count
  return {
    count,
    positives,
    accuracy: interval('accuracy', count)!,
    balancedAccuracy: interval('balancedAccuracy', ofBoth),
    auroc: interval('auroc', ofBoth),
    auprc: interval('auprc', positives),
    f1: interval('f1', positives),
    calibrationError: makeCalibrationError(
      squaredError,
      { figures: leftOut.map((left) => left.squaredError), effective },
      count,
    ),
    slides: group.slides,
    patients: group.patients,
    resampled: group.resampled,
    confusion,
  }
}

/** Weights with which each cluster of a group counts once. */
export function countOnce(group: Group): Uint32Array {
  return new Uint32Array(group.clusters).fill(1)
}

// Measures a group again and again under different weights.
function prepareMeasure(group: Group) {
  const cell = assignCells(group)
  const ranking = prepareRanking(group)
  return (
    weights: Uint32Array,
  ): Figures & { readonly confusion: Confusion; readonly squaredError: number } => {
    const tally = tallyWeighted(group, cell, weights)
    const confusion = readConfusion(tally)
    return {
      confusion,
      squaredError: measureSquaredError(tally),
      accuracy: measureAccuracy(confusion),
      balancedAccuracy: measureBalancedAccuracy(confusion),
      ...rankWeighted(ranking, weights),
      f1: measureF1(confusion),
    }
  }
}
