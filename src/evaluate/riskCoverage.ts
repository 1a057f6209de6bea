// What abstention buys: the accuracy of the patches that are kept where those nearest to the threshold are left out. El-Yaniv
// & Wiener, "On the foundations of noise-free selective classification" (2010); the area after Geifman, Uziel & El-Yaniv,
// "Bias-reduced uncertainty estimation for deep neural classifiers" (2019), of accuracy where they have risk.

import type { RiskCoverage } from './evaluation.ts'
import { countPatches, type Group } from './groups.ts'
import { countEffective, leaveEachOut, makeShareInterval } from './jackknife.ts'

// What is shown in a table: the share of patches that are kept, rising as they are measured.
const shares = [0.5, 0.8, 0.9, 1]

/** Patches by falling margin, as abstention sees them. */
interface Sureness {
  /** Distance of each probability to the threshold, falling. */
  readonly margins: Float64Array
  readonly right: Uint8Array
  readonly cluster: Uint32Array
  /** 1 at the last patch of each run of equal margins. */
  readonly endsTie: Uint8Array
}

/** The accuracy of a group's patches at every coverage, with intervals by leaving out its clusters. */
export function scoreRiskCoverage(group: Group): RiskCoverage {
  const sureness = sortBySureness(group)
  const count = group.labels.length
  const measure = (weights: Uint32Array) => measureKept(sureness, weights, shares)
  const whole = measure(new Uint32Array(group.clusters).fill(1))
  const leftOut = leaveEachOut(group.clusters, measure)
  const effective = countEffective(countPatches(group))
  const interval = (i: number, patches: number) => {
    const figures = leftOut.map((left) => left[i])
    return makeShareInterval(whole[i]!, [{ figures, effective }], patches)
  }
  return {
    ...traceKept(sureness),
    area: interval(shares.length, count),
    at: shares
      .map((coverage, i) => ({
        coverage,
        accuracy: interval(i, Math.max(1, coverage * count)),
        margin: sureness.margins[Math.max(0, Math.ceil(coverage * count - 1e-9) - 1)],
      }))
      .reverse(),
  }
}

function sortBySureness({ probabilities, labels, cluster, thresholds }: Group): Sureness {
  const order = orderBySureness(probabilities, thresholds)
  const margins = Float64Array.from(order, (i) => Math.abs(probabilities[i] - thresholds[i]))
  return {
    margins,
    right: Uint8Array.from(order, (i) => Number(probabilities[i] >= thresholds[i] === (labels[i] === 1))),
    cluster: Uint32Array.from(order, (i) => cluster[i]),
    endsTie: Uint8Array.from(margins, (margin, rank) => Number(margin !== margins[rank + 1])),
  }
}

// A group is sorted by probability: of one threshold, those farthest from it are at either end of what is left.
function orderBySureness(probabilities: Float32Array, thresholds: Float64Array): Uint32Array {
  const margin = (i: number) => Math.abs(probabilities[i] - thresholds[i])
  const order = Uint32Array.from(probabilities, (_, i) => i)
  if (thresholds.some((threshold) => threshold !== thresholds[0]))
    return order.sort((i, j) => margin(j) - margin(i))
  let [first, last] = [0, order.length - 1]
  return order.map(() => (margin(first) >= margin(last) ? first++ : last--))
}

/**
 * Accuracy of the surest `shares` (rising) of the patches, each cluster counting `weights` times, and last the area under all
 * coverages. Patches of one margin are kept or left out in the mean over all their orders.
 */
function measureKept(
  { right, cluster, endsTie }: Sureness,
  weights: Uint32Array,
  shares: readonly number[],
): (number | null)[] {
  let total = 0
  for (let i = 0; i < cluster.length; i++) total += weights[cluster[i]]
  if (total === 0) return [...shares.map(() => null), null]
  const accuracies: number[] = []
  let wanted = shares[0] * total
  let [kept, keptRight, area] = [0, 0, 0]
  let [tied, tiedRight] = [0, 0]
  for (let i = 0; i < cluster.length; i++) {
    const weight = weights[cluster[i]]
    tied += weight
    tiedRight += right[i] * weight
    if (endsTie[i] === 0 || tied === 0) continue
    while (wanted <= kept + tied) {
      accuracies.push((keptRight + (tiedRight * (wanted - kept)) / tied) / wanted)
      wanted =
        accuracies.length < shares.length ? shares[accuracies.length] * total : Number.POSITIVE_INFINITY
    }
    if (tied === 1)
      area += (keptRight + tiedRight) / (kept + 1) // nearly always: without the loop's second division
    else for (let n = 1; n <= tied; n++) area += (keptRight + (tiedRight * n) / tied) / (kept + n)
    kept += tied
    keptRight += tiedRight
    tied = 0
    tiedRight = 0
  }
  return [...accuracies, area / total]
}

// The curve by rising coverage at the ends of ties, at most `limit` points, the last of all patches.
function traceKept({ right, endsTie }: Sureness, limit = 200): Pick<RiskCoverage, 'coverage' | 'accuracy'> {
  const coverage: number[] = []
  const accuracy: number[] = []
  const count = right.length
  let kept = 0
  let next = 0
  for (let i = 0; i < count; i++) {
    kept += right[i]
    if (endsTie[i] === 0) continue
    const share = (i + 1) / count
    if (share < next && i < count - 1) continue
    coverage.push(share)
    accuracy.push(kept / (i + 1))
    next = (Math.floor(share * (limit - 1)) + 1) / (limit - 1)
  }
  return { coverage, accuracy }
}
