// ROC curves of the compared cells, and how well the chosen cell's probabilities are calibrated.

import { type Chart, renderCharts } from '../charts.ts'
import {
  type Cell,
  chosenCell,
  compareCells,
  type Evaluation,
  labelCompared,
  type ReportData,
  SPLIT_WORDS,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatPercent, formatUnit, roundDrawn } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid, dashCompared } from '../palette.ts'
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
  const colour = colourGrid(metrics)
  const dash = dashCompared(metrics)
  const chosen = chosenCell(metrics)
  const splits = chosen.test ? (['val', 'test'] as const) : (['val'] as const)
  const charts = splits.flatMap((split): (Chart | Html)[] => [
    ...(chosen[split]!.roc.truePositiveRate.length ? [drawRoc(metrics, split, cells)] : []),
    drawReliability(split, chosen[split]!, colour(chosen.stain)),
    renderConfusion(split, chosen[split]!),
  ])
  return {
    id: 'curves',
    title: 'ROC and calibration',
    navTitle: 'Curves',
    badge: renderOrigin(manifest.origin),
    body: html`<p>ROC: tumours found against false alarms as the threshold moves. Reliability, of the chosen cell: the share
of tumours among the patches given a probability; on the diagonal it is calibrated, and the larger a dot, the more patches
it stands for. Predictions, of the chosen cell: truth against prediction.</p>
${renderLegend(
  cells.map((cell) => {
    const auroc = (cell.test ?? cell.val).auroc
    return {
      label: labelCompared(cell, metrics),
      colour: colour(cell.stain),
      dash: dash(cell),
      note: html`<small>&nbsp;AUROC ${formatUnit(auroc?.value)}${cell.test ? ', test' : ', validation'}</small>${cells.length > 1 && cell.id === metrics.chosen && html`<span class="pill">chosen</span>`}`,
    }
  }),
)}
${await renderCharts(charts)}`,
  }
}

function drawRoc(metrics: ReportData['metrics'], split: 'val' | 'test', cells: readonly Cell[]): Chart {
  const colour = colourGrid(metrics)
  const dash = dashCompared(metrics)
  const drawn = cells.filter((cell) => cell[split]?.roc.truePositiveRate.length)
  const points = [...drawn].reverse().flatMap((cell) => {
    const { falsePositiveRate, truePositiveRate } = cell[split]!.roc
    return falsePositiveRate.map((x, order) => ({
      cell: cell.id,
      x: roundDrawn(x),
      y: roundDrawn(truePositiveRate[order]),
      order,
    }))
  })
  const ids = drawn.map((cell) => cell.id)
  const title = `ROC, ${SPLIT_WORDS[split]}`
  const areas = drawn.map(
    (cell) => `${labelCompared(cell, metrics)} ${formatUnit(cell[split]!.auroc?.value)}`,
  )
  return {
    width: 340,
    height: 330,
    title,
    legend: drawn.map((cell) => ({
      label: `${labelCompared(cell, metrics)}, AUROC ${formatUnit(cell[split]!.auroc?.value)}`,
      colour: colour(cell.stain),
      dash: dash(cell),
    })),
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
              scale: { domain: ids, range: drawn.map(({ stain }) => colour(stain)) },
            },
            strokeDash: {
              field: 'cell',
              type: 'nominal',
              legend: null,
              scale: { domain: ids, range: drawn.map((cell) => (dash(cell).length ? dash(cell) : [1, 0])) },
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
  const title = `Reliability, ${SPLIT_WORDS[split]}`
  const encoding = { x: unitAxis('x', 'mean probability'), y: unitAxis('y', 'share of tumours') }
  return {
    width: 340,
    height: 330,
    title,
    alt: `${title}, chosen cell: calibration error ${formatUnit(calibrationError.value)} over ${values.length} bins`,
    spec: {
      layer: [
        DIAGONAL,
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

function renderConfusion(split: 'val' | 'test', { confusion, threshold }: Evaluation): Html {
  const { tp, fp, tn, fn } = confusion
  const cell = (count: number, of: number, right: boolean) => {
    const share = of ? count / of : 0
    const tint = `color-mix(in srgb, var(--${right ? 'ok' : 'rejected'}) ${(8 + 42 * share).toFixed(0)}%, transparent)`
    return html`<td style="background:${tint}">${formatCount(count)}<small>${of ? formatPercent(share) : '–'}</small></td>`
  }
  return html`<div class="confusion"><h4>Predictions, ${SPLIT_WORDS[split]}</h4><table><caption class="hidden">Truth against
prediction at a threshold of ${threshold}</caption><thead><tr><td></td><th scope="col">predicted tumour</th><th scope="col">predicted normal</th></tr></thead>
<tbody><tr><th scope="row"><span class="tumour">tumour</span></th>${cell(tp, tp + fn, true)}${cell(fn, tp + fn, false)}</tr>
<tr><th scope="row"><span class="normal">normal</span></th>${cell(fp, fp + tn, false)}${cell(tn, fp + tn, true)}</tr></tbody></table></div>`
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
