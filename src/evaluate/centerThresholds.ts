// Thresholds that differ from center to center: what each patch is called at, and thresholds by a share of tumour.

import { compareNames, DataError, groupRows, leastPatches } from '../base/index.ts'
import type { Predictions } from './groups.ts'
import { chooseThresholdByShare } from './threshold.ts'

/**
 * From which probability on a patch is called tumour, 0 to 1: one number, or one for each center by its name (`?` where
 * that is not known).
 */
export type Threshold = number | Readonly<Record<string, number>>

/** How a threshold is found: it is given, or that from which on a stated share of each center's patches is tumour. */
export type ThresholdRule = number | { readonly share: number }

type Centers = readonly string[] | null | undefined

const nameOf = (centers: Centers, row: number) => centers?.[row] ?? '?'

/** One threshold, one a center, or one a row. */
export type RowThresholds = Threshold | Float64Array

/** The threshold of each of `count` patches. Throws DataError where a center has none, or one that is not 0 to 1. */
export function spreadThreshold(threshold: RowThresholds, centers: Centers, count: number): Float64Array {
  if (threshold instanceof Float64Array) return threshold
  const byCenter = typeof threshold === 'number' ? null : threshold
  const spread = new Float64Array(count)
  for (let row = 0; row < count; row++) {
    const own = byCenter ? byCenter[nameOf(centers, row)] : (threshold as number)
    if (!(own >= 0 && own <= 1)) {
      const where = byCenter ? `evaluate threshold, center ${nameOf(centers, row)}` : 'evaluate threshold'
      throw new DataError({ where, expected: 'a number from 0 to 1', got: `${own ?? 'none'}` })
    }
    spread[row] = own
  }
  return spread
}

/** The call of each patch, 1 tumour, 0 normal. Throws as `spreadThreshold`. */
export function callTumour(probabilities: Float32Array, threshold: Threshold, centers: Centers): Uint8Array {
  const spread = spreadThreshold(threshold, centers, probabilities.length)
  return Uint8Array.from(probabilities, (probability, row) => Number(probability >= spread[row]))
}

/**
 * The threshold of each center from which on a stated share of its patches is called tumour (`chooseThresholdByShare`).
 * Transductive: it looks at all patches of a center at once. Throws DataError where a center has fewer than 16, or the
 * share or a probability is not what it should be.
 */
export function chooseThresholdsByShare(
  { probabilities, centers }: { readonly probabilities: Float32Array; readonly centers?: Centers },
  share: number,
): Record<string, number> {
  return mapCenters(centers, probabilities.length, (center, rows) => {
    if (rows.length < leastPatches) {
      throw new DataError({
        where: center === '?' ? 'patches without a center' : `center ${center}`,
        expected: `at least ${leastPatches} patches, to choose a threshold by their share of tumour`,
        got: String(rows.length),
        hint: 'give more patches of the center at once, or a threshold that is a number',
      })
    }
    return chooseThresholdByShare(pick(probabilities, rows), share)
  })
}

/** The threshold that a rule comes to for patches, without their labels. Throws as `chooseThresholdsByShare`. */
export function findThreshold(
  rule: ThresholdRule,
  patches: Parameters<typeof chooseThresholdsByShare>[0],
): Threshold {
  return typeof rule === 'number' ? rule : chooseThresholdsByShare(patches, rule.share)
}

/**
 * Thresholds by share for labelled centers, each by its own share of tumour, as though that had been stated. A center of one class, or
 * of fewer than 16 patches, has .5.
 */
export function chooseThresholdsByLabels({
  labels,
  probabilities,
  centers,
}: Predictions): Record<string, number> {
  return mapCenters(centers, probabilities.length, (_, rows) => {
    const share = rows.reduce((sum, row) => sum + labels[row], 0) / rows.length
    if (rows.length < leastPatches || share === 0 || share === 1) return 0.5
    return chooseThresholdByShare(pick(probabilities, rows), share)
  })
}

const pick = (probabilities: Float32Array, rows: readonly number[]) =>
  Float32Array.from(rows, (row) => probabilities[row])

function mapCenters(
  centers: Centers,
  count: number,
  choose: (center: string, rows: readonly number[]) => number,
): Record<string, number> {
  const byCenter = groupRows(Array(count).keys(), (row) => nameOf(centers, row))
  const named = [...byCenter].sort(([a], [b]) => compareNames(a, b))
  return Object.fromEntries(named.map(([name, rows]) => [name, choose(name, rows)]))
}
