// A threshold chosen on labelled validation patches, never on the patches that are then evaluated; or from a stated share of
// tumour, without labels.

import { DataError } from '../base/index.ts'
import { checkPredictions, sortRows } from './groups.ts'
import { type Confusion, measureAccuracy, measureBalancedAccuracy, measureF1 } from './measures.ts'

const measures = {
  accuracy: measureAccuracy,
  balancedAccuracy: measureBalancedAccuracy,
  f1: measureF1,
} satisfies Record<string, (confusion: Confusion) => number | null>

/** What a threshold can be chosen by. */
export type ThresholdMeasure = keyof typeof measures

/**
 * The threshold in (0, 1) that maximises a measure on these patches: midway between two neighbouring
 * probabilities, among equals the one nearest .5. Returns .5 where the measure is not defined.
 * Throws DataError as evaluate does.
 */
export function chooseThreshold(
  options: { readonly labels: Uint8Array; readonly probabilities: Float32Array },
  measure: ThresholdMeasure = 'accuracy',
): number {
  checkPredictions(options)
  const { labels, probabilities } = options
  const rows = sortRows(options)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  let best = { threshold: 0.5, figure: Number.NEGATIVE_INFINITY }
  let tp = 0
  for (let called = 0; called <= rows.length; called++) {
    if (called > 0) tp += labels[rows[called - 1]]
    const above = called > 0 ? probabilities[rows[called - 1]] : 1
    const below = called < rows.length ? probabilities[rows[called]] : 0
    if (above === below) continue // no threshold lies between patches that tie
    const fp = called - tp
    const fn = positives - tp
    const figure = measures[measure]({ tp, fp, fn, tn: rows.length - positives - fp })
    if (figure === null) return 0.5
    // .5 itself stands for its whole gap: a model that needs no other threshold keeps it.
    const threshold = below < 0.5 && above >= 0.5 ? 0.5 : (above + below) / 2
    const isNearer = Math.abs(threshold - 0.5) < Math.abs(best.threshold - 0.5)
    if (figure > best.figure || (figure === best.figure && isNearer)) best = { threshold, figure }
  }
  return best.threshold
}

/**
 * The threshold in (0, 1) from which on a stated share of patches, above 0 and below 1, is called tumour: midway between
 * two neighbouring probabilities, the one that comes nearest to the share, of two alike the higher. It needs no labels.
 * Transductive: of a center's own patches it must know their probabilities, and it is as good as the stated share is.
 * Throws DataError where the share or a probability is not what it should be.
 */
export function chooseThresholdByShare(probabilities: Float32Array, share: number): number {
  if (!(share > 0 && share < 1)) {
    throw new DataError({
      where: 'chooseThresholdByShare share',
      expected: 'a number above 0 and below 1',
      got: `${share}`,
    })
  }
  checkPredictions({ labels: new Uint8Array(probabilities.length), probabilities })
  const falling = Float32Array.from(probabilities).sort().reverse()
  let best = { threshold: 0.5, gap: Number.POSITIVE_INFINITY }
  for (let called = 0; called <= falling.length; called++) {
    const above = called > 0 ? falling[called - 1] : 1
    const below = called < falling.length ? falling[called] : 0
    if (above === below) continue
    const gap = Math.abs(called / falling.length - share)
    if (gap < best.gap) best = { threshold: (above + below) / 2, gap }
  }
  return best.threshold
}
