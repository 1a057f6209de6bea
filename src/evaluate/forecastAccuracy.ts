// How good will it be at a center without labels? Forecasts from held-out predictions for labelled centers and the target's
// probabilities alone, each judged by forecasting every labelled center from the others. Difference of confidences: Guillory
// et al., "Predicting with confidence on unseen distributions" (2021). Average thresholded confidence: Garg et al.,
// "Leveraging unlabeled data to predict out-of-distribution performance" (2022). Both see how sure a model is, and nothing
// else: a center where it is wrong and as sure as ever, they cannot know.

import { compareText, DataError } from '../base/index.ts'
import type { Interval } from './evaluation.ts'
import { checkPredictions } from './groups.ts'
import { studentQuantile } from './student.ts'

/** Predictions for a labelled center by a model that saw none of its labels. */
export interface HeldOutCenter {
  readonly center: string
  /** 1 tumour, 0 normal. */
  readonly labels: Uint8Array
  /** Of tumour, 0 to 1. */
  readonly probabilities: Float32Array
  /** Where the threshold of its patches is another than that of the options. */
  readonly threshold?: number
}

/** What a target's accuracy is forecast from. Its labels are not asked for. */
export interface AccuracyForecastOptions {
  readonly heldOut: readonly HeldOutCenter[]
  readonly target: Float32Array
  /** Calls `probability >= threshold` are tumour. Default 0.5. */
  readonly threshold?: number
}

/** One way to forecast, and how well it forecasts the labelled centers. */
export interface AccuracyForecast {
  /**
   * The target's forecast accuracy, and between which bounds it will lie in 95 of 100 cases where the target is to the
   * labelled centers as they are to each other. 0 to 1 with a single labelled center.
   */
  readonly accuracy: Interval
  /** Mean absolute error over the labelled centers; null with a single one. */
  readonly expectedError: number | null
  /** Each labelled center forecast from the others, beside its accuracy; the forecast is null with a single one. */
  readonly byCenter: readonly {
    readonly center: string
    readonly forecast: number | null
    readonly accuracy: number
  }[]
}

/** A center as forecasts see it: confidences (probabilities of the calls made) falling, and the share of right calls. */
interface Center {
  readonly confidences: Float64Array
  readonly confidence: number
  readonly accuracy: number
}

type Forecast = (known: readonly Center[], target: Omit<Center, 'accuracy'>) => number

// Every labelled center counts alike, however many patches it has.
const forecasts = {
  /** The mean accuracy of the labelled centers: what a forecast must do better than. */
  meanAccuracy: (known) => mean(known.map(({ accuracy }) => accuracy)),
  /** That mean, changed by as much as the mean confidence changes. */
  differenceOfConfidences: (known, { confidence }) =>
    Math.min(1, Math.max(0, confidence + mean(known.map((center) => center.accuracy - center.confidence)))),
  /** The share of the target's confidences from there on where those of the labelled centers have their accuracy. */
  thresholdedConfidence: (known, { confidences }) => shareFrom(confidences, findThreshold(known)),
} satisfies Record<string, Forecast>

/** The ways to forecast. */
export type ForecastMethod = keyof typeof forecasts

/**
 * Forecasts the accuracy at a center without labels in three ways. Throws DataError where there is no labelled center, one
 * is named twice, the target has no patches, or a label or probability is not what it should be.
 */
export function forecastAccuracy(options: AccuracyForecastOptions): Record<ForecastMethod, AccuracyForecast> {
  const { heldOut, target, threshold = 0.5 } = options
  checkCenters(heldOut)
  for (const predictions of heldOut) checkPredictions(predictions)
  checkPredictions({ labels: new Uint8Array(target.length), probabilities: target })
  const known = [...heldOut]
    .sort((a, b) => compareText(a.center, b.center))
    .map(({ threshold: ownThreshold = threshold, ...own }) => ({
      name: own.center,
      ...readCenter(own.probabilities, ownThreshold),
      ...readTruth(own, ownThreshold),
    }))
  const place = readCenter(target, threshold)
  const judge = (forecast: Forecast): AccuracyForecast => {
    const byCenter = known.map((center) => ({
      center: center.name,
      forecast:
        known.length > 1
          ? forecast(
              known.filter((other) => other !== center),
              center,
            )
          : null,
      accuracy: center.accuracy,
    }))
    const errors = byCenter.flatMap((own) => (own.forecast === null ? [] : [own.accuracy - own.forecast]))
    return {
      accuracy: boundForecast(forecast(known, place), errors, target.length),
      expectedError: errors.length > 0 ? mean(errors.map(Math.abs)) : null,
      byCenter,
    }
  }
  return {
    meanAccuracy: judge(forecasts.meanAccuracy),
    differenceOfConfidences: judge(forecasts.differenceOfConfidences),
    thresholdedConfidence: judge(forecasts.thresholdedConfidence),
  }
}

/**
 * Bounds from the errors of the centers forecast from each other. Of n errors with respect to the mean of the n - 1 others,
 * sum of squares x (n - 1) / n^2 is the variance between centers, and a new center's forecast from all n varies by
 * (n + 1) / n times as much: Student's t with n - 1 degrees of freedom, no less than the chance of so few patches.
 */
function boundForecast(value: number, errors: readonly number[], patches: number): Interval {
  const n = errors.length
  if (n < 2) return { value, low: 0, high: 1 }
  const squares = mean(errors.map((error) => error ** 2)) * n
  const share = Math.min(1 - 0.5 / patches, Math.max(0.5 / patches, value))
  const chance = Math.sqrt((share * (1 - share)) / patches)
  const error = Math.max(chance, Math.sqrt((squares * (n - 1) * (n + 1)) / n ** 3))
  const half = studentQuantile(0.05, n - 1) * error
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) }
}

function readCenter(probabilities: Float32Array, threshold: number): Omit<Center, 'accuracy'> {
  const confidences = Float64Array.from(probabilities, (p) => (p >= threshold ? p : 1 - p))
    .sort()
    .reverse()
  return { confidences, confidence: mean(confidences) }
}

function readTruth({ labels, probabilities }: HeldOutCenter, threshold: number): { accuracy: number } {
  const right = labels.reduce(
    (sum, label, i) => sum + Number(probabilities[i] >= threshold === (label === 1)),
    0,
  )
  return { accuracy: right / labels.length }
}

// The confidence from which on there is as large a share of the centers' patches as is right.
function findThreshold(known: readonly Center[]): number {
  const accuracy = mean(known.map((center) => center.accuracy))
  const rising = Float64Array.from(known.flatMap(({ confidences }) => [...confidences])).sort()
  const share = (threshold: number) => mean(known.map(({ confidences }) => shareFrom(confidences, threshold)))
  // The share falls as the threshold rises: the last threshold that still has it.
  let [low, high] = [0, rising.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (share(rising[middle]) >= accuracy) low = middle
    else high = middle - 1
  }
  return rising[low]
}

// How large a share of falling confidences is at least `threshold`.
function shareFrom(falling: Float64Array, threshold: number): number {
  let [low, high] = [0, falling.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (falling[middle] >= threshold) low = middle + 1
    else high = middle
  }
  return low / falling.length
}

// In rising order, so that neither order nor names decide the last bit.
function mean(values: ArrayLike<number>): number {
  const rising = Float64Array.from(values).sort()
  return rising.reduce((sum, value) => sum + value, 0) / rising.length
}

function checkCenters(heldOut: readonly HeldOutCenter[]): void {
  const names = heldOut.map(({ center }) => center)
  const repeated = names.find((name, i) => names.indexOf(name) !== i)
  if (names.length > 0 && repeated === undefined) return
  throw new DataError({
    where: 'forecastAccuracy heldOut',
    expected: 'labelled centers, each once',
    got: repeated === undefined ? 'none' : `center ${repeated} twice`,
  })
}
