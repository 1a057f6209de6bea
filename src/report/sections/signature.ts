// What stain methods do beside helping or hurting the prediction: structure kept, centers brought together, and how
// well the hospital can still be predicted from the embeddings.

import { renderCharts } from '../charts.ts'
import {
  type Interval,
  listSingle,
  type PairSignature,
  type ReportData,
  rankCells,
  type StainEffect,
} from '../data.ts'
import { drawIntervals, type Row } from '../forest.ts'
import { type Html, html } from '../html.ts'
import { formatList, formatShare, formatSigned } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderInterval, renderStain, renderTable } from '../parts.ts'

/** Hospital signature and structure of each stain method; null where centers are not known. */
export async function renderSignature(data: ReportData): Promise<Section | null> {
  const { manifest, metrics } = data
  const pairs = listPairs(data)
  if (!pairs.length) return null
  const signature = metrics.signatures?.[0]
  return {
    id: 'signature',
    title: 'Hospital signature',
    badge: renderOrigin(manifest.origin),
    body: html`${
      signature &&
      html`<p>How well centers ${formatList(signature.centers)} can be predicted from a patch's embedding: by a
linear probe and by the ten nearest patches, cross-validated with whole ${signature.grouped} left out. Guessing (the dashed line) is right
in ${formatShare(signature.chance)} %. What reveals a hospital is no help at the next one; the better method hides it and keeps the
accuracy of the tumour prediction. Training and validation patches only, as many of each class from each center.</p>`
    }
${signature && (await renderCharts(drawSignature(data, pairs, signature.chance)))}
${renderTable('Hospital signature', renderPairs(data, pairs))}`,
  }
}

interface Pair {
  readonly stain: string
  readonly embed: string | null
  readonly effect: StainEffect | undefined
  readonly signature: PairSignature | undefined
  readonly accuracy: Interval
}

// A row for each stain method and extractor of the grid, with its best cell's validation accuracy.
function listPairs({ metrics }: ReportData): readonly Pair[] {
  const { effects = [], signatures = [] } = metrics
  const cells = listSingle(metrics)
  if (!effects.length && !signatures.length) return []
  const isOneExtractor = new Set(cells.map(({ embed }) => embed)).size === 1
  const names = new Map(cells.map(({ stain, embed }) => [`${stain}/${embed}`, { stain, embed }]))
  return [...names.values()].map(({ stain, embed }) => ({
    stain,
    embed: isOneExtractor ? null : embed,
    effect: effects.find((other) => other.stain === stain),
    signature: signatures.find((other) => other.stain === stain && other.embed === embed),
    accuracy: rankCells(metrics).find(
      (cell) => cells.includes(cell) && cell.stain === stain && cell.embed === embed,
    )!.val.accuracy,
  }))
}

function drawSignature({ metrics }: ReportData, pairs: readonly Pair[], chance: number) {
  const colour = colourGrid(metrics)
  const rowsOf = (pick: (pair: Pair) => Interval | undefined): Row[] =>
    pairs.flatMap((pair) => {
      const figure = pick(pair)
      if (!figure) return []
      const label = pair.embed === null ? pair.stain : `${pair.stain} / ${pair.embed}`
      const { value, low, high } = figure
      const scaled = { value: 100 * value, low: 100 * low, high: 100 * high }
      return [{ ...scaled, label, colour: colour(pair.stain), chosen: false }]
    })
  return [
    drawIntervals({
      title: 'Hospital by a linear probe, balanced accuracy, %',
      scale: 100,
      rows: rowsOf(({ signature }) => signature?.linear),
      rule: 100 * chance,
    }),
    drawIntervals({
      title: 'Tumour, validation accuracy, %',
      scale: 100,
      rows: rowsOf(({ accuracy }) => accuracy),
      rule: null,
    }),
  ]
}

function renderPairs({ metrics }: ReportData, pairs: readonly Pair[]): Html {
  const colour = colourGrid(metrics)
  const withEmbed = pairs.some(({ embed }) => embed !== null)
  return html`<table><caption><span>Structure: similarity of luma (SSIM) and correlation of the hematoxylin map (r) before and after.
Colour: mean distance (ΔE) between the centers' mean colours, and of patches to that of their own center. Tumour: the best cell's
validation accuracy.</span></caption>
<thead><tr><th scope="col" rowspan="2" class="pin">stain</th>${withEmbed && html`<th scope="col" rowspan="2">embed</th>`}
<th scope="colgroup" colspan="3" class="edge">Hospital predicted</th><th scope="colgroup" class="edge">Tumour</th>
<th scope="colgroup" colspan="2" class="edge">Structure kept</th><th scope="colgroup" colspan="2" class="edge">Colour, ΔE</th></tr>
<tr><th scope="col" class="n edge">linear %</th><th scope="col" class="n">nearest %</th><th scope="col" class="n">silhouette</th><th scope="col" class="n edge">accuracy %</th>
<th scope="col" class="n edge">SSIM</th><th scope="col" class="n">r</th><th scope="col" class="n edge">between</th><th scope="col" class="n">within</th></tr></thead>
<tbody>${pairs.map(
    ({ stain, embed, effect, signature, accuracy }) =>
      html`<tr><th scope="row" class="pin">${renderStain(stain, colour(stain))}</th>${withEmbed && html`<td>${embed}</td>`}
${renderTold(signature?.linear, 'n edge')}${renderTold(signature?.neighbours, 'n')}${renderSilhouette(signature?.silhouette)}${renderInterval(accuracy, formatShare, 'n edge')}
<td class="n edge">${formatFigure(effect?.similarity, 3)}</td><td class="n">${formatFigure(effect?.hematoxylinKept, 3)}</td>
<td class="n edge">${formatFigure(effect?.centerDistance, 1)}</td><td class="n">${formatFigure(effect?.withinCenter, 1)}</td></tr>
`,
  )}</tbody></table>`
}

function renderTold(interval: Interval | undefined, className: string): Html {
  return interval ? renderInterval(interval, formatShare, className) : html`<td class="${className}">–</td>`
}

function renderSilhouette(interval: Interval | undefined): Html {
  if (!interval) return html`<td class="n">–</td>`
  const { value, low, high } = interval
  const format = (figure: number) => formatSigned(figure, 2)
  return html`<td class="n"><span class="lead-figure">${format(value)}</span><small>${format(low)} to ${format(high)}</small></td>`
}

function formatFigure(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? '–' : value.toFixed(digits)
}
