// Figures of a confusion matrix. Counts may be weighted by a resample; null means: not defined.

/** Patches by call and truth. */
export interface Confusion {
  readonly tp: number
  readonly fp: number
  readonly tn: number
  readonly fn: number
}

/** Share of right calls. */
export function measureAccuracy({ tp, fp, tn, fn }: Confusion): number {
  return (tp + tn) / (tp + fp + tn + fn)
}

/** Mean of sensitivity and specificity; null where a class is missing. */
export function measureBalancedAccuracy({ tp, fp, tn, fn }: Confusion): number | null {
  return tp + fn === 0 || tn + fp === 0 ? null : (tp / (tp + fn) + tn / (tn + fp)) / 2
}

/** Harmonic mean of precision and recall of the tumour class; null where no patch is tumour. */
export function measureF1({ tp, fp, fn }: Confusion): number | null {
  return tp + fn === 0 ? null : (2 * tp) / (2 * tp + fp + fn)
}
