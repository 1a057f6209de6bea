// The table of a run, to be taken elsewhere: every cell of the grid with what the report's own table says of it. Numbers are
// written by numbers.ts, as in the report; a format decides only what stands between them.

import { transductiveNote } from '../base/index.ts'
import { writeCsv } from '../formats/index.ts'
import {
  AXES,
  type Axis,
  type Cell,
  chosenCell,
  type Interval,
  listVaried,
  nameCell,
  type ReportData,
  rankCells,
  sayAxis,
} from './data.ts'
import { escapeLatex } from './latex.ts'
import { escapeMarkdown, tableMarkdown } from './markdown.ts'
import { formatList, formatP, formatPlural, formatShare, formatUnit } from './numbers.ts'
import { sayOrigin } from './origin.ts'
import { ADJUSTED, ALIKE_FROM, findTied, listTied } from './ties.ts'

/** A table's formats, by the ending of its file. */
export const TABLE_FORMATS = { md: tabulateMarkdown, tex: tabulateLatex, csv: tabulateCsv } as const

/** `md`, `tex` or `csv`. */
export type TableFormat = keyof typeof TABLE_FORMATS

/** The table of a run as text that ends with a line break; the same data gives the same bytes. */
export function renderTableFile(data: ReportData, format: TableFormat): string {
  return TABLE_FORMATS[format](data)
}

interface Column {
  readonly title: string
  /** Its columns in CSV, one for each number. */
  readonly names: readonly string[]
  /** One text for each name; undefined where there is none. */
  texts(cell: Cell): readonly (string | undefined)[]
  /** The texts as one. */
  join(texts: readonly string[]): string
  readonly isText?: boolean
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

function listColumns({ metrics }: ReportData, axes = listNaming(metrics.cells)): Column[] {
  const { cells } = metrics
  const isCompared = cells.length > 1 && metrics.differences !== undefined
  const splits = cells.some((cell) => cell.test) ? (['val', 'test'] as const) : (['val'] as const)
  return [
    ...axes.map((axis) => axisColumn(axis)),
    ...splits.flatMap((split) => [
      intervalColumn(`${split} accuracy`, '%', (cell) => cell[split]?.accuracy, formatShare),
      ...(hasSeeds(cells) ? [seedsColumn(split)] : []),
      intervalColumn(`${split} AUROC`, '', (cell) => cell[split]?.auroc, formatUnit),
      ...(isCompared ? [adjustedColumn(metrics, split)] : []),
    ]),
    noteColumn(metrics),
  ]
}

function hasSeeds(cells: readonly Cell[]): boolean {
  return cells.some(({ seeds }) => seeds.length > 1)
}

// The stain always, and along what else cells differ.
function listNaming(cells: readonly Cell[]): readonly Axis[] {
  return AXES.filter((axis) => axis === 'stain' || listVaried(cells).includes(axis))
}

// 'none' is said of the stain, which every cell has; elsewhere it is that there is nothing.
function axisColumn(axis: Axis): Column {
  const isLeftOut = (text: string) => axis !== 'stain' && text === 'none'
  return {
    ...textColumn(axis, (cell) => sayAxis(cell, axis)),
    join: ([text]) => (isLeftOut(text) ? '–' : text),
  }
}

function textColumn(title: string, pick: (cell: Cell) => string): Column {
  return { title, names: [title], texts: (cell) => [pick(cell)], join: ([text]) => text, isText: true }
}

function intervalColumn(
  title: string,
  unit: string,
  pick: (cell: Cell) => Interval | null | undefined,
  format: (value: number) => string,
): Column {
  const name = title.toLowerCase().replace(' ', '_')
  return {
    title: [title, unit].filter(Boolean).join(' '),
    names: [name, `${name}_low`, `${name}_high`],
    texts(cell) {
      const interval = pick(cell)
      if (!interval) return [undefined, undefined, undefined]
      return [interval.value, interval.low, interval.high].map(format)
    },
    join: ([value, low, high]) => `${value} (${low}–${high})`,
  }
}

function seedsColumn(split: 'val' | 'test'): Column {
  return {
    title: `${split} seeds %`,
    names: [`${split}_accuracy_seeds_mean`, `${split}_accuracy_seeds_sd`],
    texts(cell) {
      const figure = split === 'val' ? cell.valAccuracyOverSeeds : cell.testAccuracyOverSeeds
      return figure && cell.seeds.length > 1
        ? [figure.mean, figure.sd].map(formatShare)
        : [undefined, undefined]
    },
    join: ([mean, sd]) => `${mean} ± ${sd}`,
  }
}

function adjustedColumn(metrics: ReportData['metrics'], split: 'val' | 'test'): Column {
  const ties = findTied(metrics, split)
  return {
    title: `${split} p`,
    names: [`${split}_p_holm`],
    texts: (cell) => [ties.has(cell.id) ? formatP(ties.get(cell.id)?.adjusted) : undefined],
    join: ([p]) => p,
  }
}

function noteColumn(metrics: ReportData['metrics']): Column {
  const tied = new Set(listTied(metrics))
  return textColumn('note', (cell) =>
    [
      metrics.cells.length > 1 && cell.id === metrics.chosen && 'chosen',
      tied.has(cell) && 'tied',
      cell.transductive && 'transductive',
    ]
      .filter(Boolean)
      .join(', '),
  )
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
    cells.length > 1 &&
      metrics.differences &&
      `p: paired test of the accuracy against the chosen cell, ${ADJUSTED}; tied: cannot be told apart from the chosen cell on validation (p ≥ ${ALIKE_FROM}).`,
    cells.some((cell) => cell.transductive) && transductiveNote,
    failures > 0 && `The table has gaps: ${formatPlural(failures, 'task')} failed.`,
  ]
    .filter(Boolean)
    .join(' ')
}
