// How much tumour is found at a fixed rate of false alarms. The sensitivity at a specificity is that of the lowest threshold
// at which at least this share of normal patches is called normal. Patches of one probability are called together: nothing is
// interpolated. Its interval has two sources: tumour patches, and the threshold, which the normal patches decide. To choose
// the threshold anew with each cluster left out tells too little where clusters are small, since the jackknife fails for
// quantiles. So the threshold stays, and what its rate of false alarms varies by counts as much as the ROC curve is steep,
// over that rate's own interval: after Woodruff, "Confidence intervals for medians and other position measures" (1952).

import type { SensitivityAt } from './evaluation.ts'
import { countPatches, type Group } from './groups.ts'
import { countEffective, makeInterval, makeShareInterval, measureSpread } from './jackknife.ts'

const specificities = [0.9, 0.95, 0.99]
// With fewer false alarms than this, their rate is hardly known.
const falseAlarms = 5

/** Patches called tumour at each threshold, from none to all; ties are called together. */
interface Steps {
  /** How many patches are called at each step, rising from 0, and how many of them are tumour. */
  readonly called: readonly number[]
  readonly found: readonly number[]
  readonly positives: number
  readonly negatives: number
}

/** Sensitivities of a group at the fixed specificities, with intervals by leaving out its clusters. */
export function scoreSensitivities(group: Group): SensitivityAt[] {
  const steps = listSteps(group)
  const { positives, negatives } = steps
  return specificities.map((specificity) => {
    const normalsNeeded = Math.ceil(falseAlarms / (1 - specificity) - 1e-9)
    if (positives === 0 || negatives < normalsNeeded)
      return { specificity, sensitivity: null, threshold: null, normalsNeeded }
    const step = findStep(steps, 1 - specificity)
    const value = steps.found[step] / positives
    const figures = leaveOut(group, steps, step, 1 - specificity)
    return {
      specificity,
      sensitivity: makeShareInterval(
        value,
        [{ figures, effective: countEffective(countPatches(group)) }],
        positives,
      ),
      threshold: step === 0 ? null : group.probabilities[steps.called[step] - 1],
      normalsNeeded,
    }
  })
}

function listSteps({ labels, probabilities }: Group): Steps {
  const called = [0]
  const found = [0]
  let positives = 0
  for (let i = 0; i < labels.length; i++) {
    positives += labels[i]
    if (probabilities[i] === probabilities[i + 1]) continue
    called.push(i + 1)
    found.push(positives)
  }
  return { called, found, positives, negatives: labels.length - positives }
}

// The last step at which no larger a share than `rate` of the normal patches is called.
function findStep({ called, found, negatives }: Steps, rate: number): number {
  const allowed = Math.floor(rate * negatives + 1e-9)
  let [low, high] = [0, called.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (called[middle] - found[middle] <= allowed) low = middle
    else high = middle - 1
  }
  return low
}

// The sensitivity at a fixed rate of false alarms with each cluster left out: that at the fixed threshold, less what the
// changed rate is worth. Null where a cluster holds all of a class.
function leaveOut(group: Group, steps: Steps, step: number, rate: number): (number | null)[] {
  const { clusters, cluster, labels } = group
  const { called, found, positives, negatives } = steps
  const counts = Array.from({ length: 4 }, () => new Float64Array(clusters))
  for (let i = 0; i < labels.length; i++) counts[(i < called[step] ? 2 : 0) + labels[i]][cluster[i]]++
  const [tn, fn, fp, tp] = counts
  const share = (hits: number, of: number) => (of > 0 ? hits / of : null)
  const hits = found[step]
  const alarms = called[step] - hits
  const sensitivities = Array.from(tp, (own, c) => share(hits - own, positives - own - fn[c]))
  const rates = Array.from(fp, (own, c) => share(alarms - own, negatives - own - tn[c]))
  const effective = countEffective(countPatches(group))
  const least = Math.sqrt((rate * (1 - rate)) / negatives)
  const spread = measureSpread([{ figures: rates, effective }], { least })
  const { low, high } = makeInterval(rate, spread, [0, 1])
  const rise = (found[findStep(steps, high)] - found[findStep(steps, low)]) / positives
  const slope = rise / (high - low)
  return sensitivities.map((sensitivity, c) => {
    const changed = rates[c]
    if (sensitivity === null || changed === null) return null
    return Math.min(1, Math.max(0, sensitivity - slope * (changed - alarms / negatives)))
  })
}
