// Stain concentrations by least squares: two dot products a pixel. Of all of them only a high percentile is
// needed, so a sample brackets it and one pass collects what lies above.

import type { Vector } from './eigen.ts'
import { interpolate, percentileOf, rankOf, select, selectPair } from './quantile.ts'
import { sampleSize, tailShare } from './stainAngles.ts'
import type { Workspace } from './tissue.ts'

/** Percentile `percent` over all pixels of the two concentrations that `rows` give. */
export function concentrationPercentiles(
  data: Uint8Array,
  density: Float64Array,
  rows: readonly [Vector, Vector],
  percent: number,
  workspace: Workspace,
): [number, number] {
  const count = data.length / 3
  const tail = tailShare(1 - percent / 100, sampleSize(count))
  const { valuesA, valuesB } = workspace
  if (tail < 0.5 && count >= 64) {
    const thresholds = rows.map((row) => sampleThreshold(data, density, row, tail, valuesA))
    const [a, b] = collectAbove(data, density, rows, thresholds, workspace)
    const { low, fraction } = rankOf(percent, count)
    const [atA, atB] = [low - (count - a), low - (count - b)]
    if (atA >= 0 && atB >= 0) {
      return [
        interpolate(...selectPair(valuesA, a, atA), fraction),
        interpolate(...selectPair(valuesB, b, atB), fraction),
      ]
    }
  }
  collectAbove(data, density, rows, [-Infinity, -Infinity], workspace)
  return [percentileOf(valuesA, count, percent), percentileOf(valuesB, count, percent)]
}

function sampleThreshold(
  data: Uint8Array,
  density: Float64Array,
  [x, y, z]: Vector,
  tail: number,
  values: Float64Array,
): number {
  const count = data.length / 3
  const size = sampleSize(count)
  for (let i = 0; i < size; i++) {
    const at = 3 * Math.floor((i * count) / size)
    values[i] = density[data[at]] * x + density[data[at + 1]] * y + density[data[at + 2]] * z
  }
  return select(values, size, Math.floor((1 - tail) * (size - 1)))
}

function collectAbove(
  data: Uint8Array,
  density: Float64Array,
  [[hx, hy, hz], [ex, ey, ez]]: readonly [Vector, Vector],
  [thresholdH, thresholdE]: readonly number[],
  { valuesA, valuesB }: Workspace,
): [number, number] {
  let a = 0
  let b = 0
  for (let at = 0; at < data.length; at += 3) {
    const x = density[data[at]]
    const y = density[data[at + 1]]
    const z = density[data[at + 2]]
    const h = x * hx + y * hy + z * hz
    const e = x * ex + y * ey + z * ez
    if (h >= thresholdH) valuesA[a++] = h
    if (e >= thresholdE) valuesB[b++] = e
  }
  return [a, b]
}
