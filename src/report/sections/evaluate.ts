// The ablation table: every cell of the grid with its intervals, the chosen one marked, and a forest plot.

import type { Tie } from '../../evaluate/index.ts'
import { renderCharts } from '../charts.ts'
import { costCell } from '../costs.ts'
import {
  AXES,
  type Axis,
  type Cell,
  chosenCell,
  listVaried,
  type ReportData,
  rankCells,
  sayAxis,
} from '../data.ts'
import { drawForests, PLOTTED_AT_MOST } from '../forest.ts'
import { type Html, html } from '../html.ts'
import {
  formatBounds,
  formatCount,
  formatList,
  formatOverSeeds,
  formatP,
  formatPlural,
  formatSeconds,
  formatShare,
  formatUnit,
} from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import {
  renderInterval,
  renderNotice,
  renderStain,
  renderTable,
  renderTied,
  renderTransductive,
} from '../parts.ts'
import { ADJUSTED, ALIKE_FROM, findTied, listTied } from '../ties.ts'
import { explainChoice } from './choice.ts'

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

function describeLeftOut(resampled: 'slides' | 'patches', slides: number | null): string {
  if (resampled === 'patches') return 'patches in turn, since slides are not known or there is only one'
  return `each of ${formatCount(slides!)} slides in turn`
}

function renderGrid(data: ReportData): Html {
  const { metrics } = data
  const cells = rankCells(metrics)
  const isCompared = isSeveral(cells) && metrics.differences !== undefined
  const layout: Layout = {
    axes: AXES.filter((axis) => axis === 'stain' || listVaried(cells).includes(axis)),
    withTest: cells.some((cell) => cell.test),
    ties: isCompared && {
      val: findTied(metrics, 'val'),
      test: findTied(metrics, 'test'),
    },
    tied: new Set(listTied(metrics)),
  }
  const span = isCompared ? 5 : 4
  const columns = html`<th scope="col" class="n edge">accuracy %</th>${isCompared && html`<th scope="col" class="n">p</th>`}
<th scope="col" class="n">balanced %</th><th scope="col" class="n">AUROC</th><th scope="col" class="n short">calibration error</th>`
  return html`<table><caption><span>${isSeveral(cells) && 'Sorted by validation accuracy. '}${nameSame(cells, layout)}Under each metric its 95 % interval${
    cells.some(({ seeds }) => isSeveral(seeds)) &&
    ', under the accuracy also the mean ± SD of the single seeds'
  }. ${isCompared && `p: paired test of the accuracy against the chosen cell, ${ADJUSTED}; tied: p on validation from ${ALIKE_FROM} on. `}The calibration error
is a root mean square over 15 bins, less what chance adds to it (0 is best). Cost adds up the stages a cell rests on${isSeveral(cells) && ', those shared with other cells included'}.</span></caption>
<thead><tr>${layout.axes.map((axis) => html`<th scope="col" rowspan="2"${axis === 'stain' && html` class="pin"`}>${axis}</th>`)}
<th scope="colgroup" colspan="${span}" class="edge">Validation</th>${layout.withTest && html`<th scope="colgroup" colspan="${span}" class="edge">Test</th>`}
<th scope="col" rowspan="2" class="n edge">cost</th></tr><tr>${columns}${layout.withTest && columns}</tr></thead>
<tbody>${cells.map((cell) => renderRow(cell, data, layout))}</tbody></table>`
}

interface Layout {
  /** Columns that name a cell: the stain, and along what else cells differ. */
  readonly axes: readonly Axis[]
  readonly withTest: boolean
  /** Paired tests against the chosen cell by split and cell; false where cells were not compared. */
  readonly ties: false | Readonly<Record<'val' | 'test', ReadonlyMap<string, Tie>>>
  readonly tied: ReadonlySet<Cell>
}

// What is the same in every cell is said once.
function nameSame([cell, ...others]: readonly Cell[], { axes }: Layout): string {
  const same = AXES.filter((axis) => !axes.includes(axis) && cell[axis] !== 'none')
  const said = formatList(same.map((axis) => `${axis} ${cell[axis]}`))
  return said && `${others.length > 0 ? 'In every cell: ' : ''}${said}. `
}

function renderRow(cell: Cell, data: ReportData, layout: Layout): Html {
  const { metrics, timings } = data
  const isChosen = isSeveral(metrics.cells) && cell.id === metrics.chosen
  const cost = costCell(cell, timings)
  const [, ...axes] = layout.axes
  return html`<tr${isChosen && html` class="chosen best"`}><th scope="row" class="pin">${renderStain(sayAxis(cell, 'stain'), colourGrid(metrics)(cell.stain))}${
    isChosen && html`<span class="pill">chosen</span>`
  }${layout.tied.has(cell) && renderTied()}${cell.transductive && renderTransductive()}</th>${axes.map((axis) => html`<td>${cell[axis] === 'none' ? '–' : cell[axis]}</td>`)}
${renderScores(cell, 'val', layout)}${layout.withTest && renderScores(cell, 'test', layout)}
<td class="n edge">${formatSeconds(cost?.seconds)}${cost?.cached && html`<small>from cache</small>`}</td></tr>
`
}

function renderScores(cell: Cell, split: 'val' | 'test', { ties }: Layout): Html {
  const scores = cell[split]
  if (!scores) return html`<td colspan="${ties ? 5 : 4}" class="edge soft">labels withheld</td>`
  const overSeeds = split === 'val' ? cell.valAccuracyOverSeeds : cell.testAccuracyOverSeeds
  return html`<td class="n edge"><span class="lead-figure">${formatShare(scores.accuracy.value)}</span><small>${formatBounds(scores.accuracy, formatShare)}</small>${
    isSeveral(cell.seeds) && html`<small>${formatOverSeeds(overSeeds)}</small>`
  }</td>${ties && html`<td class="n">${formatP(ties[split].get(cell.id)?.adjusted)}</td>`}${renderInterval(
    scores.balancedAccuracy,
  )}${renderInterval(scores.auroc, formatUnit)}${renderInterval(scores.calibrationError, formatUnit)}`
}
