// Calls, truth and probability of patches tallied into 15 equal-width probability bins, of which confusion,
// calibration error and reliability curve are all read. Calibration error is the root of the mean of
// (mean probability - share of tumour)^2 over the patches' bins. The plain mean is too large, since shares of few
// patches are off by chance; it is debiased as Kumar, Liang & Ma, "Verified uncertainty calibration" (2019) do, but
// by the jackknife over slides, so that what slides are off by chance goes too.

import type { Interval } from './evaluation.ts'
import type { Group } from './groups.ts'
import { correctBias, type LeftOut, makeInterval, measureSpread } from './jackknife.ts'
import type { Confusion } from './measures.ts'

const bins = 15
// A cell of a tally is a bin's patches of one call and one label: bin * 4 + called * 2 + label.
const cells = bins * 4

/** Weighted patches by cell, and the sum of their probabilities by bin. */
export interface Tally {
  readonly count: Float64Array
  readonly probability: Float64Array
}

/** The cell of each patch of a group; 1 belongs to the last bin, a probability at the threshold is called tumour. */
export function assignCells({ probabilities, labels, thresholds }: Group): Uint8Array {
  return Uint8Array.from(probabilities, (probability, i) => {
    const bin = Math.min(bins - 1, Math.floor(probability * bins))
    return bin * 4 + (probability >= thresholds[i] ? 2 : 0) + labels[i]
  })
}

/** Tallies a group's patches, each cluster counting `weights` times. */
export function tallyWeighted(
  { probabilities, cluster }: Group,
  cell: Uint8Array,
  weights: Uint32Array,
): Tally {
  const count = new Float64Array(cells)
  const probability = new Float64Array(bins)
  for (let i = 0; i < cell.length; i++) {
    const weight = weights[cluster[i]]
    if (weight === 0) continue
    count[cell[i]] += weight
    probability[cell[i] >> 2] += weight * probabilities[i]
  }
  return { count, probability }
}

/** The confusion matrix of a tally. */
export function readConfusion({ count }: Tally): Confusion {
  const byCell = [0, 0, 0, 0]
  for (let cell = 0; cell < cells; cell++) byCell[cell & 3] += count[cell]
  const [tn, fn, fp, tp] = byCell
  return { tp, fp, tn, fn }
}

/** The mean squared calibration error of a tally, 0 (calibrated) to 1, biased upwards. */
export function measureSquaredError({ count, probability }: Tally): number {
  let total = 0
  let error = 0
  for (let bin = 0; bin < bins; bin++) {
    const { patches, tumours } = readBin(count, bin)
    if (patches === 0) continue
    total += patches
    error += (probability[bin] - tumours) ** 2 / patches
  }
  return error / total
}

/**
 * The debiased root mean squared calibration error with its interval, 0 to 1, from the squared error of all patches
 * and with each cluster left out. The interval is that of the squared error, which is no less sure than one patch; it
 * lies around 0 where the debiased error is below, so that it is never of no width.
 */
export function makeCalibrationError(squared: number, leftOut: LeftOut, patches: number): Interval {
  const spread = measureSpread([leftOut], { least: 1 / patches ** 2 })
  if (!spread) return { value: Math.sqrt(squared), low: 0, high: 1 }
  const debiased = Math.max(0, correctBias(squared, leftOut))
  const { value, low, high } = makeInterval(debiased, spread, [0, 1])
  const root = (figure: number) => Math.sqrt(Math.min(1, Math.max(0, figure)))
  return { value: root(value), low: root(low), high: root(high) }
}

/** The reliability curve of a tally: bins that hold at least one patch, by rising probability. */
export function traceReliability({ count, probability }: Tally) {
  return Array.from(probability, (sum, bin) => {
    const { patches, tumours } = readBin(count, bin)
    return { meanProbability: sum / patches, tumourShare: tumours / patches, count: patches }
  }).filter((bin) => bin.count > 0)
}

function readBin(count: Float64Array, bin: number): { patches: number; tumours: number } {
  const [tn, fn, fp, tp] = count.subarray(bin * 4, bin * 4 + 4)
  return { patches: tn + fn + fp + tp, tumours: fn + tp }
}
