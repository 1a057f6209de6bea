// Other ways to use the chosen cell's probabilities: at a fixed rate of false alarms, and with the least sure patches left
// out.

import { drawCellCurves } from '../cellCurves.ts'
import { type Chart, renderCharts } from '../charts.ts'
import {
  chosenCell,
  compareCells,
  type Evaluation,
  labelCell,
  type Metrics,
  type ReportData,
  SPLIT_WORDS,
  scoredSplits,
} from '../data.ts'
import { type Html, html, type Part } from '../html.ts'
import { formatPercent, formatUnit } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderInterval, renderTable } from '../parts.ts'

type Scored = 'val' | 'test'

/** Sensitivity at fixed specificity, and risk against coverage; null for runs of versions that did not measure them. */
export async function renderOperating({ metrics, manifest }: ReportData): Promise<Section | null> {
  const chosen = chosenCell(metrics)
  const splits = scoredSplits(chosen)
  if (!splits.every((split) => isMeasured(chosen[split]!))) return null
  const charts = splits.flatMap((split) => drawRiskCoverage(metrics, split) ?? [])
  return {
    id: 'operating',
    title: 'Specificity and abstention',
    navTitle: 'Abstention',
    badge: renderOrigin(manifest.origin),
    body: html`<p>The chosen cell, <strong>${labelCell(chosen, metrics)}</strong>, at thresholds that keep false alarms rare, and where the
patches nearest to the threshold are left to a pathologist. Each threshold is read off the patches that it is then judged on.</p>
<div class="beside"><div>${renderTable('Sensitivity at fixed specificity', renderSensitivities(chosen, splits), true)}
${renderTable('Accuracy with abstention', renderAbstention(chosen, splits), true)}</div>
${await renderCharts(charts)}</div>`,
  }
}

function isMeasured({ riskCoverage, sensitivityAt }: Partial<Evaluation>): boolean {
  return riskCoverage !== undefined && sensitivityAt !== undefined
}

type Scores = Readonly<Record<Scored, Evaluation | null>>

const headSplits = (splits: readonly Scored[], columns: readonly string[]): Html =>
  html`${splits.map((split) =>
    columns.map(
      (column, i) =>
        html`<th scope="col" class="n${i === 0 && ' edge'}">${SPLIT_WORDS[split]}: ${column}</th>`,
    ),
  )}`

function renderSensitivities(chosen: Scores, splits: readonly Scored[]): Html {
  const rows = chosen.val!.sensitivityAt.map(({ specificity }, i): Part => {
    const cells = splits.map((split) => {
      const { sensitivity, threshold, normalsNeeded } = chosen[split]!.sensitivityAt[i]
      if (!sensitivity)
        return html`<td class="n edge soft" colspan="2">${explainAbsence(chosen[split]!, normalsNeeded)}</td>`
      return html`${renderInterval(sensitivity, undefined, 'n edge')}<td class="n">${threshold === null ? 'none' : formatUnit(threshold)}</td>`
    })
    return html`<tr><th scope="row">${formatPercent(specificity)}</th>${cells}</tr>`
  })
  return html`<table><caption><span>Sensitivity at fixed specificity: the share of tumour patches found, in %, with its 95 % interval, at the
lowest threshold at which so many normal patches are called normal.</span></caption>
<thead><tr><th scope="col">specificity</th>${headSplits(splits, ['sensitivity', 'threshold'])}</tr></thead><tbody>${rows}</tbody></table>`
}

function explainAbsence({ count, positives }: Evaluation, needed: number): string {
  return positives === 0 || positives === count ? 'one class only' : `takes ${needed} normal patches`
}

function renderAbstention(chosen: Scores, splits: readonly Scored[]): Html {
  const rows = chosen.val!.riskCoverage.at.map(({ coverage }, i): Part => {
    const cells = splits.map((split) => {
      const { accuracy, margin } = chosen[split]!.riskCoverage.at[i]
      return html`${renderInterval(accuracy, undefined, 'n edge')}<td class="n">${formatUnit(margin)}</td>`
    })
    return html`<tr><th scope="row">${formatPercent(coverage)}</th>${cells}</tr>`
  })
  const areas = splits.map(
    (split) =>
      html`${renderInterval(chosen[split]!.riskCoverage.area, undefined, 'n edge')}<td class="n">–</td>`,
  )
  return html`<table><caption><span>Accuracy in %, with its 95 % interval, of the patches that are kept where the least sure are left out.
Margin: the smallest distance to the threshold that is kept.</span></caption>
<thead><tr><th scope="col">kept</th>${headSplits(splits, ['accuracy', 'margin'])}</tr></thead>
<tbody>${rows}<tr><th scope="row">mean of all</th>${areas}</tr></tbody></table>`
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
