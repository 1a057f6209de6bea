// Calls, truth and probability of patches tallied into 15 equal-width probability bins, of which confusion,
// calibration error and reliability curve are all read. Expected calibration error after Naeini et al.,
// "Obtaining well calibrated probabilities using Bayesian binning" (2015), for the tumour probability:
// |mean probability - share of tumour| of each bin, weighted by the bin's share of patches.

import type { Group } from './groups.ts'
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
export function assignCells({ probabilities, labels }: Group, threshold: number): Uint8Array {
  return Uint8Array.from(probabilities, (probability, i) => {
    const bin = Math.min(bins - 1, Math.floor(probability * bins))
    return bin * 4 + (probability >= threshold ? 2 : 0) + labels[i]
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

/** Expected calibration error of a tally, 0 (calibrated) to 1. */
export function measureCalibrationError({ count, probability }: Tally): number {
  let total = 0
  let error = 0
  for (let bin = 0; bin < bins; bin++) {
    const { patches, tumours } = readBin(count, bin)
    total += patches
    error += Math.abs(probability[bin] - tumours)
  }
  return error / total
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
