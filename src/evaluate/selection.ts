// Which of several cells to choose, from their predictions for held-out labelled centers: by the mean over centers, so that
// a large center counts no more than a small one. The one-standard-error rule (Breiman et al., "Classification and
// regression trees", 1984, section 3.4.3) takes, of cells that are no more than one standard error worse than the best,
// the simplest; the error is that of the paired difference, over slides (or patients) left out in turn. Cells that cannot be told from
// the best are ties (holm.ts).

import { compareText, DataError, groupRows } from '../base/index.ts'
import { type RowThresholds, spreadThreshold } from './centerThresholds.ts'
import { clusterRows, nameUnits, type Units } from './clusters.ts'
import { checkPredictions, sortRows } from './groups.ts'
import { findTies } from './holm.ts'
import { countEffective, leaveEachOut, measureSpread } from './jackknife.ts'
import { prepareRanking, rankWeighted } from './ranking.ts'
import { studentTails } from './student.ts'

/** What cells can be chosen by. */
export const selectionMeasures = ['log-loss', 'auroc', 'accuracy'] as const
/** One of `selectionMeasures`. */
export type SelectionMeasure = (typeof selectionMeasures)[number]

/** A cell to choose among. */
export interface Candidate {
  readonly id: string
  /** Of tumour, 0 to 1, one for each held-out patch. */
  readonly probabilities: Float32Array
  /** Calls `probability >= threshold` are tumour: for accuracy. */
  readonly threshold: RowThresholds
}

/** The held-out patches, and how to choose by them. */
export interface SelectionOptions {
  readonly labels: Uint8Array
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly patients?: readonly string[] | null
  /** From the simplest to the most complex. */
  readonly candidates: readonly Candidate[]
  readonly by: SelectionMeasure
  readonly rule: 'one-standard-error' | 'best'
}

/** How a cell did, beside the best. */
export interface RankedCell {
  readonly id: string
  /** Mean over the held-out centers. */
  readonly score: number
  /** How much worse than the best, in the measure's own units: 0 for the best, else at least 0. */
  readonly behind: number
  /** Of that difference; null where it cannot be had, as of the best itself. */
  readonly standardError: number | null
  /** Two-sided, adjusted by Holm's method for all pairs of cells; 1 for the best. */
  readonly p: number
  /** It cannot be told from the best at the level .05. */
  readonly tied: boolean
}

/** A choice and what it rests on. */
export interface Selection {
  readonly chosen: string
  /** The cell with the best score, which the rule may pass over for a simpler one. */
  readonly best: string
  readonly by: SelectionMeasure
  readonly rule: SelectionOptions['rule']
  /** Held-out centers, by name; empty where centers are not known. */
  readonly centers: readonly string[]
  /** Every cell, the best first. */
  readonly ranking: readonly RankedCell[]
}

/**
 * Chooses among cells. Throws DataError as evaluate does, and where a held-out center lacks a class that the measure needs.
 * The order of rows does not matter.
 */
export function selectCell(options: SelectionOptions): Selection {
  const { candidates, by, rule } = options
  for (const { probabilities } of candidates) checkPredictions({ ...options, probabilities })
  const strata = splitByCenter(options)
  const measured = candidates.map((candidate) => measureCandidate(candidate, strata, options))
  const sign = by === 'log-loss' ? 1 : -1
  const best = measured.reduce((leader, other) => (sign * (other.score - leader.score) < 0 ? other : leader))
  const behind = measured.map((cell) => compareToBest(cell, best, sign))
  const others = behind.filter(({ id }) => id !== best.id)
  const ties = new Map(findTies(others, { chosenOn: 'same' }).map((tie) => [tie.id, tie]))
  const ranked = behind.map((cell): RankedCell => {
    const tie = ties.get(cell.id)
    return { ...cell, p: tie?.adjusted ?? 1, tied: tie?.tied ?? true }
  })
  const isNear = ({ id, behind, standardError }: RankedCell) =>
    id === best.id || (standardError !== null && behind <= standardError)
  const chosen = rule === 'best' ? best.id : ranked.find(isNear)!.id
  return {
    chosen,
    best: best.id,
    by,
    rule,
    centers: strata.flatMap(({ center }) => center ?? []),
    ranking: ranked.toSorted((a, b) => a.behind - b.behind),
  }
}

// The rows of a center, and which are left out together.
interface Stratum {
  readonly center: string | null
  readonly rows: Uint32Array
  readonly cluster: Uint32Array
  readonly sizes: Float64Array
}

function splitByCenter({ candidates, ...known }: SelectionOptions): Stratum[] {
  const units = nameUnits(known)
  const sorted = sortRows({ ...known, probabilities: candidates[0].probabilities })
  return [...groupRows(sorted, (row) => known.centers?.[row] ?? null)]
    .sort(([a], [b]) => compareText(a ?? '', b ?? ''))
    .map(([center, own]) => {
      const rows = Uint32Array.from(own)
      return { center, rows, ...clusterStratum(rows, units) }
    })
}

// Single patches in lots.
const lotsAtMost = 200

function clusterStratum(rows: Uint32Array, units: Units) {
  const { resampled, ...whole } = clusterRows(rows, units)
  const isSingle = resampled === 'patches'
  const clusters = isSingle ? Math.min(rows.length, lotsAtMost) : whole.clusters
  const cluster = isSingle ? rows.map((_, rank) => rank % clusters) : whole.cluster
  const sizes = new Float64Array(clusters)
  for (const index of cluster) sizes[index]++
  return { cluster, sizes }
}

interface Measured {
  readonly id: string
  readonly score: number
  /** Of each center: the figure with each cluster left out. */
  readonly leftOut: readonly { readonly figures: readonly (number | null)[]; readonly effective: number }[]
}

function measureCandidate(
  candidate: Candidate,
  strata: readonly Stratum[],
  options: SelectionOptions,
): Measured {
  const parts = strata.map((stratum) => {
    const measure = measures[options.by](candidate, stratum, options.labels)
    const figure = measure(new Uint32Array(stratum.sizes.length).fill(1))
    if (figure === null) {
      throw new DataError({
        where: `select by ${options.by}, center ${stratum.center ?? 'unknown'}`,
        expected: 'patches of both classes in every held-out center',
        got: 'one class',
        hint: 'select by log-loss or accuracy',
      })
    }
    return {
      figure,
      figures: leaveEachOut(stratum.sizes.length, measure),
      effective: countEffective(stratum.sizes),
    }
  })
  const score = parts.reduce((sum, { figure }) => sum + figure, 0) / parts.length
  return { id: candidate.id, score, leftOut: parts }
}

type Measure = (
  candidate: Candidate,
  stratum: Stratum,
  labels: Uint8Array,
) => (weights: Uint32Array) => number | null

// Probabilities of 0 and 1 are no surer than this.
const surest = 1e-7

const measures: Readonly<Record<SelectionMeasure, Measure>> = {
  'log-loss': measureMean((label, p) => {
    const right = Math.min(1 - surest, Math.max(surest, p))
    return -Math.log(label === 1 ? right : 1 - right)
  }),
  accuracy(candidate, stratum, labels) {
    const { threshold } = candidate
    const center = stratum.center === null ? null : [stratum.center]
    const byRow = threshold instanceof Float64Array ? threshold : null
    const [common] = byRow ? [0] : spreadThreshold(threshold, center, 1)
    const isRight = (label: number, p: number, row: number) =>
      Number(p >= (byRow?.[row] ?? common) === (label === 1))
    return measureMean(isRight)(candidate, stratum, labels)
  },
  auroc({ probabilities }, { rows, cluster }, labels) {
    const clusterOf = new Map(Array.from(rows, (row, i) => [row, cluster[i]]))
    const order = rows.toSorted((a, b) => probabilities[b] - probabilities[a] || labels[b] - labels[a])
    const ranking = prepareRanking({
      labels: Uint8Array.from(order, (row) => labels[row]),
      probabilities: Float32Array.from(order, (row) => probabilities[row]),
      cluster: Uint32Array.from(order, (row) => clusterOf.get(row)!),
    })
    return (weights) => rankWeighted(ranking, weights).auroc
  },
}

// The mean over patches of a figure of each.
function measureMean(figureOf: (label: number, probability: number, row: number) => number): Measure {
  return ({ probabilities }, { rows, cluster, sizes }, labels) => {
    const sums = new Float64Array(sizes.length)
    for (const [i, row] of rows.entries()) {
      sums[cluster[i]] += figureOf(labels[row], probabilities[row], row)
    }
    return (weights) => {
      let [sum, count] = [0, 0]
      for (let index = 0; index < sums.length; index++) {
        sum += weights[index] * sums[index]
        count += weights[index] * sizes[index]
      }
      return count === 0 ? null : sum / count
    }
  }
}

function compareToBest(cell: Measured, best: Measured, sign: number) {
  const value = sign * (cell.score - best.score) || 0
  const strata = cell.leftOut.map(({ figures, effective }, i) => ({
    effective,
    figures: figures.map((figure, cluster) => {
      const other = best.leftOut[i].figures[cluster]
      return figure === null || other === null ? null : (sign * (figure - other)) / cell.leftOut.length
    }),
  }))
  const spread = cell.id === best.id ? null : measureSpread(strata)
  const isKnown = spread !== null && spread.error > 0
  return {
    id: cell.id,
    score: cell.score,
    behind: value,
    standardError: spread?.error ?? null,
    // Cells that agree on every patch cannot be told apart.
    p: isKnown ? studentTails(Math.abs(value) / spread.error, spread.degrees) : 1,
  }
}
