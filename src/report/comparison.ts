// A comparison of runs as text, as Markdown and as a page.

import { transductiveNote } from '../base/index.ts'
import { type Chart, renderCharts } from './charts.ts'
import type { CellComparison, ComparedRun, RunComparison } from './compareRuns.ts'
import { SPLIT_WORDS } from './data.ts'
import { drawIntervals } from './forest.ts'
import { type Html, html } from './html.ts'
import { escapeMarkdown, tableMarkdown } from './markdown.ts'
import {
  formatBounds,
  formatCount,
  formatList,
  formatP,
  formatPlural,
  formatPoints,
  formatShare,
} from './numbers.ts'
import { renderOrigin, sayOrigin } from './origin.ts'
import { renderPage } from './page.ts'
import { renderTable } from './parts.ts'

/** From this adjusted p on two runs count as alike. */
const ALIKE_FROM = 0.05
const NAMED_AT_MOST = 12
const PLOTTED_AT_MOST = 40

/** The table of a comparison: a line a cell, split and other run. */
export interface ComparisonTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Every comparison in words and numbers as they are shown. */
export function tabulateComparison({ runs, comparisons }: RunComparison): ComparisonTable {
  const isSeveral = runs.length > 2
  const [first] = runs
  const other = isSeveral ? 'other' : runs[1].letter
  return {
    head: [
      'cell',
      'split',
      ...(isSeveral ? ['run'] : []),
      `${first.letter} %`,
      `${other} %`,
      `${other} − ${first.letter}, points`,
      'p',
      'p (Holm)',
    ],
    rows: comparisons.map(({ cell, split, run, paired, adjusted, transductive, ...accuracy }) => [
      transductive ? `${cell} (transductive)` : cell,
      split,
      ...(isSeveral ? [run] : []),
      ...[accuracy.first, accuracy.other].map(
        (interval) => `${formatShare(interval.value)} (${formatBounds(interval, formatShare)})`,
      ),
      `${formatPoints(paired.difference.value)} (${formatPoints(paired.difference.low)} to ${formatPoints(paired.difference.high)})`,
      formatP(paired.p),
      formatP(adjusted),
    ]),
  }
}

/** What was compared, what came of it, and what a reader should know, in sentences; `nameRun` says which run a letter is. */
export function explainComparison(
  comparison: RunComparison,
  nameRun: (run: ComparedRun) => string = ({ name }) => name,
): readonly string[] {
  const { runs, comparisons, notes } = comparison
  const [first, ...others] = runs
  return [
    ...runs.map((run) => `${run.letter}: ${nameRun(run)}, by Eosin ${run.version}. ${sayOrigin(run.origin)}`),
    countDifferences(comparisons, first),
    `Accuracy in per cent with 95 % intervals; differences are paired patch by patch, in points, with 95 % intervals; ${formatList(others.map(({ letter }) => letter))} less ${first.letter}.`,
    ...notes,
    ...others.flatMap((run) => nameLacking(first, run)),
    ...(comparisons.some(({ transductive }) => transductive) ? [transductiveNote] : []),
  ]
}

function countDifferences(comparisons: readonly CellComparison[], first: ComparedRun): string {
  const told = comparisons.filter(({ adjusted }) => adjusted < ALIKE_FROM)
  const better = told.filter(({ paired }) => paired.difference.value > 0).length
  const worse = told.length - better
  const of = `Of ${formatPlural(comparisons.length, 'comparison')}`
  const bound = `p, adjusted for all of them (Holm), below ${ALIKE_FROM}`
  if (told.length === 0) return `${of} none tells the runs apart (${bound}).`
  return `${of} ${formatCount(told.length)} ${told.length === 1 ? 'tells' : 'tell'} the runs apart (${bound}): ${formatCount(better)} better than ${first.letter}, ${formatCount(worse)} worse.`
}

function nameLacking(first: ComparedRun, { letter, missing, added }: ComparedRun): string[] {
  const only = (of: string, cells: readonly string[]) => {
    if (cells.length === 0) return []
    const named = cells.slice(0, NAMED_AT_MOST)
    const more = cells.length > named.length ? [`${cells.length - named.length} more`] : []
    return [`Only in ${of}: ${formatList([...named, ...more])}.`]
  }
  return [
    ...only(`${first.letter}, not in ${letter}`, missing),
    ...only(`${letter}, not in ${first.letter}`, added),
  ]
}

/** A comparison as Markdown; the same comparison gives the same bytes. */
export function renderComparisonMarkdown(comparison: RunComparison): string {
  const { head, rows } = tabulateComparison(comparison)
  const table = tableMarkdown(
    head.map(escapeMarkdown),
    rows.map((row) => row.map(escapeMarkdown)),
    head.map((_, i) => (i < head.length - 5 ? 'l' : 'r')).join(''),
  )
  const sentences = explainComparison(comparison).map((sentence) => `- ${escapeMarkdown(sentence)}\n`)
  return `# ${escapeMarkdown(titleOf(comparison))}\n\n${sentences.join('')}\n${table}`
}

/** A comparison as a page of its own; the same comparison gives the same bytes. */
export async function renderComparisonPage(comparison: RunComparison): Promise<string> {
  const { runs } = comparison
  const charts = listGroups(comparison).map((group) => drawDifferences(group, runs[0]))
  return renderPage({
    title: titleOf(comparison),
    kicker: 'runs compared cell by cell',
    sections: [
      {
        id: 'comparison',
        title: 'Comparison',
        badge: html`${[...new Set(runs.map(({ origin }) => origin))].map(renderOrigin)}`,
        body: html`<ul>${explainComparison(comparison).map((sentence) => html`<li>${sentence}</li>`)}</ul>
${renderTable('Comparison by cell', renderRows(comparison))}
<h3>Differences</h3>
<p>Dots are differences in accuracy, bars their 95 % intervals; the dashed line is no difference. Large dots and bold names: the adjusted p is below ${ALIKE_FROM}. The intervals are of single comparisons, not adjusted for being many.</p>
${await renderCharts(charts)}`,
      },
    ],
    footer: 'Made by Eosin. One file, no network, no scripts. Research software, not a medical device.',
  })
}

function titleOf({ runs }: RunComparison): string {
  return formatList(runs.map(({ letter, name }) => `${letter}: ${name}`))
}

function renderRows(comparison: RunComparison): Html {
  const { head, rows } = tabulateComparison(comparison)
  const isText = (column: number) => column < head.length - 5
  const cell = (text: string, column: number) => {
    if (column === 0) return html`<th scope="row" class="pin">${text}</th>`
    return html`<td${!isText(column) && html` class="n"`}>${text}</td>`
  }
  return html`<table><caption><span>Cells of one name in each run, on the same patches.</span></caption>
<thead><tr>${head.map((title, i) => html`<th scope="col"${i === 0 ? html` class="pin"` : !isText(i) && html` class="n"`}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table>`
}

interface Group {
  readonly run: ComparedRun
  readonly split: 'val' | 'test'
  readonly comparisons: readonly CellComparison[]
}

function listGroups({ runs, comparisons }: RunComparison): readonly Group[] {
  return runs.slice(1).flatMap((run) =>
    (['val', 'test'] as const).flatMap((split) => {
      const own = comparisons.filter((one) => one.run === run.letter && one.split === split)
      return own.length > 0 ? [{ run, split, comparisons: own.slice(0, PLOTTED_AT_MOST) }] : []
    }),
  )
}

function drawDifferences({ run, split, comparisons }: Group, first: ComparedRun): Chart {
  return drawIntervals({
    title: `${run.letter} − ${first.letter}, ${SPLIT_WORDS[split]} accuracy, points`,
    scale: 100,
    rows: comparisons.map(({ cell, paired: { difference }, adjusted }) => ({
      label: cell,
      value: 100 * difference.value,
      low: 100 * difference.low,
      high: 100 * difference.high,
      colour: 'var(--accent)',
      chosen: adjusted < ALIKE_FROM,
    })),
    rule: 0,
  })
}
