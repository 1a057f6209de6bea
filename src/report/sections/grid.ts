// The ablation table: every cell with its intervals, how it did in the choice, and what it cost.

import type { RankedCell, Tie } from '../../evaluate/index.ts'
import { exposureOf, listSeen } from '../../runs/browser.ts'
import { costCell } from '../costs.ts'
import {
  AXES,
  type Axis,
  type Cell,
  listVaried,
  type Metrics,
  type ReportData,
  rankCells,
  sayAxis,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import {
  formatBounds,
  formatList,
  formatOverSeeds,
  formatP,
  formatSeconds,
  formatShare,
  formatUnit,
} from '../numbers.ts'
import { colourGrid } from '../palette.ts'
import { renderInterval, renderSeen, renderStain, renderTied, renderTransductive } from '../parts.ts'
import { hasExposures } from '../seen.ts'
import { formatBehind, formatScore, nameGround, nameMeasure, rankedById } from '../selection.ts'
import { ADJUSTED, ALIKE_FROM, findTied, listTied } from '../ties.ts'

/** What the table has of every cell. */
interface Layout {
  /** Columns that name a cell: the stain, and along what else cells differ. */
  readonly axes: readonly Axis[]
  /** How cells did in the choice; null where there was none, or the run chose by accuracy on validation. */
  readonly choice: { readonly metrics: Metrics; readonly ranked: ReadonlyMap<string, RankedCell> } | null
  /** Some cell was judged on centers that were held out in turn. */
  readonly hasHeldOut: boolean
  readonly splits: readonly ('val' | 'test')[]
  /** By split, paired tests of the accuracy against the chosen cell; none where the choice has tests of its own. */
  readonly ties: Readonly<Partial<Record<'val' | 'test', ReadonlyMap<string, Tie>>>>
  readonly tied: ReadonlySet<Cell>
}

/** The table of a run, best cell first. */
export function renderGrid(data: ReportData): Html {
  const { metrics } = data
  const cells = rankCells(metrics)
  const layout = layOut(metrics, cells)
  const { axes, choice, hasHeldOut, splits } = layout
  const group = (title: string, span: number) =>
    html`<th scope="colgroup" colspan="${span}" class="edge">${title}</th>`
  const measure = choice && nameMeasure(choice.metrics.selection!)
  return html`<table><caption><span>${explainGrid(metrics, layout, cells)}</span></caption>
<thead><tr>${axes.map((axis) => html`<th scope="col" rowspan="2"${axis === 'stain' && html` class="pin"`}>${axis}</th>`)}
${choice && group('Choice', hasHeldOut ? 3 : 2)}${splits.map((split) => group(split === 'val' ? 'Validation' : 'Test', layout.ties[split] ? 4 : 3))}
<th scope="col" rowspan="2" class="n edge">cost</th></tr>
<tr>${choice && html`<th scope="col" class="n edge">${measure}</th><th scope="col" class="n">p</th>${hasHeldOut && html`<th scope="col" class="n">accuracy %</th>`}`}${splits.map(
    (
      split,
    ) => html`<th scope="col" class="n edge">accuracy %</th>${layout.ties[split] && html`<th scope="col" class="n">p</th>`}
<th scope="col" class="n">AUROC</th><th scope="col" class="n short">calibration error</th>`,
  )}</tr></thead>
<tbody>${cells.map((cell) => renderRow(cell, data, layout))}</tbody></table>`
}

function layOut(metrics: Metrics, cells: readonly Cell[]): Layout {
  const isCompared = cells.length > 1 && metrics.differences !== undefined
  const hasChoice = cells.length > 1 && metrics.selection !== undefined
  const withTest = cells.some((cell) => cell.test)
  return {
    axes: AXES.filter((axis) => axis === 'stain' || listVaried(cells).includes(axis)),
    choice: hasChoice ? { metrics, ranked: rankedById(metrics) } : null,
    hasHeldOut: cells.some(({ heldOut }) => heldOut),
    splits: withTest ? ['val', 'test'] : ['val'],
    ties: {
      ...(isCompared && !hasChoice && { val: findTied(metrics, 'val') }),
      ...(isCompared && withTest && { test: findTied(metrics, 'test') }),
    },
    tied: new Set(listTied(metrics)),
  }
}

function explainGrid(metrics: Metrics, layout: Layout, cells: readonly Cell[]): string {
  const { choice, hasHeldOut, ties } = layout
  const isSeveral = cells.length > 1
  const measure = metrics.selection && nameMeasure(metrics.selection)
  const heldOut = hasHeldOut ? ', each predicted by heads that have not seen it' : ''
  return [
    isSeveral && !choice && 'Sorted by validation accuracy.',
    choice &&
      `Choice: mean ${measure} ${nameGround(metrics)}${heldOut}; under it how far behind the best, ± standard error; p of that difference, adjusted for all pairs of cells (Holm); tied: p from ${ALIKE_FROM} on.`,
    nameSame(cells, layout),
    'Under each metric its 95 % interval',
    cells.some(({ seeds }) => seeds.length > 1) &&
      'and under the accuracy the mean ± SD of the single seeds.',
    ties.val &&
      `p: paired test of the accuracy against the chosen cell, ${ADJUSTED}; tied: p on validation from ${ALIKE_FROM} on.`,
    !ties.val &&
      ties.test &&
      'p on test: paired test of the accuracy against the chosen cell, adjusted for all cells (Holm).',
    hasExposures(metrics) &&
      (listSeen(metrics).length > 0
        ? 'Marked: extractors whose pre-training data hold slides or hospitals of the study, or of which that is not known (Embed says which); of the others it is not known of any.'
        : "No extractor's pre-training data are known to hold hospitals of the study."),
    'The calibration error is a root mean square over 15 bins, less what chance adds to it (0 is best).',
    `Cost adds up the stages a cell rests on${isSeveral ? ', those shared with other cells included' : ''}.`,
  ]
    .filter(Boolean)
    .join(' ')
}

// What is the same in every cell is said once.
function nameSame([cell, ...others]: readonly Cell[], { axes }: Layout): string {
  const same = AXES.filter((axis) => !axes.includes(axis) && cell[axis] !== 'none')
  const said = formatList(same.map((axis) => `${axis} ${cell[axis]}`))
  return said && `${others.length > 0 ? 'In every cell: ' : ''}${said}.`
}

function renderRow(cell: Cell, data: ReportData, layout: Layout): Html {
  const { metrics, timings } = data
  const isChosen = metrics.cells.length > 1 && cell.id === metrics.chosen
  const cost = costCell(cell, timings, metrics.cells)
  const [, ...axes] = layout.axes
  const marks = [
    isChosen && html`<span class="pill">chosen</span>`,
    layout.tied.has(cell) && renderTied(),
    cell.transductive && renderTransductive(),
    renderSeen(cell.embed, exposureOf(cell, metrics)),
  ]
  return html`<tr${isChosen && html` class="chosen best"`}><th scope="row" class="pin">${renderStain(sayAxis(cell, 'stain'), colourGrid(metrics)(cell.stain))}${
    marks.some((mark) => mark) && html`<span class="marks">${marks}</span>`
  }</th>${axes.map((axis) => html`<td>${cell[axis] === 'none' ? '–' : cell[axis]}</td>`)}
${layout.choice && renderChoice(cell, layout)}${layout.splits.map((split) => renderScores(cell, split, layout))}
<td class="n edge">${formatSeconds(cost?.seconds)}${cost?.cached && html`<small>cached</small>`}</td></tr>
`
}

function renderChoice(cell: Cell, { choice, hasHeldOut }: Layout): Html {
  const { metrics, ranked } = choice!
  const selection = metrics.selection!
  const own = ranked.get(cell.id)
  const heldOut = hasHeldOut && renderInterval(cell.heldOut?.accuracy ?? null)
  if (!own) return html`<td class="n edge">–</td><td class="n">–</td>${heldOut}`
  const p = own.id === selection.best ? undefined : own.p
  return html`<td class="n edge"><span class="lead-figure">${formatScore(selection, own.score)}</span><small>${formatBehind(selection, own)}</small></td><td class="n">${formatP(p)}</td>${heldOut}`
}

function renderScores(cell: Cell, split: 'val' | 'test', { ties }: Layout): Html {
  const scores = cell[split]
  const tests = ties[split]
  if (!scores) return html`<td colspan="${tests ? 4 : 3}" class="edge soft">labels withheld</td>`
  const overSeeds = split === 'val' ? cell.valAccuracyOverSeeds : cell.testAccuracyOverSeeds
  return html`<td class="n edge"><span class="lead-figure">${formatShare(scores.accuracy.value)}</span><small>${formatBounds(scores.accuracy, formatShare)}</small>${
    cell.seeds.length > 1 && html`<small>${formatOverSeeds(overSeeds)}</small>`
  }</td>${tests && html`<td class="n">${formatP(tests.get(cell.id)?.adjusted)}</td>`}${renderInterval(
    scores.auroc,
    formatUnit,
  )}${renderInterval(scores.calibrationError, formatUnit)}`
}
