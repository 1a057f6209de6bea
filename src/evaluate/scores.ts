// Every figure of one group of patches with its interval. The figures themselves are the resample in which
// each cluster counts once, so that value and interval come from the same code.

import type { Random } from '../base/index.ts'
import { drawWeights, makeInterval } from './bootstrap.ts'
import { assignCells, measureCalibrationError, readConfusion, tallyWeighted } from './calibration.ts'
import type { Scores } from './evaluation.ts'
import { checkPredictions, type Group, makeGroup, type Predictions, sortRows } from './groups.ts'
import { type Confusion, measureAccuracy, measureBalancedAccuracy, measureF1 } from './measures.ts'
import { prepareRanking, rankWeighted } from './ranking.ts'

/** Figures without intervals; null where Scores has null. */
export interface Figures {
  readonly accuracy: number
  readonly balancedAccuracy: number | null
  readonly auroc: number | null
  readonly auprc: number | null
  readonly f1: number | null
  readonly calibrationError: number
}

/** The figures of one set of probabilities, without intervals: quick. Throws DataError as evaluate does. */
export function summarize({
  threshold = 0.5,
  ...predictions
}: Predictions & { readonly threshold?: number }): Figures {
  checkPredictions(predictions)
  const group = makeGroup(predictions, sortRows(predictions), null)
  const { confusion: _, ...figures } = prepareMeasure(group, threshold)(countOnce(group))
  return figures
}

/** The scores of `group` at `threshold`, intervals from `resamples` draws of its clusters. */
export function scoreGroup(group: Group, threshold: number, random: Random, resamples: number): Scores {
  const measure = prepareMeasure(group, threshold)
  const weights = countOnce(group)
  const { confusion, ...figures } = measure(weights)
  const draws = Array.from({ length: resamples }, () => {
    drawWeights(random, weights)
    return measure(weights)
  })
  const interval = (value: number, name: keyof Figures) => {
    const resampled = draws.map((draw) => draw[name])
    return makeInterval(value, resampled)
  }
  const optional = (name: keyof Figures) => (figures[name] === null ? null : interval(figures[name], name))
  return {
    count: group.labels.length,
    positives: confusion.tp + confusion.fn,
    accuracy: interval(figures.accuracy, 'accuracy'),
    balancedAccuracy: optional('balancedAccuracy'),
    auroc: optional('auroc'),
    auprc: optional('auprc'),
    f1: optional('f1'),
    calibrationError: interval(figures.calibrationError, 'calibrationError'),
    slides: group.slides,
    resampled: group.resampled,
    confusion,
  }
}

/** Weights with which each cluster of a group counts once. */
export function countOnce(group: Group): Uint32Array {
  return new Uint32Array(group.clusters).fill(1)
}

// Measures a group again and again under different weights.
function prepareMeasure(group: Group, threshold: number) {
  const cell = assignCells(group, threshold)
  const ranking = prepareRanking(group)
  return (weights: Uint32Array): Figures & { readonly confusion: Confusion } => {
    const tally = tallyWeighted(group, cell, weights)
    const confusion = readConfusion(tally)
    return {
      confusion,
      accuracy: measureAccuracy(confusion),
      balancedAccuracy: measureBalancedAccuracy(confusion),
      ...rankWeighted(ranking, weights),
      f1: measureF1(confusion),
      calibrationError: measureCalibrationError(tally),
    }
  }
}
