// Stain concentrations by least squares: two dot products a pixel. Of all of them only a high percentile is
// needed, so a sample brackets it and one pass collects what lies above.

import type { Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { interpolate, percentileOf, rankOf, sampleSize, select, selectPair, tailShare } from './quantile.ts'
import type { Workspace } from './tissue.ts'

/** The pixels that are meant: `count` of them at byte `offsets`, or the first `count` where null. */
export interface PixelChoice {
  readonly offsets: Int32Array | null
  readonly count: number
}

/** Percentile `percent` over the chosen pixels of the two concentrations that `rows` give. */
export function concentrationPercentiles(
  data: Uint8Array,
  tables: DensityTables,
  rows: readonly [Vector, Vector],
  percent: number,
  choice: PixelChoice,
  workspace: Workspace,
): [number, number] {
  const { count } = choice
  const tail = tailShare(1 - percent / 100, sampleSize(count))
  const { valuesA, valuesB } = workspace
  if (tail < 0.5 && count >= 64) {
    const thresholds = rows.map((row) => sampleThreshold(data, tables, row, tail, choice, valuesA))
    const [a, b] = collectAbove(data, tables, rows, thresholds, choice, workspace)
    const { low, fraction } = rankOf(percent, count)
    const [atA, atB] = [low - (count - a), low - (count - b)]
    if (atA >= 0 && atB >= 0) {
      return [
        interpolate(...selectPair(valuesA, a, atA), fraction),
        interpolate(...selectPair(valuesB, b, atB), fraction),
      ]
    }
  }
  collectAbove(data, tables, rows, [-Infinity, -Infinity], choice, workspace)
  return [percentileOf(valuesA, count, percent), percentileOf(valuesB, count, percent)]
}

function sampleThreshold(
  data: Uint8Array,
  [red, green, blue]: DensityTables,
  [x, y, z]: Vector,
  tail: number,
  { offsets, count }: PixelChoice,
  values: Float64Array,
): number {
  const size = sampleSize(count)
  for (let i = 0; i < size; i++) {
    const index = Math.floor((i * count) / size)
    const at = offsets ? offsets[index] : 3 * index
    values[i] = red[data[at]] * x + green[data[at + 1]] * y + blue[data[at + 2]] * z
  }
  return select(values, size, Math.floor((1 - tail) * (size - 1)))
}

function collectAbove(
  data: Uint8Array,
  [red, green, blue]: DensityTables,
  [[hx, hy, hz], [ex, ey, ez]]: readonly [Vector, Vector],
  [thresholdH, thresholdE]: readonly number[],
  { offsets, count }: PixelChoice,
  { valuesA, valuesB }: Workspace,
): [number, number] {
  let a = 0
  let b = 0
  for (let i = 0; i < count; i++) {
    const at = offsets ? offsets[i] : 3 * i
    const x = red[data[at]]
    const y = green[data[at + 1]]
    const z = blue[data[at + 2]]
    const h = x * hx + y * hy + z * hz
    const e = x * ex + y * ey + z * ez
    if (h >= thresholdH) valuesA[a++] = h
    if (e >= thresholdE) valuesB[b++] = e
  }
  return [a, b]
}
