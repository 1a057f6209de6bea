// How accurate predictions may be on each center of patches without labels: forecast from labelled centers, and from how sure
// the model is on these patches. No label of theirs has a say.

import { forecastAccuracy, splitRows, spreadThreshold, type Threshold } from '../evaluate/index.ts'
import type { CenterForecast } from '../runs/index.ts'
import type { Ground } from './ground.ts'

/** Patches whose labels are not asked for. */
export interface Unlabelled {
  readonly centers: readonly string[] | null
  readonly probabilities: Float32Array
  readonly threshold: Threshold
}

/** Forecasts by center of patches without labels; those without centers are one. */
export function forecastCenters(
  { truth, probabilities, threshold, isVal }: Ground,
  { centers, ...target }: Unlabelled,
): CenterForecast[] {
  const known = splitCenters(probabilities, truth.centers).map(([center, rows]) => ({
    center: center ?? '?',
    labels: Uint8Array.from(rows, (row) => truth.labels[row]),
    probabilities: Float32Array.from(rows, (row) => probabilities[row]),
    threshold: thresholdOf(threshold, center),
  }))
  return splitCenters(target.probabilities, centers).map(([center, own]) => ({
    center,
    patches: own.length,
    ...(isVal && { byVal: isVal }),
    methods: forecastAccuracy({
      heldOut: known,
      target: Float32Array.from(own, (row) => target.probabilities[row]),
      threshold: thresholdOf(target.threshold, center),
    }),
  }))
}

function splitCenters(
  probabilities: Float32Array,
  centers: readonly string[] | null,
): readonly (readonly [string | null, Uint32Array])[] {
  const rows = Uint32Array.from(probabilities.keys())
  return centers ? splitRows(rows, centers) : [[null, rows]]
}

function thresholdOf(threshold: Threshold, center: string | null): number {
  return spreadThreshold(threshold, center === null ? null : [center], 1)[0]
}
