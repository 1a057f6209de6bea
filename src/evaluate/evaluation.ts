// What an evaluation says: plain JSON, every figure with its interval.

/** A figure and its 95 % interval; the interval always holds the figure. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * The figures of one group of patches. Balanced accuracy, AUROC and AUPRC are null where only one class is
 * present, F1 where no patch is tumour.
 */
export interface Scores {
  readonly count: number
  readonly positives: number
  readonly accuracy: Interval
  readonly balancedAccuracy: Interval | null
  readonly auroc: Interval | null
  readonly auprc: Interval | null
  readonly f1: Interval | null
  /** Root mean squared calibration error over 15 equal-width bins, debiased: 0 where nothing speaks against it. */
  readonly calibrationError: Interval
  /** Slides in the group; null where slides are not known. */
  readonly slides: number | null
  /** What the intervals leave out in turn: whole slides where the group has at least two, else patches. */
  readonly resampled: 'slides' | 'patches'
  readonly confusion: { readonly tp: number; readonly fp: number; readonly tn: number; readonly fn: number }
}

/** The evaluation of one set of probabilities against labels. */
export interface Evaluation extends Scores {
  readonly threshold: number
  readonly byCenter: Readonly<Record<string, Scores>>
  readonly bySlide: Readonly<Record<string, { count: number; positives: number; accuracy: number }>>
  /** ROC points from (0,0) to (1,1), thinned to at most 200; empty where only one class is present. */
  readonly roc: {
    readonly falsePositiveRate: readonly number[]
    readonly truePositiveRate: readonly number[]
  }
  /** Reliability bins with at least one patch. */
  readonly reliability: readonly {
    readonly meanProbability: number
    readonly tumourShare: number
    readonly count: number
  }[]
}
