// Is model a better than model b on the same patches? The paired difference in accuracy, its bootstrap interval,
// and a randomisation test that swaps the models within clusters. Swapping single patches makes it McNemar's
// exact test (McNemar 1947); swapping whole slides keeps it honest where patches of a slide err together.

import { openRandom, type Random } from '../base/index.ts'
import { drawWeights, makeInterval } from './bootstrap.ts'
import type { Interval } from './evaluation.ts'
import { checkPredictions, makeGroup, nameSlides, sortRows } from './groups.ts'

/** Two models' probabilities of tumour for the same patches. */
export interface PairedOptions {
  readonly labels: Uint8Array
  readonly a: Float32Array
  readonly b: Float32Array
  readonly centers?: readonly string[] | null
  readonly slides?: readonly string[] | null
  /** Calls `probability >= threshold` are tumour; one number, or one for each model. Default .5. */
  readonly threshold?: number | readonly [number, number]
  readonly seed: number
  /** Default 1000, of the interval. */
  readonly resamples?: number
}

/** The accuracy of a less that of b, and how likely so large a difference is where the models are alike. */
export interface PairedDifference {
  readonly difference: Interval
  /** Two-sided. Over slides, at least 2 / 2^(slides on which the models differ). */
  readonly p: number
  readonly test: 'slide swaps' | 'McNemar exact'
  readonly resampled: 'slides' | 'patches'
  /** Patches that only a, only b calls rightly. */
  readonly onlyA: number
  readonly onlyB: number
}

// Up to here all swaps are tried; above, this many random ones (and p can be no smaller than their inverse).
const exhaustiveClusters = 14
const randomSwaps = 10_000

/** Compares two models on the same patches. Throws DataError as evaluate does. The order of rows does not matter. */
export function pairedDifference(options: PairedOptions): PairedDifference {
  const { labels, a, b, centers = null, seed, resamples = 1000, threshold = 0.5 } = options
  const [thresholdA, thresholdB] = typeof threshold === 'number' ? [threshold, threshold] : threshold
  for (const probabilities of [a, b]) {
    checkPredictions({ labels, probabilities, centers, slides: options.slides })
  }
  // +1 where only a is right, -1 where only b is: all that matters of a patch besides its slide.
  const gain = Int8Array.from(
    labels,
    (label, i) => Number(a[i] >= thresholdA === (label === 1)) - Number(b[i] >= thresholdB === (label === 1)),
  )
  const predictions = { labels, probabilities: Float32Array.from(gain), slides: options.slides, centers }
  const rows = sortRows(predictions)
  const group = makeGroup(predictions, rows, nameSlides(options.slides, centers))

  const gains = new Float64Array(group.clusters)
  const counts = new Float64Array(group.clusters)
  for (let i = 0; i < rows.length; i++) {
    gains[group.cluster[i]] += group.probabilities[i]
    counts[group.cluster[i]]++
  }
  const onlyA = gain.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0)
  const onlyB = gain.reduce((sum, value) => sum + (value < 0 ? 1 : 0), 0)
  const isClustered = group.resampled === 'slides'
  return {
    difference: bootstrapDifference(gains, counts, openRandom(seed, 'paired', 'bootstrap'), resamples),
    p: isClustered ? testSwaps(gains, openRandom(seed, 'paired', 'swaps')) : testSigns(onlyA, onlyB),
    test: isClustered ? 'slide swaps' : 'McNemar exact',
    resampled: group.resampled,
    onlyA,
    onlyB,
  }
}

function bootstrapDifference(
  gains: Float64Array,
  counts: Float64Array,
  random: Random,
  resamples: number,
): Interval {
  const weights = new Uint32Array(gains.length).fill(1)
  const measure = () => {
    let gain = 0
    let count = 0
    for (let cluster = 0; cluster < weights.length; cluster++) {
      gain += weights[cluster] * gains[cluster]
      count += weights[cluster] * counts[cluster]
    }
    return gain / count
  }
  const value = measure()
  const draws = Array.from({ length: resamples }, () => {
    drawWeights(random, weights)
    return measure()
  })
  return makeInterval(value, draws)
}

// The share of sign assignments to the clusters' gains whose sum is at least as far from 0 as the one seen.
function testSwaps(gains: Float64Array, random: Random): number {
  const differing = gains.filter((gain) => gain !== 0)
  const seen = Math.abs(differing.reduce((sum, gain) => sum + gain, 0))
  const isExhaustive = differing.length <= exhaustiveClusters
  const swaps = isExhaustive ? 2 ** differing.length : randomSwaps
  let asFar = isExhaustive ? 0 : 1 // the assignment seen belongs to the random ones (Phipson & Smyth 2010)
  for (let swap = 0; swap < swaps; swap++) {
    let sum = 0
    for (let cluster = 0; cluster < differing.length; cluster++) {
      const isSwapped = isExhaustive ? (swap >> cluster) & 1 : random.integer(2)
      sum += isSwapped ? -differing[cluster] : differing[cluster]
    }
    if (Math.abs(sum) >= seen) asFar++
  }
  return asFar / (isExhaustive ? swaps : swaps + 1)
}

// Two-sided binomial test of `one` against `other` at even odds, summed in logarithms from the far tail.
function testSigns(one: number, other: number): number {
  const trials = one + other
  let logTerm = -trials * Math.LN2
  let tail = Math.exp(logTerm)
  for (let k = 0; k < Math.min(one, other); k++) {
    logTerm += Math.log(trials - k) - Math.log(k + 1)
    tail += Math.exp(logTerm)
  }
  return Math.min(1, 2 * tail)
}
