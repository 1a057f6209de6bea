// The chosen cell's predictions at its threshold, and other ways to use its probabilities: at a fixed rate of false alarms,
// and with the least sure patches left out.

import { describeDecision } from '../../runs/browser.ts'
import { drawCellCurves } from '../cellCurves.ts'
import { type Chart, renderCharts } from '../charts.ts'
import {
  type Cell,
  chosenCell,
  compareCells,
  type Evaluation,
  type Interval,
  labelCell,
  labelCompared,
  type Metrics,
  type ReportData,
  SPLIT_WORDS,
  scoredSplits,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatBounds, formatCount, formatPercent, formatShare, formatUnit } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid, dashCompared } from '../palette.ts'
import { renderInterval, renderLegend, renderTable } from '../parts.ts'
import { renderConfusion } from './confusion.ts'

type Scored = 'val' | 'test'

/** Predictions at the threshold, at fixed specificity, and with abstention; the last two where the run measured them. */
export async function renderOperating({ metrics, manifest }: ReportData): Promise<Section> {
  const chosen = chosenCell(metrics)
  const splits = scoredSplits(chosen)
  const isMeasured = splits.every((split) => hasOperating(chosen[split]!))
  const tables = isMeasured
    ? [
        renderTable('Sensitivity at fixed specificity', renderSensitivities(chosen, splits)),
        renderTable('Accuracy with abstention', renderAbstention(chosen, splits)),
      ]
    : []
  const charts = splits.flatMap((split, i): (Chart | Html | null)[] => [
    renderConfusion(split, chosen[split]!),
    isMeasured ? drawRiskCoverage(metrics, split) : null,
    ...(splits.length > 1 ? tables.slice(i, i + 1) : tables),
  ])
  return {
    id: 'operating',
    title: 'Thresholds and abstention',
    navTitle: 'Thresholds',
    badge: renderOrigin(manifest.origin),
    body: html`<p>The chosen cell, <strong>${labelCell(chosen, metrics)}</strong>: truth against prediction at its threshold${
      isMeasured &&
      `; how much tumour it finds at thresholds that keep false alarms
rare; and its accuracy where the patches nearest to the threshold are left to a pathologist. Each other threshold is read off the patches that
it is then judged on`
    }.</p>
${describeDecision(chosen).map((sentence) => html`<p>${sentence}</p>`)}
${chosen.abstention && renderTable('Patches left to a person', renderLeft(chosen.abstention))}
${isMeasured && renderCellLegend(metrics)}
${await renderCharts(charts.filter((chart) => chart !== null))}`,
  }
}

function hasOperating({ riskCoverage, sensitivityAt }: Partial<Evaluation>): boolean {
  return riskCoverage !== undefined && sensitivityAt !== undefined
}

type Scores = Readonly<Record<Scored, Evaluation | null>>

function renderSensitivities(chosen: Scores, splits: readonly Scored[]): Html {
  const rows = chosen.val!.sensitivityAt.map(({ specificity }, i) => ({
    name: formatPercent(specificity),
    cells: splits.map((split) => {
      const { sensitivity, threshold, normalsNeeded } = chosen[split]!.sensitivityAt[i]
      return sensitivity
        ? renderFigure(sensitivity, `from ${threshold === null ? 'none' : formatUnit(threshold)}`)
        : html`<td class="n soft">${explainAbsence(chosen[split]!, normalsNeeded)}</td>`
    }),
  }))
  return renderRows(
    `Share of tumour patches found, in %, at the lowest threshold at which so many normal patches are called normal, with its 95 %
interval. Under it the threshold.`,
    'specificity',
    splits,
    rows,
  )
}

function explainAbsence({ count, positives }: Evaluation, needed: number): Html {
  if (positives === 0 || positives === count) return html`–<small>one class only</small>`
  return html`–<small>it takes ${formatCount(needed)}</small><small>normal patches</small>`
}

function renderAbstention(chosen: Scores, splits: readonly Scored[]): Html {
  const rows = chosen.val!.riskCoverage.at.map(({ coverage }, i) => ({
    name: `${Math.round(100 * coverage)} %`,
    cells: splits.map((split) => {
      const { accuracy, margin } = chosen[split]!.riskCoverage.at[i]
      return renderFigure(accuracy, coverage < 1 && `margin ${formatUnit(margin)}`)
    }),
  }))
  const areas = splits.map((split) => renderFigure(chosen[split]!.riskCoverage.area, false))
  return renderRows(
    'Accuracy, in %, of the surest patches, with its 95 % interval. Margin: the smallest distance to the threshold that is kept.',
    'kept',
    splits,
    [...rows, { name: 'mean of all', cells: areas }],
  )
}

// What the margin of the run leaves out: of each split and center.
function renderLeft(abstention: NonNullable<Cell['abstention']>): Html {
  const words = { ...SPLIT_WORDS, heldOut: 'held out' }
  const rows = (['heldOut', 'val', 'test'] as const).flatMap((split) => {
    const scores = abstention[split]
    if (!scores) return []
    const centers = Object.entries(scores.byCenter)
    const all = centers.length === 1 ? [] : [['all', scores] as const]
    return [...centers, ...all].map(
      ([center, { count, abstained, accuracy }]) =>
        html`<tr><th scope="row">${center}</th><td>${words[split]}</td><td class="n">${formatCount(count)}</td>
<td class="n">${formatShare(abstained / count)}</td>${renderInterval(accuracy)}</tr>
`,
    )
  })
  return html`<table><caption><span>Patches nearer than ${formatUnit(abstention.margin)} to the threshold, in %, and the accuracy of the
others, in %, with its 95 % interval.</span></caption>
<thead><tr><th scope="col">center</th><th scope="col">split</th><th scope="col" class="n">patches</th><th scope="col" class="n">left out</th>
<th scope="col" class="n">accuracy of the others</th></tr></thead><tbody>${rows}</tbody></table>`
}

function renderFigure(interval: Interval, note: string | false): Html {
  return html`<td class="n"><span class="lead-figure">${formatShare(interval.value)}</span><small>${formatBounds(interval, formatShare)}</small>${note && html`<small>${note}</small>`}</td>`
}

function renderRows(
  caption: string,
  head: string,
  splits: readonly Scored[],
  rows: readonly { readonly name: string; readonly cells: readonly Html[] }[],
): Html {
  return html`<table><caption><span>${caption}</span></caption>
<thead><tr><th scope="col">${head}</th>${splits.map((split) => html`<th scope="col" class="n">${SPLIT_WORDS[split]}</th>`)}</tr></thead>
<tbody>${rows.map(({ name, cells }) => html`<tr><th scope="row">${name}</th>${cells}</tr>`)}</tbody></table>`
}

function renderCellLegend(metrics: Metrics): Html {
  const colour = colourGrid(metrics)
  const dash = dashCompared(metrics)
  return renderLegend(
    compareCells(metrics).map((cell) => ({
      label: labelCompared(cell, metrics),
      colour: colour(cell.stain),
      dash: dash(cell),
    })),
  )
}

// The accuracy of very few patches jumps up and down: curves begin at a twentieth.
const LEAST_COVERAGE = 0.05

function drawRiskCoverage(metrics: Metrics, split: Scored): Chart | null {
  const pick = ({ riskCoverage }: Partial<Evaluation>) => {
    if (!riskCoverage) return null
    const { coverage, accuracy } = riskCoverage
    const first = coverage.findIndex((share) => share >= LEAST_COVERAGE)
    return { x: coverage.slice(first), y: accuracy.slice(first) }
  }
  const drawn = compareCells(metrics).flatMap((cell) => (cell[split] && pick(cell[split])?.y) ?? [])
  return drawCellCurves({
    title: 'Accuracy of the surest patches',
    split,
    metrics,
    pick,
    measure: 'mean',
    describe: ({ riskCoverage }) => formatUnit(riskCoverage.area.value),
    axes: ['coverage: share of patches kept', 'accuracy'],
    from: Math.min(0.8, Math.floor(10 * Math.min(...drawn)) / 10),
  })
}
