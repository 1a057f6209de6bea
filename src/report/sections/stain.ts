// The same patches under every stain method, with verdicts, and the verdicts counted by center.

import { compareNames } from '../../base/index.ts'
import { type Gallery, type ReportData, SPLITS, UNNAMED } from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatShare } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import {
  describePatch,
  renderId,
  renderLabel,
  renderPicture,
  renderStain,
  renderTable,
  renderTransductive,
  verdictOf,
} from '../parts.ts'

const ROWS_AT_MOST = 12
const VERDICTS = ['ok', 'fallback', 'passthrough', 'rejected']

/** Before and after, and verdict counts. */
export function renderStains(data: ReportData): Section | null {
  const patches = (data.gallery?.stains ?? []).slice(0, ROWS_AT_MOST)
  const verdicts = data.metrics.verdicts.filter(({ stain }) => stain !== 'none')
  if (!patches.length && !verdicts.length) return null
  return {
    id: 'stain',
    title: 'Stain: before and after',
    navTitle: 'Stain',
    badge: renderOrigin(data.manifest.origin),
    body: html`<div class="beside">${patches.length > 0 && renderBeforeAfter(data, patches)}
${verdicts.length > 0 && renderVerdictCounts(data, verdicts)}</div>`,
  }
}

function renderBeforeAfter(data: ReportData, patches: Gallery['stains']): Html {
  const shown = new Set(patches.flatMap(({ methods }) => methods.map(({ stain }) => stain)))
  const hasNone = shown.delete('none') // what is left as it is was shown already
  const stains = [...shown]
  const colour = colourGrid(data.metrics)
  return renderTable(
    'Patches before and after stain normalisation',
    html`<table class="before"><caption><span>One patch a column, one method a row: the more alike the patches of a row, the less
is left of the center they came from. The verdict says what became of a patch.</span></caption>
<thead><tr><th scope="col" class="pin"><span class="hidden">method</span></th>${patches.map(
      ({ original }) =>
        html`<th scope="col">${original.center === null ? 'no center' : `center ${original.center}`} · ${original.split}<small>${renderLabel(original.label)}</small></th>`,
    )}</tr></thead>
<tbody><tr><th scope="row" class="pin">${hasNone ? renderStain('none', colour('none')) : 'as read'}${hasNone && html`<small>as read</small>`}</th>${patches.map(
      ({ original }) =>
        html`<td><figure class="patch">${renderPicture(data, original.file, describePatch(original))}<figcaption>${renderId(original.id)}</figcaption></figure></td>`,
    )}</tr>
${stains.map(
  (stain) =>
    html`<tr><th scope="row" class="pin">${renderStain(stain, colour(stain))}${isTransductive(data, stain) && renderTransductive()}</th>${patches.map(
      ({ original, methods }) => {
        const method = methods.find((other) => other.stain === stain)
        return method
          ? html`<td><figure class="patch">${renderPicture(data, method.file, `${describePatch(original)}, after ${stain}: ${method.verdict}`)}<figcaption>${renderVerdict(method.verdict)}</figcaption></figure></td>`
          : html`<td></td>`
      },
    )}</tr>`,
)}</tbody></table>`,
    true,
  )
}

function renderVerdict(verdict: string): Html {
  const word = verdictOf(verdict)
  return html`<span class="${VERDICTS.includes(word) && `v-${word}`}"><span class="dot"></span></span>${verdict}`
}

function isTransductive({ manifest }: ReportData, stain: string): boolean {
  return manifest.transductive?.includes(stain) ?? false
}

function renderVerdictCounts(data: ReportData, verdicts: ReportData['metrics']['verdicts']): Html {
  const rows = SPLITS.flatMap((split) => {
    const centers = verdicts
      .filter((counts) => counts.split === split)
      .flatMap((counts) => Object.keys(counts.byCenter))
    return [...new Set(centers)].sort(compareNames).map((center) => ({ split, center }))
  })
  const stains = [...new Set(verdicts.map(({ stain }) => stain))]
  const colour = colourGrid(data.metrics)
  const pick = (stain: string, { split, center }: (typeof rows)[number]) => {
    const counts = verdicts.find((other) => other.stain === stain && other.split === split)?.byCenter ?? {}
    return Object.hasOwn(counts, center) ? counts[center] : null
  }
  // wide enough for its columns, or it goes below the pictures
  return html`<div style="flex-basis:${8 + 5.5 * stains.length}rem"><h3>Verdicts by center</h3>
<ul class="legend">${VERDICTS.map((verdict) => html`<li class="v-${verdict}"><span class="dot"></span>${verdict}<small>&nbsp;${VERDICT_WORDS[verdict]}</small></li>`)}</ul>
${renderTable(
  'Verdicts by center',
  html`<table><caption><span>The share of patches normalised with their own fit, and how many were not.</span></caption><thead><tr><th scope="col" class="pin">center</th>${stains.map(
    (stain) =>
      html`<th scope="col">${renderStain(stain, colour(stain))}${isTransductive(data, stain) && renderTransductive()}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row" class="pin">${row.center === UNNAMED ? 'not named' : row.center} <small>${row.split}</small></th>${stains.map((stain) => renderCounts(pick(stain, row)))}</tr>`,
  )}</tbody></table>`,
)}</div>`
}

const VERDICT_WORDS: Readonly<Record<string, string>> = {
  ok: 'normalised with its own fit',
  fallback: "with its slide's or center's fit",
  passthrough: 'background, left as it is',
  rejected: 'could not be fitted, left as it is',
}

function renderCounts(counts: Readonly<Record<string, number>> | null): Html {
  if (!counts) return html`<td>–</td>`
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const rest = Object.entries(counts).filter(([verdict, count]) => verdict !== 'ok' && count > 0)
  return html`<td>${formatShare(total ? (counts.ok ?? 0) / total : null)} % ok<span class="bar" aria-hidden="true">${VERDICTS.map(
    (verdict) =>
      (counts[verdict] ?? 0) > 0 &&
      html`<i class="v-${verdict}" style="width:${((100 * counts[verdict]) / total).toFixed(2)}%;background:currentColor"></i>`,
  )}</span><small>${rest.length ? rest.map(([verdict, count]) => html`<span style="display:block">${formatCount(count)} ${verdict}</span>`) : `of ${formatCount(total)}`}</small></td>`
}
