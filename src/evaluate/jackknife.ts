// Intervals from the figures that are left when one cluster after another is left out. Standard error: the
// delete-one-cluster jackknife, which for few clusters holds better than percentiles of a bootstrap (MacKinnon,
// Nielsen & Webb, "Fast and reliable jackknife and bootstrap methods for cluster-robust inference", 2023). Student's t
// with as many clusters as Kish's effective number, less one: Kish, "Survey sampling" (1965), section 8.2.

import type { Interval } from './evaluation.ts'
import { studentQuantile } from './student.ts'

/** A figure with each cluster of a stratum left out in turn; null where it is then not defined. */
export interface LeftOut {
  readonly figures: readonly (number | null)[]
  /** How many clusters of one size would tell as much: Kish's number. */
  readonly effective: number
}

/** Standard error of a figure, and how many degrees of freedom it rests on. */
export interface Spread {
  readonly error: number
  readonly degrees: number
}

/** How many clusters of one size tell as much as these: (sum of sizes)^2 / sum of squared sizes. */
export function countEffective(sizes: ArrayLike<number>): number {
  const [sum, squares] = Array.from(sizes).reduce(([s, q], size) => [s + size, q + size * size], [0, 0])
  return sum ** 2 / squares
}

/** Measures with each cluster left out in turn: the weights are 0 for that one and 1 for the others. */
export function leaveEachOut<T>(clusters: number, measure: (weights: Uint32Array) => T): T[] {
  const weights = new Uint32Array(clusters).fill(1)
  return Array.from({ length: clusters }, (_, cluster) => {
    weights[cluster] = 0
    const measured = measure(weights)
    weights[cluster] = 1
    return measured
  })
}

/**
 * The jackknife's standard error of `scale(figure)`, no less than `least`, the clusters of each stratum being a sample of
 * their own; degrees of freedom after Satterthwaite, at least 1. Null where it cannot be had: a stratum has fewer than two
 * clusters, or one of them decides alone whether the figure is defined.
 */
export function measureSpread(
  strata: readonly LeftOut[],
  { least = 0, scale = (figure: number) => figure } = {},
): Spread | null {
  let variance = 0
  let doubt = 0
  let degrees = 0
  for (const { figures, effective } of strata) {
    if (figures.length < 2 || figures.includes(null)) return null
    const scaled = figures.map((figure) => scale(figure!))
    const mean = scaled.reduce((sum, figure) => sum + figure, 0) / scaled.length
    const squares = scaled.reduce((sum, figure) => sum + (figure - mean) ** 2, 0)
    const part = ((scaled.length - 1) / scaled.length) * squares
    const freedom = Math.max(1, effective - 1)
    variance += part
    doubt += part ** 2 / freedom
    degrees += freedom
  }
  const error = Math.max(least, Math.sqrt(variance))
  return { error, degrees: doubt > 0 ? variance ** 2 / doubt : degrees }
}

/** A figure less its bias, of which leaving clusters out shows the part that falls with their number; none may be null. */
export function correctBias(figure: number, { figures }: LeftOut): number {
  const mean = figures.reduce<number>((sum, left) => sum + left!, 0) / figures.length
  return figures.length * figure - (figures.length - 1) * mean
}

/**
 * The 95 % interval of a share between 0 and 1 on the scale of log odds, where `patches` are what it is a share of.
 * Shares nearer to 0 or 1 than half a patch count as half a patch, and the standard error is never less than that of
 * so many independent patches, of which at least one is wrong: slides that agree, or are without error, may do so by chance.
 */
export function makeShareInterval(value: number, strata: readonly LeftOut[], patches: number): Interval {
  const bound = (share: number, by: number) => Math.min(1 - by / patches, Math.max(by / patches, share))
  const logOdds = (share: number) => Math.log(bound(share, 0.5) / (1 - bound(share, 0.5)))
  const shareAt = (odds: number) => 1 / (1 + Math.exp(-odds))
  const share = bound(value, Math.min(1, patches / 2))
  const independent = 1 / Math.sqrt(patches * share * (1 - share))
  const spread = measureSpread(strata, { scale: logOdds, least: independent })
  const odds = makeInterval(logOdds(value), spread, [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  return { value, low: Math.min(value, shareAt(odds.low)), high: Math.max(value, shareAt(odds.high)) }
}

/** The 95 % interval of a figure, cut off at `least` and `most`; all of that where none can be had. */
export function makeInterval(
  value: number,
  spread: Spread | null,
  [least, most]: readonly [number, number],
): Interval {
  if (!spread) return { value, low: least, high: most }
  const half = studentQuantile(0.05, spread.degrees) * spread.error
  return { value, low: Math.max(least, value - half), high: Math.min(most, value + half) }
}
