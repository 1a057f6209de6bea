// The columns of a run's table, each as numbers of their own (CSV) and as one text (Markdown, LaTeX).

import { exposureOf, nameExposure } from '../runs/browser.ts'
import { AXES, type Axis, type Cell, type Interval, listVaried, type ReportData, sayAxis } from './data.ts'
import { formatP, formatShare, formatUnit } from './numbers.ts'
import { hasExposures } from './seen.ts'
import { formatScore, nameMeasure, rankedById } from './selection.ts'
import { findTied, listTied } from './ties.ts'

/** A column of a run's table. */
export interface Column {
  readonly title: string
  /** Its columns in CSV, one for each number. */
  readonly names: readonly string[]
  /** One text for each name; undefined where there is none. */
  texts(cell: Cell): readonly (string | undefined)[]
  /** The texts as one. */
  join(texts: readonly string[]): string
  readonly isText?: boolean
}

/** The columns of a run's table. `axes` are those that name a cell. */
export function listColumns({ metrics }: ReportData, axes = listNaming(metrics.cells)): Column[] {
  const { cells } = metrics
  const isCompared = cells.length > 1 && metrics.differences !== undefined
  const splits = cells.some((cell) => cell.test) ? (['val', 'test'] as const) : (['val'] as const)
  return [
    ...axes.map((axis) => axisColumn(axis)),
    ...(hasExposures(metrics) ? [seenColumn(metrics)] : []),
    ...choiceColumns(metrics),
    ...splits.flatMap((split) => [
      intervalColumn(`${split} accuracy`, '%', (cell) => cell[split]?.accuracy, formatShare),
      ...(hasSeeds(cells) ? [seedsColumn(split)] : []),
      intervalColumn(`${split} AUROC`, '', (cell) => cell[split]?.auroc, formatUnit),
      ...(isCompared && !(split === 'val' && metrics.selection) ? [adjustedColumn(metrics, split)] : []),
    ]),
    noteColumn(metrics),
  ]
}

/** Whether some cell was trained with several seeds. */
export function hasSeeds(cells: readonly Cell[]): boolean {
  return cells.some(({ seeds }) => seeds.length > 1)
}

/** The axes that name a cell in a table: the stain, and along what else cells differ. */
export function listNaming(cells: readonly Cell[]): readonly Axis[] {
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

// Whether the extractor was pre-trained on slides or hospitals of the study.
function seenColumn(metrics: ReportData['metrics']): Column {
  return {
    ...textColumn('extractor saw', (cell) => {
      const exposure = exposureOf(cell, metrics)
      return exposure ? nameExposure(exposure) : 'not known'
    }),
    names: ['extractor_saw'],
  }
}

// How cells did in the choice; nothing where the run chose by accuracy on validation.
function choiceColumns(metrics: ReportData['metrics']): Column[] {
  const { selection, cells } = metrics
  if (!selection || cells.length < 2) return []
  const ranked = rankedById(metrics)
  const measure = nameMeasure(selection)
  const name = measure.toLowerCase().replace(' ', '_')
  const chosenBy: Column = {
    title: `choice: ${measure}`,
    names: [`choice_${name}`, 'choice_behind', 'choice_behind_se', 'choice_p_holm'],
    texts(cell) {
      const own = ranked.get(cell.id)
      if (!own) return [undefined, undefined, undefined, undefined]
      const { score, behind, standardError, p } = own
      const isBest = own.id === selection.best
      return [
        formatScore(selection, score),
        formatScore(selection, behind),
        standardError === null ? '' : formatScore(selection, standardError),
        isBest ? '' : formatP(p),
      ]
    },
    join: ([score, behind, error, p]) =>
      p === ''
        ? `${score} (best)`
        : `${score} (${[`${behind} behind`, error && `± ${error}`, `p ${p}`].filter(Boolean).join(', ')})`,
  }
  if (!cells.some(({ heldOut }) => heldOut)) return [chosenBy]
  return [chosenBy, intervalColumn('held-out accuracy', '%', (cell) => cell.heldOut?.accuracy, formatShare)]
}

function intervalColumn(
  title: string,
  unit: string,
  pick: (cell: Cell) => Interval | null | undefined,
  format: (value: number) => string,
): Column {
  const name = title.toLowerCase().replace(/[ -]/g, '_')
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
