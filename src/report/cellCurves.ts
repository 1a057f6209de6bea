// Curves of the compared cells in a square from 0 to 1: each in the colour and dashes of its cell, the chosen one the widest.

import type { Chart, ChartSpec } from './charts.ts'
import { type Cell, compareCells, type Evaluation, labelCompared, type Metrics, SPLIT_WORDS } from './data.ts'
import { roundDrawn } from './numbers.ts'
import { colourGrid, dashCompared } from './palette.ts'

/** What is drawn of each cell, and how. */
export interface CellCurves {
  /** `ROC`: the split's name is added. */
  readonly title: string
  readonly split: 'val' | 'test'
  readonly metrics: Metrics
  /** Null, or no points, where a cell has no such curve. */
  readonly pick: (
    evaluation: Evaluation,
  ) => { readonly x: readonly number[]; readonly y: readonly number[] } | null
  /** The figure of each cell that its text and its legend give, and what it is called. */
  readonly describe: (evaluation: Evaluation) => string
  readonly measure: string
  readonly axes: readonly [x: string, y: string]
  /** Least value of the vertical axis. Default 0. */
  readonly from?: number
  /** Layers under the curves. */
  readonly under?: readonly object[]
}

/** The curves of the compared cells on one split; null where none has any. */
export function drawCellCurves(options: CellCurves): Chart | null {
  const { split, metrics, pick, from = 0, axes, under = [] } = options
  const drawn = compareCells(metrics).flatMap((cell) => {
    const curve = cell[split] && pick(cell[split])
    return curve && curve.x.length > 0 ? [{ cell, curve }] : []
  })
  if (drawn.length === 0) return null
  const colour = colourGrid(metrics)
  const dash = dashCompared(metrics)
  const points = [...drawn]
    .reverse()
    .flatMap(({ cell, curve }) =>
      curve.x.map((x, order) => ({ cell: cell.id, x: roundDrawn(x), y: roundDrawn(curve.y[order]), order })),
    )
  const scaleOf = (range: (cell: Cell) => unknown) => ({
    field: 'cell',
    type: 'nominal',
    sort: null,
    legend: null,
    scale: { domain: drawn.map(({ cell }) => cell.id), range: drawn.map(({ cell }) => range(cell)) },
  })
  const title = `${options.title}, ${SPLIT_WORDS[split]}`
  const words = drawn.map(({ cell }) => `${labelCompared(cell, metrics)} ${options.describe(cell[split]!)}`)
  return {
    width: 340,
    height: 330,
    title,
    legend: drawn.map(({ cell }) => ({
      label: `${labelCompared(cell, metrics)}, ${options.measure} ${options.describe(cell[split]!)}`,
      colour: colour(cell.stain),
      dash: dash(cell),
    })),
    alt: `${title}. ${options.measure}: ${words.join('; ')}`,
    spec: {
      layer: [
        ...under,
        {
          data: { values: points },
          mark: { type: 'line', strokeJoin: 'round', interpolate: 'linear' },
          encoding: {
            x: unitAxis('x', axes[0]),
            y: unitAxis('y', axes[1], from),
            order: { field: 'order', type: 'quantitative' },
            color: scaleOf(({ stain }) => colour(stain)),
            strokeDash: scaleOf((cell) => (dash(cell).length ? dash(cell) : [1, 0])),
            strokeWidth: {
              condition: { test: `datum.cell === ${JSON.stringify(metrics.chosen)}`, value: 2.6 },
              value: 1.4,
            },
          },
        },
      ],
    },
  }
}

/** The dashed diagonal of a square. */
export const DIAGONAL = {
  data: {
    values: [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
  },
  mark: { type: 'line', strokeDash: [3, 3], strokeWidth: 1, stroke: 'var(--ink-soft)' },
  encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
}

/** An axis from `from` (0) to 1, with ticks at quarters of that. */
export function unitAxis(field: string, title: string, from = 0): object {
  return {
    field,
    type: 'quantitative',
    title,
    scale: { domain: [from, 1] },
    axis: { values: [0, 0.25, 0.5, 0.75, 1].map((part) => from + (1 - from) * part), format: '.3~f' },
  }
}

/** A layer of dots as large as the `count` of what each stands for. */
export function countedDots(
  values: readonly object[],
  encoding: ChartSpec,
  {
    colour,
    opacity,
    largest,
  }: { readonly colour: string; readonly opacity: number; readonly largest: number },
): ChartSpec {
  return {
    data: { values },
    mark: {
      type: 'point',
      filled: true,
      fill: colour,
      opacity,
      stroke: 'var(--surface)',
      strokeWidth: 1,
    },
    encoding: {
      ...encoding,
      size: {
        field: 'count',
        type: 'quantitative',
        legend: null,
        scale: { zero: true, range: [18, largest] },
      },
    },
  }
}
