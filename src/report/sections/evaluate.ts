// The ablation table: every cell of the grid with its intervals, the chosen one marked, and a forest plot.

import { renderCharts } from '../charts.ts'
import { costCell } from '../costs.ts'
import {
  type Cell,
  chosenCell,
  differenceTo,
  type Evaluation,
  labelCell,
  type Manifest,
  type ReportData,
  rankCells,
} from '../data.ts'
import { drawForests, PLOTTED_AT_MOST } from '../forest.ts'
import { type Html, html } from '../html.ts'
import {
  formatBounds,
  formatCount,
  formatDifference,
  formatList,
  formatOverSeeds,
  formatPlural,
  formatSeconds,
  formatShare,
  formatUnit,
} from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderInterval, renderNotice, renderStain, renderTable, renderTransductive } from '../parts.ts'

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

function explainChoice({ metrics, manifest, hasSubmission }: ReportData): Html {
  const ranked = rankCells(metrics)
  const chosen = chosenCell(metrics)
  const better = ranked
    .filter((cell) => cell.test && chosen.test && cell.test.accuracy.value > chosen.test.accuracy.value)
    .sort((a, b) => b.test!.accuracy.value - a.test!.accuracy.value)[0]
  const lead = better && differenceTo(metrics, better, 'test')
  return html`<p>${isSeveral(ranked) ? 'Chosen' : 'The only cell'}: <strong>${labelCell(chosen, metrics)}</strong>${isSeveral(ranked) && `, by ${metrics.chosenBy}`}.${
    manifest.splits.test && describeTestUse(manifest, ranked)
  }${
    better &&
    html` On it, <em>${labelCell(better, metrics)}</em> does better
(${formatShare(better.test!.accuracy.value)} against ${formatShare(chosen.test!.accuracy.value)} %), which could not be known before the test labels were used${lead && `; the difference is ${formatDifference(lead)}`}.`
  } ${countAlike(metrics)}</p>
${
  manifest.splits.test &&
  !chosen.test &&
  html`<p><strong>Test labels are withheld.</strong> The table ends at validation; the accuracy on the test
set is known to whoever holds its labels. The predictions are in <code>${hasSubmission ? 'submission.csv' : 'predictions.csv'}</code>.</p>`
}`
}

// Where the test split shares patches, slides or centers with another, the summary says so.
function describeTestUse({ transductive, overlaps }: Manifest, cells: readonly Cell[]): string | false {
  if (transductive)
    return ` Of the test set, pixels without labels were used before, to fit ${formatList(transductive)}.`
  const isApart = !overlaps?.some(({ splits }) => splits[1] === 'test')
  return isApart && isSeveral(cells) && ' The test set was not used before the choice was made.'
}

function explainIntervals({ metrics, manifest: { seeds } }: ReportData): Html {
  const { val, test } = chosenCell(metrics)
  const { slides, resampled } = test ?? val
  return html`<p class="soft">${
    isSeveral(seeds)
      ? `Probabilities are averaged over ${seeds.length} seeds before they are scored; intervals`
      : `Seed ${seeds[0]}; intervals`
  } come from leaving out ${describeLeftOut(resampled, slides)}.</p>`
}

function isSeveral(items: readonly unknown[]): boolean {
  return items.length > 1
}

// How many cells the chosen one does not lead by more than luck.
function countAlike({ differences }: ReportData['metrics']): string | false {
  if (!differences?.length) return false
  const alike = differences.filter(({ val }) => val.p >= 0.05).length
  const others = formatPlural(differences.length, 'other cell')
  return `Its lead on validation over ${formatCount(alike)} of ${others} may be luck (p ≥ 0.05, not corrected for testing several).`
}

function describeLeftOut(resampled: 'slides' | 'patches', slides: number | null): string {
  if (resampled === 'patches') return 'patches in turn, since slides are not known or there is only one'
  return `each of ${formatCount(slides!)} slides in turn`
}

function renderGrid(data: ReportData): Html {
  const { metrics } = data
  const cells = rankCells(metrics)
  const withTest = cells.some((cell) => cell.test)
  const colour = colourGrid(metrics)
  const columns = html`<th scope="col" class="n edge">accuracy %</th>
<th scope="col" class="n">balanced %</th><th scope="col" class="n">AUROC</th><th scope="col" class="n">calibration error</th>`
  return html`<table><caption><span>${isSeveral(cells) && 'Sorted by validation accuracy. '}Under each metric its 95 % interval${
    cells[0].seeds.length > 1 && ', under the accuracy also the mean ± SD of the single seeds'
  }. The calibration error
is a root mean square over 15 bins, less what chance adds to it (0 is best). Cost adds up the stages a cell rests on${isSeveral(cells) && ', those shared with other cells included'}.</span></caption>
<thead><tr><th scope="col" rowspan="2" class="pin">stain</th>${isAugmented(metrics) && html`<th scope="col" rowspan="2">augment</th>`}<th scope="col" rowspan="2"${markSame(metrics, 'embed')}>embed</th><th scope="col" rowspan="2"${markSame(metrics, 'classify')}>classify</th>
<th scope="colgroup" colspan="4" class="edge">Validation</th>${withTest && html`<th scope="colgroup" colspan="4" class="edge">Test</th>`}
<th scope="col" rowspan="2" class="n edge">cost</th></tr><tr>${columns}${withTest && columns}</tr></thead>
<tbody>${cells.map((cell) => renderRow(cell, data, withTest, colour(cell.stain)))}</tbody></table>`
}

function renderRow(cell: Cell, { metrics, timings }: ReportData, withTest: boolean, colour: string): Html {
  const isChosen = isSeveral(metrics.cells) && cell.id === metrics.chosen
  const cost = costCell(cell, timings)
  const severalSeeds = cell.seeds.length > 1
  return html`<tr${isChosen && html` class="chosen best"`}><th scope="row" class="pin">${renderStain(cell.stain, colour)}${
    isChosen && html`<span class="pill">chosen</span>`
  }${cell.transductive && renderTransductive()}</th>${isAugmented(metrics) && html`<td>${cell.augment}</td>`}<td${markSame(metrics, 'embed')}>${cell.embed}</td><td${markSame(metrics, 'classify')}>${cell.classify}</td>
${renderScores(cell.val, severalSeeds && formatOverSeeds(cell.valAccuracyOverSeeds))}
${withTest && (cell.test ? renderScores(cell.test, severalSeeds && formatOverSeeds(cell.testAccuracyOverSeeds)) : html`<td colspan="4" class="edge soft">labels withheld</td>`)}
<td class="n edge">${formatSeconds(cost?.seconds)}${cost?.cached && html`<small>from cache</small>`}</td></tr>
`
}

// A column for augmentation only where a cell has some.
function isAugmented({ cells }: ReportData['metrics']): boolean {
  return cells.some(({ augment }) => augment !== 'none')
}

// What is the same in every cell is left out in a narrow window.
function markSame({ cells }: ReportData['metrics'], axis: 'embed' | 'classify'): Html | false {
  return cells.every((cell) => cell[axis] === cells[0][axis]) && html` class="same"`
}

function renderScores(scores: Evaluation, overSeeds: string | false): Html {
  const { value } = scores.accuracy
  return html`<td class="n edge"><span class="lead-figure">${formatShare(value)}</span><small>${formatBounds(scores.accuracy, formatShare)}</small>${overSeeds && html`<small>${overSeeds}</small>`}</td>${renderInterval(
    scores.balancedAccuracy,
  )}${renderInterval(scores.auroc, formatUnit)}${renderInterval(scores.calibrationError, formatUnit)}`
}
