// Forest plots: every cell's metric with its interval and its single seeds, under one another.

import type { Chart } from './charts.ts'
import { type Cell, type Interval, labelCell, type Metrics, rankCells } from './data.ts'
import { formatBounds } from './numbers.ts'
import { colourGrid } from './palette.ts'

/** A forest plot of more cells than this is too long to read. */
export const PLOTTED_AT_MOST = 40

interface Measure {
  readonly title: string
  /** 100 for per cent, 1 for a metric between 0 and 1. */
  readonly scale: 100 | 1
  readonly pick: (cell: Cell) => Interval | null | undefined
  readonly pickSeed: (seed: Cell['seeds'][number]) => number | null
}

const MEASURES: readonly Measure[] = [
  {
    title: 'Accuracy on held-out centers, %',
    scale: 100,
    pick: (cell) => cell.heldOut?.accuracy,
    pickSeed: () => null,
  },
  {
    title: 'Validation accuracy, %',
    scale: 100,
    pick: (cell) => cell.val.accuracy,
    pickSeed: (seed) => seed.valAccuracy,
  },
  {
    title: 'Test accuracy, %',
    scale: 100,
    pick: (cell) => cell.test?.accuracy,
    pickSeed: (seed) => seed.testAccuracy,
  },
  { title: 'Test AUROC', scale: 1, pick: (cell) => cell.test?.auroc, pickSeed: (seed) => seed.testAuroc },
  { title: 'Validation AUROC', scale: 1, pick: (cell) => cell.val.auroc, pickSeed: (seed) => seed.valAuroc },
]

/** At most three forest plots of the best cells, those of the choice first; test metrics where there are any. */
export function drawForests(metrics: Metrics): readonly Chart[] {
  const cells = rankCells(metrics).slice(0, PLOTTED_AT_MOST)
  return MEASURES.flatMap((measure) => drawForest(metrics, cells, measure) ?? []).slice(0, 3)
}

function drawForest(metrics: Metrics, cells: readonly Cell[], measure: Measure): Chart | null {
  const { title, scale } = measure
  const rows = listRows(metrics, cells, measure)
  if (!rows.length) return null
  const seeds = cells.flatMap((cell) =>
    cell.seeds.flatMap((seed) => {
      const value = measure.pickSeed(seed)
      return value === null ? [] : [{ label: labelCell(cell, metrics), value: value * scale }]
    }),
  )
  return drawIntervals({
    title,
    scale,
    rows,
    seeds,
    rule: rows.length > 1 ? (rows.find((row) => row.chosen)?.value ?? null) : null,
  })
}

/** A metric with its interval, in the unit of the axis. */
export type Row = Interval & { readonly label: string; readonly colour: string; readonly chosen: boolean }

/** What a plot of intervals shows: dots with bars, ticks for single seeds, and a dashed line at `rule`. */
export interface IntervalPlot {
  readonly title: string
  readonly scale: 100 | 1
  readonly rows: readonly Row[]
  readonly seeds?: readonly { readonly label: string; readonly value: number }[]
  readonly rule: number | null
}

/** Intervals under one another. */
export function drawIntervals({ title, scale, rows, seeds = [], rule }: IntervalPlot): Chart {
  const y = rowAxis(rows.filter((row) => row.chosen).map(({ label }) => label))
  const ends = [...rows.flatMap(({ low, high }) => [low, high]), ...seeds.map(({ value }) => value)]
  if (rule !== null) ends.push(rule)
  const domain = [Math.min(...ends), Math.max(...ends)]
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    title: null,
    scale: { domain, nice: false, zero: false, padding: 8 },
    axis: { tickCount: 5 },
  })
  const color = { field: 'colour', type: 'nominal', scale: null, legend: null }
  const dashed = { type: 'rule', strokeDash: [3, 3], stroke: 'var(--ink-soft)', opacity: 0.7 }
  const bar = { type: 'rule', strokeWidth: 2.5, strokeCap: 'round' }
  const tick = { type: 'tick', thickness: 1, height: 9, color: 'var(--ink)', opacity: 0.45 }
  const dot = { type: 'point', filled: true, opacity: 1, stroke: 'var(--surface)', strokeWidth: 1 }
  const size = { condition: { test: 'datum.chosen', value: 110 }, value: 60 }
  return {
    width: 380,
    height: 62 + 20 * rows.length,
    title,
    alt: `${title} with 95 % intervals. ${rows
      .slice(0, 12)
      .map((row) => describeRow(row, scale))
      .join('; ')}`,
    spec: {
      layer: [
        {
          data: { values: rule === null ? [] : [{ value: rule }] },
          mark: dashed,
          encoding: { x: x('value') },
        },
        { data: { values: rows }, mark: bar, encoding: { y, x: x('low'), x2: { field: 'high' }, color } },
        { data: { values: seeds }, mark: tick, encoding: { y, x: x('value') } },
        { data: { values: rows }, mark: dot, encoding: { y, x: x('value'), fill: color, size } },
      ],
    },
  }
}

function listRows(metrics: Metrics, cells: readonly Cell[], { pick, scale }: Measure): readonly Row[] {
  const colour = colourGrid(metrics)
  return cells.flatMap((cell) => {
    const interval = pick(cell)
    if (!interval) return []
    const { value, low, high } = interval
    const figures = { value: value * scale, low: low * scale, high: high * scale }
    return [
      {
        ...figures,
        label: labelCell(cell, metrics),
        colour: colour(cell.stain),
        chosen: cell.id === metrics.chosen,
      },
    ]
  })
}

function rowAxis(chosen: readonly string[]): object {
  const test = `indexof(${JSON.stringify(chosen)}, datum.value) >= 0`
  return {
    field: 'label',
    type: 'nominal',
    sort: null,
    title: null,
    axis: {
      labelFontWeight: { condition: { test, value: 'bold' }, value: 'normal' },
      labelColor: { condition: { test, value: 'var(--ink)' }, value: 'var(--ink-soft)' },
    },
  }
}

function describeRow(row: Row, scale: number): string {
  const format = (figure: number) => (scale === 100 ? figure.toFixed(1) : figure.toFixed(3))
  return `${row.label}: ${format(row.value)} (${formatBounds(row, format)})`
}
