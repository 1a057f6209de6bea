// What predictions of parts that were left out amount to: metrics of each part and of all together, their mean over parts,
// and, where several cells predicted, which of them cannot be told from the best.

import {
  chooseThresholdsByLabels,
  evaluate,
  overSeeds,
  type PairedDifference,
  pairedDifference,
  type Scores,
  type Selection,
  type SelectionMeasure,
  selectCell,
  spreadThreshold,
  type Threshold,
} from '../../evaluate/index.ts'
import { decideHeldOut } from '../decide.ts'
import type { LeaveOutCell } from './cells.ts'
import type { EmbeddingTable } from './embeddingTable.ts'
import type { LeaveOutUnit, Part } from './parts.ts'
import { isTransductive } from './predictHeld.ts'

/** The mean of a metric over the parts that it is defined in. */
export interface MeanOverParts {
  readonly mean: number
  /** Standard deviation over parts / sqrt(parts); null with a single part. */
  readonly standardError: number | null
  readonly parts: number
}

/** How one cell did. */
export interface LeaveOutFigures {
  readonly id: string
  /** Unlabelled patches of the part that is predicted had a part in it; not there where they had not. */
  readonly transductive?: true
  /** From which probability on patches are called tumour: of all parts, or of each by its name. */
  readonly threshold: Threshold
  /** Of all rows. */
  readonly together: Scores
  /** By the part's name. */
  readonly byPart: Readonly<Record<string, Scores>>
  readonly overParts: { readonly accuracy: MeanOverParts; readonly auroc: MeanOverParts | null }
}

/** How all cells did, the simplest first. */
export interface LeaveOutJudgement {
  readonly cells: readonly LeaveOutFigures[]
  /** Of several cells: which is chosen, and which are tied. */
  readonly selection?: Selection
  /** Of several cells: the accuracy of the chosen one less that of each other. */
  readonly differences?: readonly ({ readonly cell: string } & PairedDifference)[]
}

/** Predictions of every row, and what they are judged by. */
export interface HeldOutPredictions {
  readonly table: EmbeddingTable
  readonly unit: LeaveOutUnit
  /** The center, slide or patient of each row. */
  readonly groups: readonly string[]
  readonly parts: readonly Part[]
  readonly cells: readonly LeaveOutCell[]
  /** Of each cell, of every row. */
  readonly probabilities: readonly Float32Array[]
  readonly by: SelectionMeasure
  readonly threshold: LeaveOutThreshold
  readonly seed: number
}

/**
 * Where calls begin: at a number; `held-out`, for each part where the other parts are called most accurately; `share`, where as
 * many patches of the part are called as hold tumour.
 */
export type LeaveOutThreshold = number | 'held-out' | 'share'

/** Judges the predictions; the order of rows has no say. Throws DataError as `selectCell` does. */
export function judgeHeldOut(held: HeldOutPredictions): LeaveOutJudgement {
  const { table, unit, groups, parts, cells, probabilities, by, threshold, seed } = held
  const partOf = new Array<string>(groups.length)
  for (const { name, rows } of parts) for (const row of rows) partOf[row] = name
  // What is independent is left out for intervals: slides or patients, or what is held out of them.
  const independent = {
    center: { slides: table.slides, patients: table.patients },
    slide: { slides: groups, patients: null },
    patient: { slides: null, patients: groups },
  }[unit]
  const { labels } = table
  const thresholds = probabilities.map((own): Threshold => {
    if (threshold === 'share') {
      return chooseThresholdsByLabels({ labels, probabilities: own, centers: partOf })
    }
    const truth = { labels, centers: partOf, ...independent }
    return decideHeldOut({ threshold, temperature: 'none' }, { truth, probabilities: own }).threshold
  })
  const figures = cells.map((cell, i): LeaveOutFigures => {
    const own = evaluate({
      labels,
      probabilities: probabilities[i],
      centers: partOf,
      ...independent,
      threshold: thresholds[i],
      seed,
    })
    const byPart = Object.fromEntries(parts.map(({ name }) => [name, own.byCenter[name]]))
    const scores = Object.values(byPart)
    const auroc = scores.flatMap((one) => (one.auroc ? [one.auroc.value] : []))
    return {
      id: cell.id,
      ...(isTransductive(cell) && { transductive: true as const }),
      threshold: thresholds[i],
      together: pickScores(own),
      byPart,
      overParts: {
        accuracy: averageParts(scores.map((one) => one.accuracy.value)),
        auroc: auroc.length > 0 ? averageParts(auroc) : null,
      },
    }
  })
  if (cells.length === 1) return { cells: figures }
  const centers = unit === 'center' ? groups : null
  const candidates = cells.map(({ id }, i) => ({
    id,
    probabilities: probabilities[i],
    threshold: spreadThreshold(thresholds[i], partOf, labels.length), // a part may hold several centers
  }))
  const rule = 'one-standard-error'
  const selection = selectCell({ labels, centers, ...independent, candidates, by, rule })
  const of = (name: string) => candidates.find(({ id }) => id === name)!
  const chosen = of(selection.chosen)
  const others = cells.filter(({ id }) => id !== selection.chosen)
  const differences = others.map((other) => ({
    cell: other.id,
    ...pairedDifference({
      labels,
      a: chosen.probabilities,
      b: of(other.id).probabilities,
      threshold: [chosen.threshold, of(other.id).threshold],
      centers,
      ...independent,
    }),
  }))
  return { cells: figures, selection, differences }
}

function averageParts(values: readonly number[]): MeanOverParts {
  const { mean, sd } = overSeeds(values)
  const parts = values.length
  return { mean, standardError: parts > 1 ? sd / Math.sqrt(parts) : null, parts }
}

function pickScores(scores: Scores): Scores {
  const { count, positives, accuracy, balancedAccuracy, auroc, auprc, f1 } = scores
  const { calibrationError, slides, patients, resampled, confusion } = scores
  return {
    count,
    positives,
    accuracy,
    balancedAccuracy,
    auroc,
    auprc,
    f1,
    calibrationError,
    slides,
    patients,
    resampled,
    confusion,
  }
}
