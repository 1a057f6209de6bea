// How accurate predictions may be on each center of the test split: forecast from the centers that were held out, and from how
// sure the model is on the test patches. No label of test has a say.

import { forecastAccuracy, splitRows, spreadThreshold, type Threshold } from '../evaluate/index.ts'
import type { CenterForecast } from '../runs/index.ts'
import type { CandidatePredictions, SplitTruth } from './steps/evaluateCell.ts'

/** Forecasts from held-out predictions, by center of the test patches; a split without centers is one. */
export function forecastCenters(
  { truth, probabilities, threshold }: NonNullable<CandidatePredictions['heldOut']>,
  test: {
    readonly truth: Pick<SplitTruth, 'centers'>
    readonly probabilities: Float32Array
    readonly threshold: Threshold
  },
): CenterForecast[] {
  const heldOut = splitRows(allOf(probabilities), truth.centers).map(([center, rows]) => ({
    center,
    labels: Uint8Array.from(rows, (row) => truth.labels[row]),
    probabilities: Float32Array.from(rows, (row) => probabilities[row]),
    threshold: thresholdOf(threshold, center),
  }))
  const rows = allOf(test.probabilities)
  const { centers } = test.truth
  const parts: readonly (readonly [string | null, Uint32Array])[] = centers
    ? splitRows(rows, centers)
    : [[null, rows]]
  return parts.map(([center, own]) => ({
    center,
    patches: own.length,
    methods: forecastAccuracy({
      heldOut,
      target: Float32Array.from(own, (row) => test.probabilities[row]),
      threshold: thresholdOf(test.threshold, center),
    }),
  }))
}

const allOf = (probabilities: Float32Array) => Uint32Array.from(probabilities.keys())

function thresholdOf(threshold: Threshold, center: string | null): number {
  return spreadThreshold(threshold, center === null ? null : [center], 1)[0]
}
