// How transductive cells depend on the share of tumour among the patches of a new center, which their maps take for granted.

import { describeShares } from '../../runs/browser.ts'
import { type Chart, renderCharts } from '../charts.ts'
import {
  type Cell,
  labelCell,
  type ReportData,
  rankCells,
  type ShareResult,
  type ShareSensitivity,
} from '../data.ts'
import type { LegendEntry } from '../figure.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatList, formatPercent, formatPlural, formatShare, formatUnit } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderLegend, renderTable } from '../parts.ts'

const DRAWN_AT_MOST = 6

// The ways to align in which a subset is judged.
const WAYS = [
  { of: 'own', label: 'aligned by these patches alone', dash: [] },
  { of: 'whole', label: 'aligned by all patches of the center', dash: [7, 3] },
  { of: 'plain', label: 'the same cell without alignment', dash: [2, 3] },
] as const

type Measured = readonly { readonly cell: Cell; readonly sensitivity: ShareSensitivity }[]

/** Table and figures of every aligned cell, best cell first; null where no cell uses patches of the target so. */
export async function renderShares({ metrics, manifest }: ReportData): Promise<Section | null> {
  const { shares } = metrics
  if (!shares) return null
  const measured = rankCells(metrics).flatMap((cell) => {
    const sensitivity = shares.measured.find((own) => own.cell === cell.id && own.mean.length > 0)
    return sensitivity ? [{ cell, sensitivity }] : []
  })
  const leftOut = shares.measured[0]?.leftOut ?? []
  return {
    id: 'shares',
    title: 'How transductive cells depend on the share of tumour in the target',
    navTitle: 'Share of tumour',
    badge: renderOrigin(manifest.origin),
    body: html`<p>A cell that is aligned by center maps a new center by the statistics of its own patches. Where these hold another share
of tumour than the training centers do, the map moves tumour and normal tissue as well as the stain.</p>
${measured.length > 0 && (await renderMeasured(measured, metrics))}
${describeShares(metrics).map((sentence) => html`<p>${sentence}</p>`)}
${leftOut.length > 0 && html`<p>Left out: ${leftOut.map(({ center, reason }) => `${center} (${reason})`).join('; ')}.</p>`}
${
  shares.notMeasured.length > 0 &&
  html`<p>Not measured: how training with patches of the target depends on their share of tumour (${formatList(shares.notMeasured)});
it would take a training for each share.</p>`
}`,
  }
}

async function renderMeasured(measured: Measured, metrics: ReportData['metrics']): Promise<Html> {
  const [{ sensitivity }] = measured
  const centers = sensitivity.centers.map(
    ({ center, patches, tumour }) =>
      `center ${center} ${formatCount(patches)} patches (${formatPercent(tumour)} tumour in the whole center)`,
  )
  const ways = WAYS.filter(({ of }) => measured.some((one) => one.sensitivity.mean[0][of]))
  const colour = colourGrid(metrics)
  const charts = measured
    .slice(0, DRAWN_AT_MOST)
    .map(({ cell, sensitivity: { mean } }) => drawShares(labelCell(cell, metrics), colour(cell.stain), mean))
  return html`<p>Measured without a patch of the test set, on labelled centers that the heads were not trained on: as many patches of
each share, ${formatPlural(sensitivity.draws, 'draw')} of them, seeds averaged: ${formatList(centers)}.</p>
${renderTable('Balanced accuracy by share of tumour', renderRows(measured, ways, metrics))}
${renderLegend(listLines(colour(measured[0].cell.stain), ways))}
${await renderCharts(charts)}`
}

function renderRows(
  measured: Measured,
  ways: readonly (typeof WAYS)[number][],
  metrics: ReportData['metrics'],
): Html {
  const shown = measured[0].sensitivity.mean.map(({ share }) => share)
  const figures = (result: ShareResult, of: (typeof WAYS)[number]['of']) => {
    const scores = result[of]
    return scores
      ? html`<td class="n"><span class="lead-figure">${formatShare(scores.balancedAccuracy)}</span><small>${formatShare(scores.accuracy)} %</small><small>${formatUnit(scores.auroc)}</small></td>`
      : html`<td class="n">–</td>`
  }
  return html`<table><caption><span>Balanced accuracy in %, under it accuracy and AUROC; means over centers and draws.</span></caption>
<thead><tr><th scope="col">cell</th><th scope="col"></th>${shown.map((share) => html`<th scope="col" class="n">${formatPercent(share)} tumour</th>`)}</tr></thead>
<tbody>${measured.flatMap(({ cell, sensitivity: { mean } }) =>
    ways.map(
      ({ of, label }, i) =>
        html`<tr><th scope="row">${i === 0 ? labelCell(cell, metrics) : ''}</th><td>${label}</td>${mean.map((result) => figures(result, of))}</tr>
`,
    ),
  )}</tbody></table>`
}

const listLines = (colour: string, ways: readonly (typeof WAYS)[number][]): LegendEntry[] =>
  ways.map(({ label, dash }) => ({ label, colour, dash: [...dash] }))

function drawShares(title: string, colour: string, mean: readonly ShareResult[]): Chart {
  const ways = WAYS.filter(({ of }) => mean[0][of])
  const percent = (share: number) => Math.round(1e4 * share) / 100
  const values = ways.flatMap(({ of, label }) =>
    mean.map((result) => ({
      label,
      share: percent(result.share),
      accuracy: percent(result[of]!.balancedAccuracy),
    })),
  )
  const x = {
    field: 'share',
    type: 'quantitative',
    title: 'tumour among the patches, %',
    scale: { domain: [0, 100] },
    axis: { values: values.map(({ share }) => share), grid: false },
  }
  const y = {
    field: 'accuracy',
    type: 'quantitative',
    title: 'balanced accuracy, %',
    scale: { zero: false, nice: true },
    axis: { tickCount: 5 },
  }
  const strokeDash = {
    field: 'label',
    type: 'nominal',
    legend: null,
    scale: {
      domain: ways.map(({ label }) => label),
      range: ways.map(({ dash }) => (dash.length > 0 ? dash : [1, 0])),
    },
  }
  const said = ways.map(({ of, label }) => {
    const each = mean.map(
      (result) => `${formatShare(result[of]!.balancedAccuracy)} at ${formatPercent(result.share)}`,
    )
    return `${label}: ${each.join(', ')}`
  })
  return {
    width: 340,
    height: 230,
    title,
    name: `share of tumour ${title}`,
    legend: listLines(colour, ways),
    alt: `Balanced accuracy by share of tumour, ${title}. ${said.join('; ')}`,
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: 'line', stroke: colour, strokeWidth: 2, strokeJoin: 'round' },
          encoding: { x, y, strokeDash },
        },
        { mark: { type: 'point', filled: true, fill: colour, size: 45, opacity: 1 }, encoding: { x, y } },
      ],
    },
  }
}
