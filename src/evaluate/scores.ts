// Every figure of one group of patches with its interval. The figures themselves are the resample in which
// each cluster counts once, so that value and interval come from the same code.

import type { Random } from '../base/index.ts'
import { drawWeights, makeInterval } from './bootstrap.ts'
import { assignCells, measureCalibrationError, readConfusion, tallyWeighted } from './calibration.ts'
import type { Scores } from './evaluation.ts'
import type { Group } from './groups.ts'
import { measureAccuracy, measureBalancedAccuracy, measureF1 } from './measures.ts'
import { prepareRanking, rankWeighted } from './ranking.ts'

/** The scores of `group` at `threshold`, intervals from `resamples` draws of its clusters. */
export function scoreGroup(group: Group, threshold: number, random: Random, resamples: number): Scores {
  const cell = assignCells(group, threshold)
  const ranking = prepareRanking(group)
  const weights = new Uint32Array(group.clusters).fill(1)
  const measure = () => {
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
  const figures = measure()
  const draws = Array.from({ length: resamples }, () => {
    drawWeights(random, weights)
    return measure()
  })
  const interval = (value: number, name: Figure) =>
    makeInterval(
      value,
      draws.map((draw) => draw[name]),
    )
  const optional = (name: Figure) => (figures[name] === null ? null : interval(figures[name], name))
  return {
    count: group.labels.length,
    positives: figures.confusion.tp + figures.confusion.fn,
    accuracy: interval(figures.accuracy, 'accuracy'),
    balancedAccuracy: optional('balancedAccuracy'),
    auroc: optional('auroc'),
    auprc: optional('auprc'),
    f1: optional('f1'),
    calibrationError: interval(figures.calibrationError, 'calibrationError'),
    slides: group.slides,
    resampled: group.resampled,
    confusion: figures.confusion,
  }
}

type Figure = 'accuracy' | 'balancedAccuracy' | 'auroc' | 'auprc' | 'f1' | 'calibrationError'
