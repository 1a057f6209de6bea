// What an evaluation says: plain JSON, every figure with its interval.

import type { Threshold } from './centerThresholds.ts'
import type { Resampled } from './clusters.ts'

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
  /** Patients in the group, a slide of an unknown one counting as one; null where patients are not known. */
  readonly patients: number | null
  /** What the intervals leave out in turn: whole patients or slides, whichever are fewer but at least two, else patches. */
  readonly resampled: Resampled
  readonly confusion: { readonly tp: number; readonly fp: number; readonly tn: number; readonly fn: number }
}

/** The share of tumour patches found at the lowest threshold that calls at least `specificity` of the normal patches normal. */
export interface SensitivityAt {
  /** 0.9, 0.95 or 0.99. */
  readonly specificity: number
  /** null where a class is missing, or normal patches are too few to know the specificity: below `normalsNeeded`. */
  readonly sensitivity: Interval | null
  /** Probabilities from here on are called tumour; null where there is no sensitivity, or no patch may be called. */
  readonly threshold: number | null
  /** So many normal patches are needed that five of them may be false alarms. */
  readonly normalsNeeded: number
}

/** Accuracy of the patches that are kept where those nearest to the threshold are left out. */
export interface RiskCoverage {
  /** The share of patches kept, rising to 1, and their accuracy: at most 200 points. */
  readonly coverage: readonly number[]
  readonly accuracy: readonly number[]
  /** The mean of the accuracy over all coverages: 1 less the area under the risk-coverage curve (AURC). */
  readonly area: Interval
  /** At coverage 1, 0.9, 0.8 and 0.5; `margin` is the smallest |probability - threshold| that is kept. */
  readonly at: readonly { readonly coverage: number; readonly accuracy: Interval; readonly margin: number }[]
}

/** Patches of which those nearest to their threshold are left to a person. */
export interface AbstentionScores {
  readonly count: number
  /** How many of them are left. */
  readonly abstained: number
  /** Of the others; null where their labels are not known, or there are none. */
  readonly accuracy: Interval | null
}

/** The same of all patches of a set, and of each center. */
export interface Abstention extends AbstentionScores {
  readonly byCenter: Readonly<Record<string, AbstentionScores>>
}

/** A slide or patient by its patches. */
export interface UnitScore {
  readonly count: number
  readonly positives: number
  readonly accuracy: number
  /** Mean probability of its patches. */
  readonly mean: number
  /** Share of its patches that are called tumour. */
  readonly called: number
  /** Mean probability of the surest tenth of its patches, at least one. */
  readonly top: number
}

/** Figures of one way to judge slides or patients, each counting once. */
export interface UnitFigures {
  /** Mean absolute difference of estimated and true share of tumour patches; null where the score is no share. */
  readonly error: Interval | null
  /** Pearson's correlation of estimated and true share; null where the score is no share, or either does not vary. */
  readonly correlation: Interval | null
  /** Of those with and without any tumour patch; null where all are of one kind. */
  readonly accuracy: Interval | null
  readonly auroc: Interval | null
}

/** Slides or patients instead of patches. */
export interface UnitLevel {
  readonly count: number
  /** How many hold at least one tumour patch. */
  readonly tumour: number
  /** By the mean probability; called tumour from the threshold on. */
  readonly mean: UnitFigures
  /** By the share of patches called; called tumour from one half on. */
  readonly called: UnitFigures
  /** By the mean probability of the surest tenth; called tumour from the threshold on. */
  readonly top: UnitFigures
}

/** The evaluation of one set of probabilities against labels. */
export interface Evaluation extends Scores {
  readonly threshold: Threshold
  readonly byCenter: Readonly<Record<string, Scores>>
  readonly bySlide: Readonly<Record<string, UnitScore>>
  /** Nothing where patients are not known. */
  readonly byPatient: Readonly<Record<string, UnitScore>>
  /** null where fewer than two slides or patients are known. */
  readonly slideLevel: UnitLevel | null
  readonly patientLevel: UnitLevel | null
  /** At specificity 0.9, 0.95 and 0.99. */
  readonly sensitivityAt: readonly SensitivityAt[]
  readonly riskCoverage: RiskCoverage
  /** ROC points from (0,0) to (1,1), thinned to at most 200; empty where only one class is present. */
  readonly roc: {
    readonly falsePositiveRate: readonly number[]
    readonly truePositiveRate: readonly number[]
  }
  /** Precision and recall by rising recall, thinned to at most 200 points; empty where only one class is present. */
  readonly precisionRecall: { readonly recall: readonly number[]; readonly precision: readonly number[] }
  /** Reliability bins with at least one patch. */
  readonly reliability: readonly {
    readonly meanProbability: number
    readonly tumourShare: number
    readonly count: number
  }[]
}
