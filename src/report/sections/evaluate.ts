// Every cell of the grid: how one was chosen, what is missing, the ablation table, and forest plots.

import { describeThresholds } from '../../runs/browser.ts'
import { renderCharts } from '../charts.ts'
import { chosenCell, type ReportData, type Scores } from '../data.ts'
import { drawForests, PLOTTED_AT_MOST } from '../forest.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatPlural } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderNotice, renderTable } from '../parts.ts'
import { explainChoice } from './choice.ts'
import { renderGrid } from './grid.ts'

/** Every cell of the grid. */
export async function renderEvaluate(data: ReportData): Promise<Section> {
  const { metrics, manifest } = data
  return {
    id: 'evaluate',
    title: 'Evaluate: every cell of the grid',
    navTitle: 'Evaluate',
    badge: renderOrigin(manifest.origin),
    body: html`${explainChoice(data)}
${renderGaps(data)}
${explainIntervals(data)}
${renderThresholds(data)}
${renderTable('Ablation table', renderGrid(data))}
<h3>Intervals</h3>
<p>Dots are the metrics${isSeveral(manifest.seeds) && ' of the averaged probabilities'}, bars their 95 % intervals${isSeveral(manifest.seeds) && ', ticks single seeds'}.${isSeveral(metrics.cells) && ' The dashed line is the chosen cell.'}${metrics.cells.length > PLOTTED_AT_MOST && ` The best ${PLOTTED_AT_MOST} of ${metrics.cells.length} cells are drawn.`}</p>
${await renderCharts(drawForests(metrics))}`,
  }
}

// What could not be made: a table that is not whole says so before anybody reads it.
function renderGaps({ metrics: { failures = [] } }: ReportData): Html | null {
  if (failures.length === 0) return null
  const skipped = (names: readonly string[]) =>
    names.length > 0 &&
    html`<details><summary>${formatPlural(names.length, 'task')} skipped</summary>${names.join(', ')}</details>`
  const items = failures.map(
    ({ task, reason, skipped: names }) => html`<li><strong>${task}</strong>: ${reason}${skipped(names)}</li>`,
  )
  const them = isSeveral(failures) ? 'them' : 'it'
  const sentence = `This table has gaps: ${formatPlural(failures.length, 'task')} failed, and what rests on ${them} was skipped. Run the study again once the reason is mended: what is there is not made again.`
  return html`${renderNotice('INCOMPLETE', sentence)}
<ul>${items}</ul>`
}

function explainIntervals({ metrics, manifest: { seeds } }: ReportData): Html {
  const { val, test } = chosenCell(metrics)
  const scores = test ?? val
  return html`<p class="soft">${
    isSeveral(seeds)
      ? `Probabilities are averaged over ${seeds.length} seeds before they are scored; intervals`
      : `Seed ${seeds[0]}; intervals`
  } come from leaving out ${describeLeftOut(scores)}.</p>`
}

function renderThresholds({ metrics }: ReportData): Html | null {
  const sentence = describeThresholds(metrics.cells)
  return sentence === '' ? null : html`<p class="soft">${sentence}</p>`
}

function isSeveral(items: readonly unknown[]): boolean {
  return items.length > 1
}

function describeLeftOut({ resampled, ...known }: Scores): string {
  if (resampled === 'patches') return 'patches in turn, since slides are not known or there is only one'
  return `each of ${formatCount(known[resampled]!)} ${resampled} in turn`
}
