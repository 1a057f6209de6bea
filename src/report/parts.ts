// Small parts that several sections show: a metric with its interval, a patch with its caption, a table box.

import { transductiveNote } from '../base/index.ts'
import type { Exposure } from '../guards/exposure.ts'
import { describeExposure, nameExposure } from '../runs/browser.ts'
import type { GalleryImage, Interval, ReportData } from './data.ts'
import type { LegendEntry } from './figure.ts'
import { type Html, html, type Part } from './html.ts'
import { formatBounds, formatShare } from './numbers.ts'

/** A table's cell: the metric, and under it the interval in small print. */
export function renderInterval(
  interval: Interval | null,
  format: (value: number) => string = formatShare,
  className = 'n',
): Html {
  if (!interval) return html`<td class="${className}"><span title="only one class is present">–</span></td>`
  return html`<td class="${className}"><span class="lead-figure">${format(interval.value)}</span><small>${formatBounds(interval, format)}</small></td>`
}

/** The same of a metric that is not there for another reason: a dash alone. */
export function renderOptional(
  interval: Interval | null,
  format: (value: number) => string,
  className = 'n',
): Html {
  return interval ? renderInterval(interval, format, className) : html`<td class="${className}">–</td>`
}

/** A box that lets its table scroll sideways in a narrow window and can be reached by keyboard. */
export function renderTable(label: string, table: Html, snug = false): Html {
  return html`<div class="scroll${snug && ' snug'}" role="region" aria-label="${label}" tabindex="0">${table}</div>`
}

/** A label as a word in its colour. */
export function renderLabel(label: 0 | 1 | null): Html {
  if (label === null) return html`<span class="soft">no label</span>`
  return label === 1 ? html`<span class="tumour">tumour</span>` : html`<span class="normal">normal</span>`
}

/** A patch at its own size with a caption. */
export function renderPatch(data: ReportData, image: GalleryImage, caption: Part): Html {
  return html`<figure class="patch">${renderPicture(data, image.file, describePatch(image))}<figcaption>${caption}</figcaption></figure>`
}

/** Where a patch is from, in small print under its picture. */
export function renderPlace({ id, split, center }: GalleryImage): Html {
  return html`<span class="id">${center !== null && `center ${center}, `}${split}</span>${renderId(id)}`
}

const ID_AT_MOST = 15

/** A patch's id under its picture: of a path the file's name, its middle left out where it is long; in full as a title. */
export function renderId(id: string): Html {
  const name = id.split(/[\\/]/).at(-1) || id
  const half = Math.floor((ID_AT_MOST - 1) / 2)
  const short = name.length > ID_AT_MOST ? `${name.slice(0, half)}…${name.slice(-half)}` : name
  return html`<span class="id"${short !== id && html` title="${id}"`}>${short}</span>`
}

/** A gallery picture, or a tile that says that it could not be shown. */
export function renderPicture(data: ReportData, file: string, alt: string): Html {
  const source = data.images.get(file)
  return source
    ? html`<img src="${source}" width="96" height="96" alt="${alt}" title="${alt}">`
    : html`<span class="absent" role="img" aria-label="${alt}, picture not in this file">not in this file</span>`
}

/** A patch in words, e.g. `tumour patch 17 of center 3, validation`. */
export function describePatch({ id, split, center, label }: GalleryImage): string {
  const kind = label === null ? 'patch' : label === 1 ? 'tumour patch' : 'normal patch'
  return `${kind} ${id}${center === null ? '' : ` of center ${center}`}, ${split}`
}

/** A legend over charts. */
export function renderLegend(entries: readonly (LegendEntry & { readonly note?: Part })[]): Html {
  return html`<ul class="legend">${entries.map(
    ({ label, colour, dash = [], note }) =>
      html`<li><span class="line" style="color:${colour};background:${drawDash(dash)}"></span>${label}${note}</li>`,
  )}</ul>`
}

function drawDash(dash: readonly number[]): string {
  if (dash.length === 0) return 'currentColor'
  let end = 0
  const stops = dash.map(
    (length, i) => `${i % 2 ? 'transparent' : 'currentColor'} ${end}px ${(end += length)}px`,
  )
  return `repeating-linear-gradient(90deg,${stops.join(',')})`
}

/** A name with the dot of its stain's colour before it, on one line with its first word; it may break after a slash. */
export function renderStain(stain: string, colour: string): Html {
  const parts = stain.split('/').map((part, i) => (i === 0 ? part : html`/<wbr>${part}`))
  return html`<span class="stain"><span class="dot" style="color:${colour}"></span>${parts}</span>`
}

/** The mark of what was made with a stain that was fitted on the test split, its meaning as a title. */
export function renderTransductive(): Html {
  return html`<span class="pill plain" title="${transductiveNote}">transductive</span>`
}

/** What an extractor has seen of the study, in a sentence; bold where it is known to have seen hospitals of it. */
export function renderExposure(extractor: string, exposure: Exposure): Html {
  const sentence = describeExposure(extractor, exposure)
  return exposure.status === 'yes' ? html`<strong>${sentence}</strong>` : html`${sentence}`
}

/** The mark of a cell whose extractor saw hospitals of the study, or of whom that is not known; none for others. */
export function renderSeen(extractor: string, exposure: Exposure | null): Html | null {
  if (exposure?.status !== 'yes' && exposure?.status !== 'not known') return null
  const said =
    exposure.status === 'yes' ? `extractor saw ${nameExposure(exposure)}` : 'pre-training not known'
  return html`<span class="pill plain${exposure.status === 'yes' && ' seen'}" title="${describeExposure(extractor, exposure)}">${said}</span>`
}

/** The mark of a cell that cannot be told apart from the chosen one. */
export function renderTied(): Html {
  return html`<span class="pill plain" title="cannot be told apart from the chosen cell on validation">tied</span>`
}

/** A sentence that must not be missed; `badge` says in capitals what it is about. */
export function renderNotice(badge: string, sentence: Part): Html {
  return html`<p class="notice"><span class="badge">${badge}</span><span>${sentence}</span></p>`
}

/** The verdict alone, of a verdict with its reason. */
export function verdictOf(verdict: string): string {
  return verdict.split(/[^a-z]/, 1)[0]
}
