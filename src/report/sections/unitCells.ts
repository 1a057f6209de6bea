// Every cell by slide and by patient, beside the chosen one: how far its shares of tumour are off, and how well it tells which
// slides hold any.

import {
  type Cell,
  labelCell,
  type Metrics,
  rankCells,
  SPLIT_WORDS,
  scoredSplits,
  type UnitLevel,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatShare, formatUnit } from '../numbers.ts'
import { renderOptional, renderTable } from '../parts.ts'

type Level = 'slideLevel' | 'patientLevel'
const nouns = { slideLevel: 'slides', patientLevel: 'patients' } as const

/** A row a cell, of the test split where it has labels; null where there is one cell, or no level is known. */
export function renderUnitCells(metrics: Metrics): Html | null {
  const cells = rankCells(metrics)
  const split = scoredSplits(cells[0]).at(-1)!
  const levelOf = (cell: Cell, level: Level) => cell[split]?.[level] ?? null
  const levels = (['slideLevel', 'patientLevel'] as const).filter((level) =>
    cells.some((cell) => levelOf(cell, level)),
  )
  if (cells.length === 1 || levels.length === 0) return null
  const hasBoth = (level: Level) => cells.some((cell) => isMixed(levelOf(cell, level)))
  const table = html`<table><caption><span>Every combination, ${SPLIT_WORDS[split]}: error of the share of tumour, in points, by mean
probability${levels.some(hasBoth) && '; AUROC by the surest tenth, with any tumour against without'}; with 95 % intervals.</span></caption>
<thead><tr><th scope="col" rowspan="2">cell</th>${levels.map((level) => html`<th scope="colgroup" colspan="${hasBoth(level) ? 3 : 2}" class="edge">${nouns[level]}</th>`)}</tr>
<tr>${levels.map((level) => html`<th scope="col" class="n edge">error</th><th scope="col" class="n">correlation</th>${hasBoth(level) && html`<th scope="col" class="n">AUROC</th>`}`)}</tr></thead>
<tbody>${cells.map(
    (cell) =>
      html`<tr${cell.id === metrics.chosen && html` class="chosen"`}><th scope="row">${labelCell(cell, metrics)}</th>${levels.map(
        (level) => {
          const own = levelOf(cell, level)
          return html`${renderOptional(own?.mean.error ?? null, formatShare, 'n edge')}${renderOptional(own?.mean.correlation ?? null, formatUnit)}${hasBoth(level) && renderOptional(own?.top.auroc ?? null, formatUnit)}`
        },
      )}</tr>`,
  )}</tbody></table>`
  return renderTable('Every combination by slide and patient', table, true)
}

const isMixed = (level: UnitLevel | null) => level !== null && level.tumour > 0 && level.tumour < level.count
