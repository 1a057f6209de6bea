// The distribution of one plane over one region, from its 256-bin histogram.

import type { Region } from './planes.ts'

/** What is told of a distribution, in this order. */
export const distributionNames = [
  'mean',
  'sd',
  'skewness',
  'kurtosis',
  'p05',
  'p25',
  'p50',
  'p75',
  'p95',
  'entropy',
] as const

const shares = [0.05, 0.25, 0.5, 0.75, 0.95]

/** Counts the bytes of `plane` (`width` pixels a row) in `region` into the 256 bins of `histogram`. */
export function countLevels(plane: Uint8Array, width: number, region: Region, histogram: Int32Array): void {
  histogram.fill(0)
  for (let y = region.top; y < region.top + region.height; y++) {
    const begin = y * width + region.left
    for (let i = begin; i < begin + region.width; i++) histogram[plane[i]]++
  }
}

/** The level below which `share` of the counts lie, linear within its bin. */
export function quantile(histogram: Int32Array, total: number, share: number): number {
  const wanted = share * total
  let below = 0
  for (let level = 0; level < 256; level++) {
    const count = histogram[level]
    if (below + count >= wanted && count > 0) return level + (wanted - below) / count
    below += count
  }
  return 255
}

/**
 * Writes the ten figures of a histogram of `total` counts at `at`; levels are scaled by 1/255.
 * Skewness and kurtosis (excess) shrink to 0 as the spread falls below one level, and are bounded.
 */
export function measureDistribution(
  histogram: Int32Array,
  total: number,
  out: Float32Array,
  at: number,
): number {
  let mean = 0
  let entropy = 0
  for (let level = 0; level < 256; level++) {
    const share = histogram[level] / total
    if (share === 0) continue
    mean += share * level
    entropy -= share * Math.log2(share)
  }
  let [second, third, fourth] = [0, 0, 0]
  for (let level = 0; level < 256; level++) {
    const share = histogram[level] / total
    const deviation = level - mean
    const square = deviation * deviation
    second += share * square
    third += share * square * deviation
    fourth += share * square * square
  }
  const spread = second + 1
  out[at++] = mean / 255
  out[at++] = Math.sqrt(second) / 255
  out[at++] = Math.max(-8, Math.min(8, third / (spread * Math.sqrt(spread))))
  out[at++] = second < 1 ? 0 : Math.min(20, fourth / (spread * spread) - 3)
  for (const share of shares) out[at++] = quantile(histogram, total, share) / 255
  out[at++] = entropy / 8
  return at
}
