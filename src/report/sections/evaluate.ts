// The ablation table: every cell of the grid with its intervals, the chosen one marked, and a forest plot.

import { type Chart, renderCharts } from '../charts.ts'
import { costCell } from '../costs.ts'
import { type Cell, type Evaluation, type Interval, labelCell, type ReportData, rankCells } from '../data.ts'
import { type Html, html } from '../html.ts'
import {
  formatBounds,
  formatCount,
  formatOverSeeds,
  formatSeconds,
  formatShare,
  formatUnit,
} from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderInterval, renderStain, renderTable } from '../parts.ts'

const PLOTTED_AT_MOST = 40

/** Every cell of the grid. */
export async function renderEvaluate(data: ReportData): Promise<Section> {
  const { metrics, manifest } = data
  return {
    id: 'evaluate',
    title: 'Evaluate: every cell of the grid',
    navTitle: 'Evaluate',
    badge: renderOrigin(manifest.origin),
    body: html`${explainChoice(data)}
${renderTable('Ablation table', renderGrid(data))}
<h3>Intervals</h3>
<p>Dots are the seed-averaged figures, bars their 95 % intervals, ticks single seeds. The dashed line is the chosen
cell.${metrics.cells.length > PLOTTED_AT_MOST && ` The best ${PLOTTED_AT_MOST} of ${metrics.cells.length} cells are drawn.`}</p>
${await renderCharts(drawForests(data))}`,
  }
}

function explainChoice({ metrics, manifest }: ReportData): Html {
  const ranked = rankCells(metrics)
  const chosen = ranked.find((cell) => cell.id === metrics.chosen)!
  const { slides, resampled } = chosen.test ?? chosen.val
  const better = ranked
    .filter((cell) => cell.test && chosen.test && cell.test.accuracy.value > chosen.test.accuracy.value)
    .sort((a, b) => b.test!.accuracy.value - a.test!.accuracy.value)[0]
  return html`<p>Chosen: <strong>${labelCell(chosen, metrics)}</strong>, by ${metrics.chosenBy}. The test set
was never looked at before the choice was made.${
    better &&
    html` On it, <em>${labelCell(better, metrics)}</em> does better
(${formatShare(better.test!.accuracy.value)} against ${formatShare(chosen.test!.accuracy.value)} %), which nobody could have known by then.`
  }</p>
${
  !chosen.test &&
  html`<p><strong>Test labels are withheld.</strong> The table ends at validation; accuracy on the test
set comes from whoever holds its labels, for the answers in <code>submission.csv</code>.</p>`
}
<p class="soft">Probabilities are averaged over ${manifest.seeds.length === 1 ? 'one seed' : `${manifest.seeds.length} seeds`}
before they are scored; intervals resample ${describeResampling(resampled, slides)}.</p>`
}

function describeResampling(resampled: 'slides' | 'patches', slides: number | null | undefined): string {
  if (resampled === 'patches') return 'single patches, as slides are not known or there is only one'
  const few = slides && slides < 10 ? ', which are few: the true uncertainty is larger' : ''
  return `whole slides (${slides ? formatCount(slides) : 'number not known'}${few})`
}

function renderGrid(data: ReportData): Html {
  const { metrics } = data
  const cells = rankCells(metrics)
  const withTest = cells.some((cell) => cell.test)
  const colour = colourGrid(metrics)
  const columns = html`<th scope="col" class="n edge">accuracy %</th><th scope="col" class="n">mean ± SD</th>
<th scope="col" class="n">balanced %</th><th scope="col" class="n">AUROC</th><th scope="col" class="n"><abbr title="expected calibration error">ECE</abbr></th>`
  return html`<table><caption>Sorted by validation accuracy. Under each figure its 95 % interval; mean ± SD is over the
single seeds; ECE is the expected calibration error (0 is best); cost adds up the stages a cell rests on, those shared
with other cells included.</caption>
<thead><tr><th scope="col" rowspan="2" class="pin">stain</th><th scope="col" rowspan="2">embed</th><th scope="col" rowspan="2">classify</th>
<th scope="colgroup" colspan="5" class="edge">Validation</th>${withTest && html`<th scope="colgroup" colspan="5" class="edge">Test</th>`}
<th scope="col" rowspan="2" class="n edge">cost</th></tr><tr>${columns}${withTest && columns}</tr></thead>
<tbody>${cells.map((cell) => renderRow(cell, data, withTest, colour(cell.stain)))}</tbody></table>`
}

function renderRow(cell: Cell, { metrics, timings }: ReportData, withTest: boolean, colour: string): Html {
  const isChosen = cell.id === metrics.chosen
  const cost = costCell(cell, timings)
  return html`<tr${isChosen && html` class="chosen best"`}><th scope="row" class="pin">${renderStain(cell.stain, colour)}${
    isChosen && html`<span class="pill">chosen</span>`
  }</th><td>${cell.embed}</td><td>${cell.classify}</td>
${renderScores(cell.val, formatOverSeeds(cell.valAccuracyOverSeeds))}
${withTest && (cell.test ? renderScores(cell.test, formatOverSeeds(cell.testAccuracyOverSeeds)) : html`<td colspan="5" class="edge soft">labels withheld</td>`)}
<td class="n edge">${formatSeconds(cost?.seconds)}${cost?.cached && html`<small>partly cached</small>`}</td></tr>
`
}

function renderScores(scores: Evaluation, overSeeds: string): Html {
  return html`${renderInterval(scores.accuracy, formatShare, 'n edge')}<td class="n">${overSeeds}</td>${renderInterval(
    scores.balancedAccuracy,
  )}${renderInterval(scores.auroc, formatUnit)}${renderInterval(scores.calibrationError, formatUnit)}`
}

function drawForests({ metrics }: ReportData): Chart[] {
  const cells = rankCells(metrics).slice(0, PLOTTED_AT_MOST)
  const plots = [
    drawForest(
      metrics,
      cells,
      'Validation accuracy, %',
      (cell) => cell.val.accuracy,
      (seed) => seed.valAccuracy,
      100,
    ),
    drawForest(
      metrics,
      cells,
      'Test accuracy, %',
      (cell) => cell.test?.accuracy,
      (seed) => seed.testAccuracy,
      100,
    ),
    drawForest(
      metrics,
      cells,
      'Test AUROC',
      (cell) => cell.test?.auroc,
      (seed) => seed.testAuroc,
      1,
    ),
    drawForest(
      metrics,
      cells,
      'Validation AUROC',
      (cell) => cell.val.auroc,
      (seed) => seed.valAuroc,
      1,
    ),
  ].filter((chart) => chart !== null)
  return plots.slice(0, 3)
}

function drawForest(
  metrics: ReportData['metrics'],
  cells: readonly Cell[],
  title: string,
  pick: (cell: Cell) => Interval | null | undefined,
  pickSeed: (seed: Cell['seeds'][number]) => number | null,
  scale: number,
): Chart | null {
  const colour = colourGrid(metrics)
  const rows = cells.flatMap((cell) => {
    const interval = pick(cell)
    if (!interval) return []
    const { value, low, high } = interval
    const label = labelCell(cell, metrics)
    return [
      { label, value: value * scale, low: low * scale, high: high * scale, colour: colour(cell.stain), cell },
    ]
  })
  if (!rows.length) return null
  const seeds = rows.flatMap(({ label, cell }) =>
    cell.seeds.flatMap((seed) => {
      const value = pickSeed(seed)
      return value === null ? [] : [{ label, value: value * scale }]
    }),
  )
  const chosen = rows.find(({ cell }) => cell.id === metrics.chosen)
  const isChosen = `datum.value === ${JSON.stringify(chosen?.label ?? '')}`
  const y = {
    field: 'label',
    type: 'nominal',
    sort: null,
    title: null,
    axis: {
      labelFontWeight: { condition: { test: isChosen, value: 'bold' }, value: 'normal' },
      labelColor: { condition: { test: isChosen, value: 'var(--ink)' }, value: 'var(--ink-soft)' },
    },
  }
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    title: null,
    scale: { zero: false, nice: true },
    axis: { tickCount: 5 },
  })
  const color = { field: 'colour', type: 'nominal', scale: null, legend: null }
  const plain = rows.map(({ cell, ...row }) => ({ ...row, chosen: cell.id === metrics.chosen }))
  return {
    width: 360,
    height: 62 + 20 * rows.length,
    title,
    alt: `${title} with 95 % intervals. ${rows
      .slice(0, 12)
      .map((row) => `${row.label}: ${describe(row, scale)}`)
      .join('; ')}`,
    spec: {
      layer: [
        ...(chosen
          ? [
              {
                data: { values: [{ value: chosen.value }] },
                mark: { type: 'rule', strokeDash: [3, 3], stroke: 'var(--ink-soft)', opacity: 0.7 },
                encoding: { x: x('value') },
              },
            ]
          : []),
        {
          data: { values: plain },
          mark: { type: 'rule', strokeWidth: 2.5, strokeCap: 'round' },
          encoding: { y, x: x('low'), x2: { field: 'high' }, color },
        },
        {
          data: { values: seeds },
          mark: { type: 'tick', thickness: 1, height: 9, color: 'var(--ink)', opacity: 0.45 },
          encoding: { y, x: x('value') },
        },
        {
          data: { values: plain },
          mark: { type: 'point', filled: true, opacity: 1, stroke: 'var(--surface)', strokeWidth: 1 },
          encoding: {
            y,
            x: x('value'),
            fill: color,
            size: { condition: { test: 'datum.chosen', value: 110 }, value: 60 },
          },
        },
      ],
    },
  }
}

function describe({ value, low, high }: Interval, scale: number): string {
  const format = (figure: number) => (scale === 100 ? figure.toFixed(1) : figure.toFixed(3))
  return `${format(value)} (${formatBounds({ value, low, high }, format)})`
}
