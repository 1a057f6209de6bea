// What `eosin classify --leave-out` prints: the metrics of each part that was left out, of all together, their mean over parts,
// and how several cells compare.

import { transductiveNote } from '../base/index.ts'
import type { Interval, Scores, Selection } from '../evaluate/index.ts'
import type { LeaveOutFigures, LeaveOutResult, MeanOverParts } from '../study/index.ts'
import { bold, formatCount, formatTable } from './terminal.ts'

/** The result as it is printed; `out` is the folder that was written. */
export function describeLeaveOut(result: LeaveOutResult, out: string): string {
  const { leaveOut, parts, groups, count, positives, cells, table } = result
  const dealt =
    parts.length < groups ? `${groups} ${leaveOut}s in ${parts.length} folds` : `${groups} ${leaveOut}s`
  const left = parts.length < groups ? 'each fold' : `each ${leaveOut}`
  return [
    `${table}: ${formatCount(count)} patches, ${formatCount(positives)} tumour; ${dealt}, ${left} left out in turn`,
    `intervals: 95 %, ${cells[0].together.resampled} left out in turn; ${describeCalls(cells[0])}`,
    ...cells.flatMap((cell) => ['', describeCell(cell, result)]),
    ...(result.selection ? ['', describeComparison(result, result.selection)] : []),
    ...(cells.some(({ transductive }) => transductive) ? ['', transductiveNote] : []),
    '',
    `${out}${cells.length > 1 ? `: eosin evaluate ${out}/predictions.csv --column ${cells[0].id} says more` : ''}`,
  ].join('\n')
}

// Of several thresholds those of each part stand in its row.
function describeCalls({ threshold }: LeaveOutFigures): string {
  return typeof threshold === 'number'
    ? `calls at ${threshold}`
    : 'calls at a threshold of each part that was left out'
}

function describeCell(
  { id, transductive, threshold, together, byPart, overParts }: LeaveOutFigures,
  result: LeaveOutResult,
) {
  const own = typeof threshold === 'number' ? null : threshold
  const at = (name?: string) => (own ? [name === undefined ? '' : own[name].toFixed(3)] : [])
  const rows = result.parts.map(({ name, stoppedBy }) => [
    name,
    stoppedBy,
    ...at(name),
    ...describeScores(byPart[name]),
  ])
  const { accuracy, auroc } = overParts
  return [
    bold(`${id}${transductive ? ' (t)' : ''}`),
    formatTable(
      ['left out', 'stopped by', ...(own ? ['tumour from'] : []), 'patches', 'tumour', 'accuracy %', 'AUROC'],
      [
        ...rows,
        ['together', '', ...at(), ...describeScores(together)],
        [
          `mean of ${accuracy.parts}`,
          '',
          ...at(),
          '',
          '',
          describeMean(accuracy, 100, 1),
          auroc ? describeMean(auroc, 1, 3) : '-',
        ],
      ],
    ),
    ...describeLonely(together, byPart),
    ...(auroc && auroc.parts < accuracy.parts
      ? [`AUROC: mean of the ${auroc.parts} with patches of both classes`]
      : []),
  ].join('\n')
}

// An interval of one slide's patches says nothing of other slides, nor one of one patient's slides of other patients.
function describeLonely(together: Scores, byPart: LeaveOutFigures['byPart']): string[] {
  const lonely = Object.entries(byPart).filter(([, { resampled }]) => resampled !== together.resampled)
  if (lonely.length === 0) return []
  const names =
    lonely.length === Object.keys(byPart).length ? 'each' : lonely.map(([name]) => name).join(', ')
  const one = together.resampled === 'patients' ? 'patient' : 'slide'
  const of = new Set(lonely.map(([, { resampled }]) => resampled))
  return [`${names}: one ${one} alone, whose interval is of its ${[...of].sort().join(' or ')}`]
}

const describeScores = ({ count, positives, accuracy, auroc }: Scores) => [
  formatCount(count),
  formatCount(positives),
  describeInterval(accuracy, 100, 1),
  auroc ? describeInterval(auroc, 1, 3) : '-',
]

function describeInterval({ value, low, high }: Interval, factor: number, digits: number): string {
  const [middle, from, to] = [value, low, high].map((figure) => (factor * figure).toFixed(digits))
  return `${middle} [${from}-${to}]`
}

// With its standard error.
function describeMean({ mean, standardError }: MeanOverParts, factor: number, digits: number): string {
  const error = standardError === null ? '' : ` ± ${(factor * standardError).toFixed(digits)}`
  return `${(factor * mean).toFixed(digits)}${error}`
}

function describeComparison({ differences = [] }: LeaveOutResult, selection: Selection): string {
  const { by, chosen, best, ranking } = selection
  const rows = ranking.map(({ id, score, behind, standardError, p, tied }) => {
    const difference = differences.find(({ cell }) => cell === id)?.difference
    const error = standardError === null ? '' : ` ± ${standardError.toFixed(3)}`
    const place = tied ? 'tied with the best' : 'worse'
    return [
      id,
      score.toFixed(3),
      ...(id === best ? ['', '', 'best'] : [`${behind.toFixed(3)}${error}`, p.toFixed(3), place]),
      difference ? describeDifference(difference) : '',
    ]
  })
  const header = [
    'compared',
    `mean ${by}`,
    'behind ± SE',
    'p (Holm)',
    '',
    `accuracy of ${chosen} less its, points`,
  ]
  const simplest = chosen === best ? '' : `, the simplest within one standard error of ${best}`
  return [formatTable(header, rows), `chosen: ${chosen}${simplest}`].join('\n')
}

// In percentage points.
function describeDifference({ value, low, high }: Interval): string {
  const [middle, from, to] = [value, low, high].map((share) => {
    const points = (100 * share).toFixed(1)
    return share < 0 ? points : `+${points}`
  })
  return `${middle} [${from} to ${to}]`
}
