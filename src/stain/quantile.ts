// Percentiles without sorting: selection (Hoare's, and in workspaces that of the kernels), and numpy's linear interpolation
// between two ranks.

import type { Workspace } from './workspace.ts'

/** A percentile of `count` values lies between ranks `low` and `low + 1`, at `fraction` of the way. */
export interface Rank {
  readonly low: number
  readonly fraction: number
}

/** The rank of percentile `percent` (0 to 100) among `count` >= 1 values. */
export function rankOf(percent: number, count: number): Rank {
  const position = Math.min(Math.max(percent / 100, 0), 1) * (count - 1)
  const low = Math.min(Math.floor(position), Math.max(count - 2, 0))
  return { low, fraction: position - low }
}

/** Interpolates as numpy does, from the nearer end. */
export function interpolate(a: number, b: number, fraction: number): number {
  return fraction < 0.5 ? a + (b - a) * fraction : b - (b - a) * (1 - fraction)
}

/**
 * Percentile `percent` of the first `count` values, as numpy.percentile gives it; NaN where count is 0.
 * Reorders `values`.
 */
export function percentileOf(values: Float64Array, count: number, percent: number): number {
  if (count === 0) return Number.NaN
  const { low, fraction } = rankOf(percent, count)
  const [a, b] = selectPair(values, count, low)
  return interpolate(a, b, fraction)
}

/** The values of ranks `rank` and `rank + 1` (the last twice where there is no next). Reorders `values`. */
export function selectPair(values: Float64Array, count: number, rank: number): [number, number] {
  const a = select(values, count, rank)
  if (rank + 1 >= count) return [a, a]
  let b = values[rank + 1] // selection leaves nothing smaller than `a` behind it
  for (let i = rank + 2; i < count; i++) if (values[i] < b) b = values[i]
  return [a, b]
}

/** The value of `rank` (0 the smallest) among the first `count`. Reorders `values`; none may be NaN. */
export function select(values: Float64Array, count: number, rank: number): number {
  let left = 0
  let right = count - 1
  while (right > left) {
    const pivot = medianOfThree(values[left], values[(left + right) >> 1], values[right])
    let i = left
    let j = right
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i <= j) {
        const swapped = values[i]
        values[i++] = values[j]
        values[j--] = swapped
      }
    }
    if (rank <= j) right = j
    else if (rank >= i) left = i
    else break
  }
  return values[rank]
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}

/** The value of `rank` among `count` values at `address` of a workspace. Reorders them; none may be NaN. */
export function selectWith({ kernels }: Workspace, address: number, count: number, rank: number): number {
  return kernels.select(address, count, rank)
}

/** The values of ranks `rank` and `rank + 1` of them (the last twice where there is no next). */
export function selectPairWith(
  { kernels }: Workspace,
  address: number,
  count: number,
  rank: number,
): [number, number] {
  const a = kernels.select(address, count, rank)
  return [a, rank + 1 < count ? kernels.least(address + 8 * (rank + 1), count - rank - 1) : a]
}

/** Percentile `percent` of the levels that `histogram` counts, as numpy.percentile gives it. */
export function histogramPercentile(histogram: Uint32Array, percent: number): number {
  const count = histogram.reduce((sum, n) => sum + n, 0)
  if (count === 0) return Number.NaN
  const { low, fraction } = rankOf(percent, count)
  const levelOf = (rank: number) => {
    let level = 0
    for (let passed = histogram[0]; passed <= rank; passed += histogram[level]) level++
    return level
  }
  return interpolate(levelOf(low), levelOf(Math.min(low + 1, count - 1)), fraction)
}

/** How many of `count` values to look at to bracket a percentile. */
export function sampleSize(count: number): number {
  return Math.min(count, Math.max(256, Math.min(count >> 6, 16384)))
}

/** The share of a sample that surely (three standard deviations) holds the outer `share` of the whole. */
export function tailShare(share: number, size: number): number {
  return share + 3 * Math.sqrt((share * (1 - share)) / size) + 2 / size
}
