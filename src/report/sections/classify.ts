// Learning curves: training and validation loss of every seed of the chosen cell; the other cells on request.

import { type Chart, renderCharts } from '../charts.ts'
import { type Cell, chosenCell, labelCell, type ReportData, rankCells } from '../data.ts'
import type { LegendEntry } from '../figure.ts'
import { html } from '../html.ts'
import { formatPercent, formatPlural, roundDrawn } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderLegend } from '../parts.ts'

type SeedResult = Cell['seeds'][number]
const TRAINING_DASH = [4, 3]
const SEEDS_AT_MOST = 12
const CELLS_AT_MOST = 24

/** Learning curves of the chosen cell, one chart a seed. */
export async function renderClassify(data: ReportData): Promise<Section> {
  const { metrics, manifest } = data
  const chosen = chosenCell(metrics)
  const colour = colourGrid(metrics)
  const trained = chosen.seeds.filter((seed) => seed.curve.length > 0)
  const top = highestLoss(trained)
  const others = rankCells(metrics).filter(
    (cell) => cell.id !== chosen.id && cell.seeds.some((seed) => seed.curve.length > 0),
  )
  const charts = trained
    .slice(0, SEEDS_AT_MOST)
    .map((seed) => drawCurves(`Seed ${seed.seed}`, [seed], colour(chosen.stain), top, describeSeed(seed)))
  return {
    id: 'classify',
    title: 'Classify: learning curves',
    navTitle: 'Classify',
    badge: renderOrigin(manifest.origin),
    body: trained.length
      ? html`<p>The loss of <strong>${labelCell(chosen, metrics)}</strong> by epoch, ${formatPlural(trained.length, 'seed')}.
The dot marks the lowest validation loss.</p>
${renderLegend(explainLines(colour(chosen.stain)))}
${await renderCharts(charts)}
${
  others.length > 0 &&
  html`<details><summary>The other cells <small>all seeds in one chart a cell</small></summary>${await renderCharts(
    others
      .slice(0, CELLS_AT_MOST)
      .map((cell) =>
        drawCurves(labelCell(cell, metrics), cell.seeds, colour(cell.stain), highestLoss(cell.seeds)),
      ),
  )}</details>`
}`
      : html`<p><strong>${chosen.classify}</strong> is fitted in one step: there is no curve to show.</p>`,
  }
}

function describeSeed({ curve, valAccuracy }: SeedResult): string {
  return `${formatPlural(curve.length, 'epoch')}, validation accuracy ${formatPercent(valAccuracy)}`
}

// A first epoch may be far off; the axis ends where nearly all of the losses lie.
function highestLoss(seeds: readonly SeedResult[]): number {
  const losses = seeds.flatMap((seed) => seed.curve.flatMap(({ trainLoss, valLoss }) => [trainLoss, valLoss]))
  losses.sort((a, b) => a - b)
  return (losses[Math.floor(0.99 * (losses.length - 1))] ?? 1) * 1.05
}

function explainLines(colour: string): LegendEntry[] {
  return [
    { label: 'validation loss', colour },
    { label: 'training loss', colour, dash: TRAINING_DASH },
  ]
}

function drawCurves(
  title: string,
  seeds: readonly SeedResult[],
  colour: string,
  top: number,
  note = '',
): Chart {
  const cap = (loss: number) => Math.min(top, roundDrawn(loss))
  const values = seeds.flatMap(({ seed, curve }) =>
    curve.flatMap(({ epoch, trainLoss, valLoss }) => [
      { seed, kind: 'train', epoch, loss: cap(trainLoss) },
      { seed, kind: 'val', epoch, loss: cap(valLoss) },
    ]),
  )
  const best = seeds.flatMap(({ curve }) => {
    if (!curve.length) return []
    const { epoch, valLoss } = curve.reduce((a, b) => (b.valLoss < a.valLoss ? b : a))
    return [{ epoch, loss: cap(valLoss) }]
  })
  const x = {
    field: 'epoch',
    type: 'quantitative',
    title: 'epoch',
    scale: { nice: false, zero: false },
    axis: { tickMinStep: 1, tickCount: 6, format: 'd', grid: false },
  }
  const y = {
    field: 'loss',
    type: 'quantitative',
    title: 'loss',
    scale: { domain: [0, top], nice: true },
    axis: { tickCount: 5 },
  }
  return {
    width: 340,
    height: 220,
    title,
    name: `loss ${title}`,
    legend: explainLines(colour),
    subtitle: note || undefined,
    alt: `Loss by epoch, ${title}. ${note}`,
    spec: {
      layer: [
        {
          data: { values },
          mark: { type: 'line', stroke: colour, strokeJoin: 'round' },
          encoding: {
            x,
            y,
            detail: { field: 'seed', type: 'nominal' },
            strokeDash: {
              field: 'kind',
              type: 'nominal',
              legend: null,
              scale: {
                domain: ['train', 'val'],
                range: [TRAINING_DASH, [1, 0]],
              },
            },
            strokeWidth: { condition: { test: "datum.kind === 'val'", value: 2 }, value: 1.3 },
          },
        },
        {
          data: { values: best },
          mark: {
            type: 'point',
            filled: true,
            size: 70,
            fill: colour,
            opacity: 1,
            stroke: 'var(--surface)',
            strokeWidth: 1.5,
          },
          encoding: { x, y },
        },
      ],
    },
  }
}
