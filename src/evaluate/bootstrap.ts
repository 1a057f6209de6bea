// Percentile bootstrap intervals over clusters: Efron & Tibshirani, "An introduction to the bootstrap" (1993),
// chapter 13; Field & Welsh, "Bootstrapping clustered data" (2007) for drawing whole clusters.

import type { Random } from '../base/index.ts'
import type { Interval } from './evaluation.ts'

/** Draws as many clusters as there are, with replacement, into `weights`: how often each was drawn. */
export function drawWeights(random: Random, weights: Uint32Array): void {
  weights.fill(0)
  for (let draw = 0; draw < weights.length; draw++) weights[random.integer(weights.length)]++
}

/**
 * The interval from the 2.5th to the 97.5th percentile of resampled figures. Resamples where the figure is not
 * defined (null) are left out. Widened where needed to hold the figure itself: calibration error is biased
 * upwards under resampling, so that its percentiles can all lie above it.
 */
export function makeInterval(value: number, resampled: readonly (number | null)[]): Interval {
  const figures = Float64Array.from(resampled.filter((figure) => figure !== null)).sort()
  if (figures.length === 0) return { value, low: value, high: value }
  return {
    value,
    low: Math.min(value, quantile(figures, 0.025)),
    high: Math.max(value, quantile(figures, 0.975)),
  }
}

/** Quantile of rising values with linear interpolation between neighbours. */
export function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (position - below) * (sorted[above] - sorted[below])
}
