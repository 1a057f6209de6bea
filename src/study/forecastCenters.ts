// How accurate predictions may be on each center of the test split: forecast from the centers that were held out, and from how
// sure the model is on the test patches. No label of test has a say.

import { forecastAccuracy, splitRows, spreadThreshold, type Threshold } from '../evaluate/index.ts'
import type { CenterForecast } from '../runs/index.ts'

/** Probabilities of patches, with what is known of these. */
interface Predicted<Truth> {
  readonly truth: Truth & { readonly centers: readonly string[] | null }
  readonly probabilities: Float32Array
  readonly threshold: Threshold
}

/** Forecasts from held-out predictions, by center of the test patches; a split without centers is one. */
export function forecastCenters(
  { truth, probabilities, threshold }: Predicted<{ readonly labels: Uint8Array }>,
  test: Predicted<object>,
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
