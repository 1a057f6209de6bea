// Is model a better than model b on the same patches? The paired difference in accuracy with an interval and a p that
// are one statement: Student's t over the slides or patients left out in turn (jackknife.ts), its standard error no less than
// that of McNemar's test (1947), which takes single patches for independent. The interval excludes 0 where p < 0.05.

import { type RowThresholds, spreadThreshold } from './centerThresholds.ts'
import { nameUnits, type Resampled } from './clusters.ts'
import type { Interval } from './evaluation.ts'
import { checkPredictions, countPatches, makeGroup, sortRows } from './groups.ts'
import { countEffective, makeInterval, measureSpread } from './jackknife.ts'
import { studentTails } from './student.ts'

/** Two models' probabilities of tumour for the same patches. */
export interface PairedOptions {
  readonly labels: Uint8Array
  readonly a: Float32Array
  readonly b: Float32Array
  readonly centers?: readonly string[] | null
  readonly slides?: readonly string[] | null
  readonly patients?: readonly string[] | null
  /** Calls `probability >= threshold` are tumour; the same for both models, or a pair. Default 0.5. */
  readonly threshold?: RowThresholds | readonly [RowThresholds, RowThresholds]
}

/** The accuracy of a less that of b, and how likely so large a difference is where the models are alike. */
export interface PairedDifference {
  /** Between -1 and 1. */
  readonly difference: Interval
  /** Two-sided; below 0.05 exactly where the interval excludes 0. */
  readonly p: number
  /** What is left out in turn: whole patients or slides, whichever are fewer but at least two, else patches. */
  readonly resampled: Resampled
  /** Slides and patients among the patches; null where they are not known. */
  readonly slides: number | null
  readonly patients: number | null
  readonly count: number
  /** Patches that only a, only b calls rightly. */
  readonly onlyA: number
  readonly onlyB: number
}

/** Compares two models on the same patches. Throws DataError as evaluate does. The order of rows does not matter. */
export function pairedDifference(options: PairedOptions): PairedDifference {
  const { labels, a, b, centers = null, slides, patients, threshold = 0.5 } = options
  for (const probabilities of [a, b]) {
    checkPredictions({ labels, probabilities, centers, slides, patients })
  }
  const isPair = (given: typeof threshold): given is readonly [RowThresholds, RowThresholds] =>
    Array.isArray(given)
  const both = isPair(threshold) ? threshold : [threshold, threshold]
  const [ofA, ofB] = both.map((one) => spreadThreshold(one, centers, labels.length))
  // +1 where only a is right, -1 where only b is: all that matters of a patch besides its slide and patient.
  const gain = Int8Array.from(
    labels,
    (label, i) => Number(a[i] >= ofA[i] === (label === 1)) - Number(b[i] >= ofB[i] === (label === 1)),
  )
  const predictions = { labels, probabilities: Float32Array.from(gain), centers, slides, patients }
  const group = makeGroup(predictions, sortRows(predictions), nameUnits(predictions), ofA)
  const onlyA = gain.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0)
  const onlyB = gain.reduce((sum, value) => sum + (value < 0 ? 1 : 0), 0)
  const count = labels.length
  const value = (onlyA - onlyB) / count
  const sizes = countPatches(group)
  const gains = new Float64Array(group.clusters)
  group.cluster.forEach((index, rank) => {
    gains[index] += group.probabilities[rank]
  })
  const figures = Array.from(gains, (own, i) => (onlyA - onlyB - own) / (count - sizes[i]))
  const mcNemar = Math.sqrt(Math.max(1, onlyA + onlyB)) / count
  const spread = measureSpread([{ figures, effective: countEffective(sizes) }], { least: mcNemar })
  return {
    difference: makeInterval(value, spread, [-1, 1]),
    p: spread ? studentTails(Math.abs(value) / spread.error, spread.degrees) : 1,
    resampled: group.resampled,
    slides: group.slides,
    patients: group.patients,
    count,
    onlyA,
    onlyB,
  }
}
