// The table of a run, to be taken elsewhere: every cell of the grid with what the report's own table says of it. Numbers are
// written by numbers.ts, as in the report; a format decides only what stands between them.

import { transductiveNote } from '../base/index.ts'
import { writeCsv } from '../formats/index.ts'
import { describeThresholds, listSeen } from '../runs/browser.ts'
import { AXES, type Cell, chosenCell, nameCell, type ReportData, rankCells } from './data.ts'
import { escapeLatex } from './latex.ts'
import { escapeMarkdown, tableMarkdown } from './markdown.ts'
import { formatList, formatPlural } from './numbers.ts'
import { sayOrigin } from './origin.ts'
import { hasExposures } from './seen.ts'
import { nameGround, nameMeasure } from './selection.ts'
import { type Column, hasSeeds, listColumns, listNaming } from './tableColumns.ts'
import { ADJUSTED, ALIKE_FROM } from './ties.ts'

/** A table's formats, by the ending of its file. */
export const TABLE_FORMATS = { md: tabulateMarkdown, tex: tabulateLatex, csv: tabulateCsv } as const

/** `md`, `tex` or `csv`. */
export type TableFormat = keyof typeof TABLE_FORMATS

/** The table of a run as text that ends with a line break; the same data gives the same bytes. */
export function renderTableFile(data: ReportData, format: TableFormat): string {
  return TABLE_FORMATS[format](data)
}

function tabulateMarkdown(data: ReportData): string {
  const columns = listColumns(data)
  const rows = rankCells(data.metrics).map((cell) => {
    const fields = columns.map((column) => escapeMarkdown(showField(column, cell)))
    return cell.id === data.metrics.chosen ? fields.map((field) => field && `**${field}**`) : fields
  })
  const head = columns.map(({ title }) => escapeMarkdown(title))
  const align = columns.map(({ isText }) => (isText ? 'l' : 'r')).join('')
  return `${escapeMarkdown(writeCaption(data))}\n\n${tableMarkdown(head, rows, align)}`
}

function tabulateLatex(data: ReportData): string {
  const columns = listColumns(data)
  const rows = rankCells(data.metrics).map((cell) => {
    const fields = columns.map((column) => escapeLatex(showField(column, cell)))
    const isChosen = cell.id === data.metrics.chosen
    return `${fields.map((field) => (isChosen && field ? `\\textbf{${field}}` : field)).join(' & ')} \\\\`
  })
  return `${[
    '% needs \\usepackage{booktabs}',
    '\\begin{table*}',
    '\\centering\\small',
    `\\caption{${escapeLatex(writeCaption(data))}}`,
    `\\begin{tabular}{${columns.map(({ isText }) => (isText ? 'l' : 'r')).join('')}}`,
    '\\toprule',
    `${columns.map(({ title }) => escapeLatex(title)).join(' & ')} \\\\`,
    '\\midrule',
    ...rows,
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table*}',
  ].join('\n')}\n`
}

// A column a number, and the origin in every row: a table of numbers alone has no caption.
function tabulateCsv(data: ReportData): string {
  const cells = rankCells(data.metrics)
  const columns = listColumns(data, AXES).flatMap((column) =>
    column.names.map((name, i) => [name, cells.map((cell) => column.texts(cell)[i] ?? null)] as const),
  )
  const origin = cells.map(() => data.manifest.origin)
  return writeCsv({ cell: cells.map(({ id }) => id), ...Object.fromEntries(columns), origin })
}

function showField({ texts, join }: Column, cell: Cell): string {
  const said = texts(cell)
  return said.every((text) => text !== undefined) ? join(said as string[]) : '–'
}

/** What the numbers are and are not, in a few sentences. */
function writeCaption(data: ReportData): string {
  const { manifest, metrics } = data
  const { cells } = metrics
  const { val, test } = chosenCell(metrics)
  const { resampled } = test ?? val
  const varied = listNaming(cells)
  const same = AXES.filter((axis) => !varied.includes(axis) && cells[0][axis] !== 'none')
  const failures = metrics.failures?.length ?? 0
  return [
    `${manifest.name}, a run of Eosin ${manifest.versions.eosin}.`,
    sayOrigin(manifest.origin),
    cells.length === 1 && `One cell: ${nameCell(cells[0])}.`,
    cells.length > 1 &&
      same.length > 0 &&
      `In every cell: ${formatList(same.map((axis) => `${axis} ${cells[0][axis]}`))}.`,
    `In brackets 95 % intervals, ${resampled} left out in turn.`,
    hasSeeds(cells) &&
      `Probabilities are averaged over ${manifest.seeds.length} seeds, where a classifier depends on one; beside it mean ± SD of the single seeds.`,
    cells.length > 1 && `Chosen by ${metrics.chosenBy}.`,
    metrics.selection &&
      cells.length > 1 &&
      `Choice: mean ${nameMeasure(metrics.selection)} ${nameGround(metrics)}, how far behind the best ± standard error, and p of that difference, adjusted for all pairs of cells (Holm); tied: cannot be told apart from the best (p ≥ ${ALIKE_FROM}).`,
    metrics.selection &&
      metrics.differences &&
      cells.length > 1 &&
      cells.some(({ test }) => test) &&
      'test p: paired test of the accuracy against the chosen cell, adjusted for all cells (Holm).',
    cells.length > 1 &&
      metrics.differences &&
      !metrics.selection &&
      `p: paired test of the accuracy against the chosen cell, ${ADJUSTED}; tied: cannot be told apart from the chosen cell on validation (p ≥ ${ALIKE_FROM}).`,
    describeThresholds(cells),
    cells.some((cell) => cell.transductive) && transductiveNote,
    hasExposures(metrics) &&
      `Extractor saw: what its pre-training data have in common with the study. ${listSeen(metrics).join(' ')}`.trim(),
    failures > 0 && `The table has gaps: ${formatPlural(failures, 'task')} failed.`,
  ]
    .filter(Boolean)
    .join(' ')
}
