// Area under the ROC curve and average precision, exact with ties and integer weights.
// Fawcett, "An introduction to ROC analysis" (2006), algorithm 2; average precision without interpolation,
// AP = sum over thresholds of (recall step) x precision, as scikit-learn's average_precision_score defines it.

/** Patches by falling probability, as rankings see them: only order, ties and labels count. */
export interface Ranking {
  readonly labels: Uint8Array
  readonly cluster: Uint32Array
  /** 1 at the last patch of each run of equal probabilities. */
  readonly endsTie: Uint8Array
}

/** Prepares patches sorted by falling probability for repeated ranking under different weights. */
export function prepareRanking(group: {
  readonly labels: Uint8Array
  readonly cluster: Uint32Array
  readonly probabilities: Float32Array
}): Ranking {
  const { labels, cluster, probabilities } = group
  const endsTie = labels.map((_, i) => (probabilities[i] !== probabilities[i + 1] ? 1 : 0))
  return { labels, cluster, endsTie }
}

/**
 * AUROC (ties count half) and average precision where each cluster counts `weights` times; both null where a
 * class has no weight. One pass over the patches: sums are of integers and halves, exact below 2^53.
 */
export function rankWeighted(
  { labels, cluster, endsTie }: Ranking,
  weights: Uint32Array,
): { auroc: number | null; auprc: number | null } {
  let positives = 0
  let negatives = 0
  let tiedPositives = 0
  let tiedNegatives = 0
  let orderedPairs = 0
  let precisionSum = 0
  for (let i = 0; i < labels.length; i++) {
    const weight = weights[cluster[i]]
    const positive = labels[i] * weight // no branch: labels cannot be predicted
    tiedPositives += positive
    tiedNegatives += weight - positive
    if (endsTie[i] === 0) continue
    orderedPairs += tiedNegatives * (positives + tiedPositives / 2)
    positives += tiedPositives
    negatives += tiedNegatives
    if (tiedPositives > 0) precisionSum += (tiedPositives * positives) / (positives + negatives)
    tiedPositives = 0
    tiedNegatives = 0
  }
  if (positives === 0 || negatives === 0) return { auroc: null, auprc: null }
  return { auroc: orderedPairs / (positives * negatives), auprc: precisionSum / positives }
}

/**
 * The ROC curve from (0,0) to (1,1), at most `limit` points, spread evenly along the curve; empty arrays where
 * a class is missing.
 */
export function traceRoc({ labels, endsTie }: Ranking, limit = 200) {
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const negatives = labels.length - positives
  const falsePositiveRate: number[] = []
  const truePositiveRate: number[] = []
  if (positives === 0 || negatives === 0) return { falsePositiveRate, truePositiveRate }
  const step = 2 / (limit - 1)
  let tp = 0
  let fp = 0
  let next = 0 // length along the axes, 0 to 2, from which the next point is kept
  for (let i = -1; i < labels.length; i++) {
    if (i >= 0) {
      if (labels[i] === 1) tp++
      else fp++
      if (endsTie[i] === 0) continue
    }
    const along = fp / negatives + tp / positives
    const isLast = i === labels.length - 1
    if (along < next && !isLast) continue
    if (isLast && falsePositiveRate.length >= limit) break
    falsePositiveRate.push(fp / negatives)
    truePositiveRate.push(tp / positives)
    next = (Math.floor(along / step) + 1) * step
  }
  return { falsePositiveRate, truePositiveRate }
}

/**
 * The precision-recall curve, at most `limit` points, spread evenly over recall: from the first threshold that finds a
 * tumour patch to that which calls all. Empty arrays where a class is missing.
 */
export function tracePrecisionRecall({ labels, endsTie }: Ranking, limit = 200) {
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const recall: number[] = []
  const precision: number[] = []
  if (positives === 0 || positives === labels.length) return { recall, precision }
  let tp = 0
  let next = 0
  for (let i = 0; i < labels.length; i++) {
    tp += labels[i]
    if (endsTie[i] === 0) continue
    const found = tp / positives
    const isLast = i === labels.length - 1
    if ((tp === 0 || found < next) && !isLast) continue
    recall.push(found)
    precision.push(tp / (i + 1))
    next = (Math.floor(found * (limit - 2)) + 1) / (limit - 2)
  }
  return { recall, precision }
}
