// Slides or patients instead of patches. Most slides of a patch set hold tumour and normal tissue, so that the first question
// is how much: the share of tumour patches, estimated beside true. Which slides hold any at all can be asked only where some
// hold none.

import { compareText, groupRows, type Random } from '../base/index.ts'
import type { Interval, UnitFigures, UnitLevel, UnitScore } from './evaluation.ts'
import type { Group, Predictions } from './groups.ts'
import { makeInterval, makeShareInterval, measureSpread } from './jackknife.ts'
import { scoreGroup } from './scores.ts'

/** Rows by name, names in rising order, rows of each in the order given; nothing where names are not known. */
export function splitRows(rows: Uint32Array, names: readonly string[] | null): [string, Uint32Array][] {
  if (!names) return []
  return [...groupRows(rows, (row) => names[row])]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, rowsOfName]) => [name, Uint32Array.from(rowsOfName)])
}

/** Slides or patients by name: what each amounts to, and the threshold of its patches, which are of one center. */
export interface ScoredUnits {
  readonly scores: Readonly<Record<string, UnitScore>>
  readonly thresholds: Readonly<Record<string, number>>
}

/** What each slide or patient amounts to; `rows` by falling probability, `thresholds` one a row of the predictions. */
export function scoreUnits(
  { labels, probabilities }: Predictions,
  rows: Uint32Array,
  names: readonly string[] | null,
  thresholds: Float64Array,
): ScoredUnits {
  const units = splitRows(rows, names)
  const scores = units.map(([name, own]): [string, UnitScore] => {
    const count = own.length
    const total = (values: (row: number) => number) => own.reduce((sum, row) => sum + values(row), 0)
    const isCalled = (row: number) => probabilities[row] >= thresholds[row]
    const top = own.subarray(0, Math.ceil(count / 10))
    return [
      name,
      {
        count,
        positives: total((row) => labels[row]),
        accuracy: total((row) => Number(isCalled(row) === (labels[row] === 1))) / count,
        mean: total((row) => probabilities[row]) / count,
        called: total((row) => Number(isCalled(row))) / count,
        top: top.reduce((sum, row) => sum + probabilities[row], 0) / top.length,
      },
    ]
  })
  return {
    scores: Object.fromEntries(scores),
    thresholds: Object.fromEntries(units.map(([name, own]) => [name, thresholds[own[0]]])),
  }
}

/** Figures over slides or patients, each counting once; null where there are fewer than two. */
export function scoreUnitLevel({ scores, thresholds }: ScoredUnits, random: Random): UnitLevel | null {
  // by their values, so that names have no say in how sums are rounded
  const units = Object.entries(scores)
    .map(([name, score]) => ({ ...score, threshold: thresholds[name] }))
    .sort(
      (a, b) =>
        a.mean - b.mean ||
        a.positives - b.positives ||
        a.count - b.count ||
        a.top - b.top ||
        a.threshold - b.threshold,
    )
  if (units.length < 2) return null
  const patches = units.reduce((sum, { count }) => sum + count, 0)
  const truth = units.map(({ positives, count }) => positives / count)
  const tumour = truth.filter((share) => share > 0).length
  const judge = (name: 'mean' | 'called' | 'top', from: readonly number[]): UnitFigures => {
    const estimates = units.map((unit) => unit[name])
    const isShare = name !== 'top'
    return {
      error: isShare ? scoreError(estimates, truth, patches) : null,
      correlation: isShare ? scoreCorrelation(estimates, truth) : null,
      ...(tumour > 0 && tumour < units.length
        ? judgeCalls(estimates, truth, from, random)
        : { accuracy: null, auroc: null }),
    }
  }
  const own = units.map(({ threshold }) => threshold)
  return {
    count: units.length,
    tumour,
    mean: judge('mean', own),
    called: judge(
      'called',
      own.map(() => 0.5),
    ),
    top: judge('top', own),
  }
}

// Mean absolute error of the shares: a share itself, and as skewed.
function scoreError(estimates: readonly number[], truth: readonly number[], patches: number): Interval {
  const errors = estimates.map((estimate, i) => Math.abs(estimate - truth[i]))
  const sum = errors.reduce((total, error) => total + error, 0)
  const figures = errors.map((error) => (sum - error) / (errors.length - 1))
  return makeShareInterval(sum / errors.length, [{ figures, effective: errors.length }], patches)
}

// Pearson's correlation on Fisher's scale, its standard error no less than that of normal variables, 1 / sqrt(n - 3).
function scoreCorrelation(estimates: readonly number[], truth: readonly number[]): Interval | null {
  const count = truth.length
  const [x, y] = [estimates, truth].map((shares) => {
    const mean = shares.reduce((sum, share) => sum + share, 0) / count
    return shares.map((share) => share - mean)
  })
  const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, ai, i) => sum + ai * b[i], 0)
  const [xx, yy, xy] = [product(x, x), product(y, y), product(x, y)]
  const value = correlate(xx, yy, xy)
  if (value === null) return null
  // What is left of the sums where a pair and its part of the means are taken away.
  const part = count / (count - 1)
  const figures = x.map((xi, i) =>
    correlate(xx - part * xi ** 2, yy - part * y[i] ** 2, xy - part * xi * y[i]),
  )
  const bound = 1 - 1e-9
  const scale = (r: number) => Math.atanh(Math.min(bound, Math.max(-bound, r)))
  const least = 1 / Math.sqrt(Math.max(0, count - 3))
  const spread = measureSpread([{ figures, effective: count }], { scale, least })
  const ends = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const
  const { low, high } = makeInterval(scale(value), spread, ends)
  return { value, low: Math.min(value, Math.tanh(low)), high: Math.max(value, Math.tanh(high)) }
}

// Null where either side does not vary.
function correlate(xx: number, yy: number, xy: number): number | null {
  if (!(Math.min(xx, yy) > 1e-12)) return null
  return Math.min(1, Math.max(-1, xy / Math.sqrt(xx * yy)))
}

// Which hold tumour, by their scores: as patches are judged, each standing for itself.
function judgeCalls(
  scores: readonly number[],
  truth: readonly number[],
  thresholds: readonly number[],
  random: Random,
): Pick<UnitFigures, 'accuracy' | 'auroc'> {
  const order = scores.map((_, i) => i).sort((i, j) => scores[j] - scores[i] || truth[j] - truth[i])
  const group: Group = {
    probabilities: Float32Array.from(order, (i) => scores[i]),
    labels: Uint8Array.from(order, (i) => Number(truth[i] > 0)),
    cluster: Uint32Array.from(order, (_, rank) => rank),
    clusters: order.length,
    resampled: 'patches',
    slides: null,
    patients: null,
    thresholds: Float64Array.from(order, (i) => thresholds[i]),
  }
  const { accuracy, auroc } = scoreGroup(group, random)
  return { accuracy, auroc }
}
