// How well the patches of each center are predicted: a table for the chosen cell, and bars against the other stain methods.

import { compareNames, printThreshold } from '../../base/index.ts'
import { type Chart, renderCharts } from '../charts.ts'
import {
  type Cell,
  chosenCell,
  compareCells,
  labelCell,
  labelCompared,
  type ReportData,
  type Scores,
  SPLIT_WORDS,
  scoredSplits,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatShare, formatUnit } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderInterval, renderTable } from '../parts.ts'

type Scored = 'heldOut' | 'val' | 'test'
const WORDS = { ...SPLIT_WORDS, heldOut: 'held out' }
const SLIDES_AT_MOST = 12

/** Metrics by center for the chosen cell, and bars over the compared cells. */
export async function renderCenters(data: ReportData): Promise<Section> {
  const { metrics, manifest } = data
  const chosen = chosenCell(metrics)
  const rows = listScored(chosen).flatMap((split) =>
    Object.entries(chosen[split]!.byCenter)
      .sort(([a], [b]) => compareNames(a, b))
      .map(([center, scores]) => ({ split, center, scores })),
  )
  const charts = rows.map(({ split, center }) => drawBars(metrics, split, center))
  return {
    id: 'centers',
    title: 'Centers',
    badge: renderOrigin(manifest.origin),
    body: html`<p>The chosen cell, <strong>${labelCell(chosen, metrics)}</strong>, center by center. A patch is predicted
to be tumour from a probability of ${sayThresholds(chosen)} on.</p>
${renderTable('Metrics by center', renderCenterTable(rows, chosen))}
${rows.length > 0 && (await renderCharts(charts))}
${scoredSplits(chosen).map((split) => renderSlides(chosen, split))}`,
  }
}

// One threshold is said once.
function sayThresholds(chosen: Cell): string {
  const said = listScored(chosen).map((split) => [split, printThreshold(chosen[split]!.threshold)] as const)
  if (new Set(said.map(([, threshold]) => threshold)).size === 1) return said[0][1]
  return said.map(([split, threshold]) => `${threshold} for ${WORDS[split]} patches`).join('; ')
}

// Centers that were held out in turn come first: they are what cells are chosen by.
function listScored(cell: Cell): readonly Scored[] {
  return [...(cell.heldOut ? (['heldOut'] as const) : []), ...scoredSplits(cell)]
}

function renderCenterTable(
  rows: readonly { split: Scored; center: string; scores: Scores }[],
  chosen: Cell,
): Html {
  return html`<table><caption><span>Metrics with 95 % intervals; TP, FP, TN, FN are tumour found, false alarm, normal
confirmed, tumour missed.${chosen.heldOut && ' Held out: each center by heads that have not seen it.'}</span></caption>
<thead><tr><th scope="col">center</th><th scope="col">split</th><th scope="col" class="n">patches</th><th scope="col" class="n">tumour %</th>
<th scope="col" class="n">accuracy %</th><th scope="col" class="n">balanced %</th><th scope="col" class="n">AUROC</th><th scope="col" class="n">AUPRC</th>
<th scope="col" class="n">F1</th><th scope="col" class="n">calibration error</th><th scope="col" class="n edge">TP</th><th scope="col" class="n">FP</th><th scope="col" class="n">TN</th><th scope="col" class="n">FN</th></tr></thead>
<tbody>${rows.map(({ split, center, scores }) => renderCenterRow(center, WORDS[split], scores))}
${listScored(chosen)
  .filter((split) => rows.filter((row) => row.split === split).length !== 1)
  .map((split) => renderCenterRow('all', WORDS[split], chosen[split]!))}</tbody></table>`
}

function renderCenterRow(center: string, split: string, scores: Scores): Html {
  const { tp, fp, tn, fn } = scores.confusion
  return html`<tr><th scope="row">${center}</th><td>${split}</td><td class="n">${formatCount(scores.count)}</td>
<td class="n">${formatShare(scores.positives / scores.count)}</td>${renderInterval(scores.accuracy)}${renderInterval(scores.balancedAccuracy)}
${renderInterval(scores.auroc, formatUnit)}${renderInterval(scores.auprc, formatUnit)}${renderInterval(scores.f1, formatUnit)}
${renderInterval(scores.calibrationError, formatUnit)}
${[tp, fp, tn, fn].map((count, i) => html`<td class="n${i === 0 && ' edge'}">${formatCount(count)}</td>`)}</tr>
`
}

function drawBars(metrics: ReportData['metrics'], split: Scored, center: string): Chart {
  const colour = colourGrid(metrics)
  const rows = compareCells(metrics).flatMap((cell) => {
    const scores = cell[split]?.byCenter
    if (!scores || !Object.hasOwn(scores, center)) return []
    const { value, low, high } = scores[center].accuracy
    return [
      {
        label: labelCompared(cell, metrics),
        value: value * 100,
        low: low * 100,
        high: high * 100,
        colour: colour(cell.stain),
      },
    ]
  })
  const y = { field: 'label', type: 'nominal', sort: null, title: null }
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    title: 'accuracy, %',
    scale: { domain: [0, 100] },
    axis: { values: [0, 25, 50, 75, 100] },
  })
  const title = `Center ${center}, ${WORDS[split]}`
  return {
    width: 360,
    height: 78 + 26 * rows.length,
    title,
    alt: `${title}: accuracy by cell. ${rows.map(({ label, value }) => `${label} ${value.toFixed(1)} %`).join('; ')}`,
    spec: {
      data: { values: rows },
      layer: [
        {
          mark: { type: 'bar', height: { band: 0.62 }, opacity: 0.82 },
          encoding: {
            y,
            x: x('value'),
            color: { field: 'colour', type: 'nominal', scale: null, legend: null },
          },
        },
        {
          mark: { type: 'rule', strokeWidth: 1.5, stroke: 'var(--ink)' },
          encoding: { y, x: x('low'), x2: { field: 'high' } },
        },
        {
          data: { values: [{ chance: 50 }] },
          mark: { type: 'rule', strokeDash: [2, 3], stroke: 'var(--ink-soft)' },
          encoding: { x: x('chance') },
        },
      ],
    },
  }
}

function renderSlides(chosen: Cell, split: Scored): Html | null {
  const slides = Object.entries(chosen[split]!.bySlide).sort(
    ([a, x], [b, y]) => x.accuracy - y.accuracy || compareNames(a, b),
  )
  if (slides.length < 2) return null
  const shown = slides.slice(0, SLIDES_AT_MOST)
  return html`<details><summary>Hardest slides, ${WORDS[split]} <small>${shown.length} of ${slides.length}</small></summary>
${renderTable(
  `Hardest slides, ${WORDS[split]}`,
  html`<table><caption><span>Slides with the lowest accuracy, chosen cell, ${WORDS[split]}.</span></caption><thead><tr><th scope="col">slide</th><th scope="col" class="n">patches</th>
<th scope="col" class="n">tumour</th><th scope="col" class="n">accuracy %</th></tr></thead><tbody>${shown.map(
    ([slide, { count, positives, accuracy }]) =>
      html`<tr><th scope="row">${slide}</th><td class="n">${formatCount(count)}</td><td class="n">${formatCount(positives)}</td><td class="n">${formatShare(accuracy)}</td></tr>`,
  )}</tbody></table>`,
  true,
)}</details>`
}
