// ROC curves of the compared cells, and how far the chosen cell's probabilities can be taken at their word.

import { type Chart, renderCharts } from '../charts.ts'
import { type Cell, chosenCell, compareCells, type Evaluation, labelCell, type ReportData } from '../data.ts'
import { html } from '../html.ts'
import { formatUnit } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourCompared } from '../palette.ts'
import { renderLegend } from '../parts.ts'

const DIAGONAL = {
  data: {
    values: [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
  },
  mark: { type: 'line', strokeDash: [3, 3], strokeWidth: 1, stroke: 'var(--ink-soft)' },
  encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
}

/** ROC curves and reliability diagrams, validation and test side by side. */
export async function renderCurves({ metrics, manifest }: ReportData): Promise<Section> {
  const cells = compareCells(metrics)
  const colour = colourCompared(metrics)
  const chosen = chosenCell(metrics)
  const splits = chosen.test ? (['val', 'test'] as const) : (['val'] as const)
  const charts: Chart[] = []
  for (const split of splits) {
    if (chosen[split]!.roc.truePositiveRate.length) charts.push(drawRoc(metrics, split, cells, colour))
  }
  for (const split of splits) charts.push(drawReliability(split, chosen[split]!, colour(chosen)))
  return {
    id: 'curves',
    title: 'ROC and calibration',
    navTitle: 'Curves',
    badge: renderOrigin(manifest.origin),
    body: html`<p>Left, tumours found against false alarms as the threshold moves. Right, for the chosen cell, the share
of tumours among patches given a probability: on the diagonal a probability can be taken at its word. The larger a dot, the
more patches it stands for.</p>
${renderLegend(
  cells.map((cell) => {
    const auroc = (cell.test ?? cell.val).auroc
    return {
      label: labelCell(cell, metrics),
      colour: colour(cell),
      note: html`<small>&nbsp;AUROC ${formatUnit(auroc?.value)}${cell.test ? ', test' : ', validation'}</small>${cell.id === metrics.chosen && html`<span class="pill">chosen</span>`}`,
    }
  }),
)}
${await renderCharts(charts)}`,
  }
}

function drawRoc(
  metrics: ReportData['metrics'],
  split: 'val' | 'test',
  cells: readonly Cell[],
  colour: (cell: Cell) => string,
): Chart {
  const drawn = cells.filter((cell) => cell[split]?.roc.truePositiveRate.length)
  const points = [...drawn].reverse().flatMap((cell) => {
    const { falsePositiveRate, truePositiveRate } = cell[split]!.roc
    return falsePositiveRate.map((x, order) => ({
      cell: cell.id,
      x: round(x),
      y: round(truePositiveRate[order]),
      order,
    }))
  })
  const ids = drawn.map((cell) => cell.id)
  const title = `ROC, ${split === 'val' ? 'validation' : 'test'}`
  const areas = drawn.map((cell) => `${labelCell(cell, metrics)} ${formatUnit(cell[split]!.auroc?.value)}`)
  return {
    width: 340,
    height: 330,
    title,
    alt: `${title}. Area under the curve: ${areas.join('; ')}`,
    spec: {
      layer: [
        DIAGONAL,
        {
          data: { values: points },
          mark: { type: 'line', strokeJoin: 'round', interpolate: 'linear' },
          encoding: {
            x: unitAxis('x', 'false alarms among normal patches'),
            y: unitAxis('y', 'tumours found'),
            order: { field: 'order', type: 'quantitative' },
            color: {
              field: 'cell',
              type: 'nominal',
              sort: null,
              legend: null,
              scale: { domain: ids, range: drawn.map(colour) },
            },
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

function drawReliability(
  split: 'val' | 'test',
  { reliability, calibrationError }: Evaluation,
  colour: string,
): Chart {
  const values = reliability.map(({ meanProbability, tumourShare, count }) => ({
    x: meanProbability,
    y: tumourShare,
    count,
  }))
  const title = `Reliability, ${split === 'val' ? 'validation' : 'test'}`
  const encoding = { x: unitAxis('x', 'mean probability'), y: unitAxis('y', 'share of tumours') }
  return {
    width: 340,
    height: 330,
    title,
    alt: `${title}, chosen cell: expected calibration error ${formatUnit(calibrationError.value)} over ${values.length} bins`,
    spec: {
      layer: [
        DIAGONAL,
        {
          data: { values },
          mark: { type: 'line', stroke: colour, strokeWidth: 1.4, opacity: 0.6 },
          encoding: { ...encoding, order: { field: 'x', type: 'quantitative' } },
        },
        {
          data: { values },
          mark: {
            type: 'point',
            filled: true,
            fill: colour,
            opacity: 0.95,
            stroke: 'var(--surface)',
            strokeWidth: 1,
          },
          encoding: {
            ...encoding,
            size: {
              field: 'count',
              type: 'quantitative',
              legend: null,
              scale: { zero: true, range: [18, 260] },
            },
          },
        },
      ],
    },
  }
}

function unitAxis(field: string, title: string): object {
  return {
    field,
    type: 'quantitative',
    title,
    scale: { domain: [0, 1] },
    axis: { values: [0, 0.25, 0.5, 0.75, 1], format: '.2~f' },
  }
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
