// Where the patches came from, and samples of every center.

import { compareNames } from '../../base/index.ts'
import {
  countFlagged,
  type GalleryImage,
  listCenters,
  type ReportData,
  SPLIT_WORDS,
  SPLITS,
  type Split,
  type SplitProvenance,
  UNNAMED,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatPlural, formatShare } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderId, renderLabel, renderPatch, renderTable } from '../parts.ts'

const SAMPLES_AT_MOST = 12

/** Provenance, counts by center and label, samples. */
export function renderPatches(data: ReportData): Section {
  const { manifest, gallery } = data
  const splits = SPLITS.flatMap((split) => {
    const provenance = manifest.splits[split]
    return provenance ? [{ split, provenance }] : []
  })
  return {
    id: 'patches',
    title: 'Patches: where they came from',
    navTitle: 'Patches',
    badge: renderOrigin(manifest.origin),
    body: html`<div class="cards">${splits.map(({ split, provenance }) => renderCard(split, provenance))}</div>
${renderTable('Patches by center and label', renderCounts(splits))}
${gallery && gallery.samples.length > 0 && renderSamples(data, gallery.samples)}`,
  }
}

type Described = readonly { readonly split: Split; readonly provenance: SplitProvenance }[]

function renderCard(split: Split, provenance: SplitProvenance): Html {
  const { source, format, licence, origin, dataset, fingerprint, height, width, count, kept } = provenance
  const flagged = countFlagged(provenance)
  const fact = (term: string, value: Html | string) => html`<dt>${term}</dt><dd>${value}</dd>`
  return html`<div class="card"><h4>${SPLIT_WORDS[split]} ${renderOrigin(origin)}</h4><dl>
${fact('source', html`<code>${source}</code>`)}${fact('format', format)}${dataset && fact('taken for', dataset)}${fact('licence', licence ?? 'not stated')}
${fact('patches', `${formatCount(count)} of ${height} × ${width} px`)}
${fact('kept', `${formatCount(kept)} (${formatCount(count - kept)} rejected${kept === count && flagged > 0 ? `, ${formatCount(flagged)} flagged` : ''})`)}
${fact('fingerprint', html`<code title="${fingerprint}">${fingerprint.slice(0, 16)}</code>`)}</dl></div>`
}

function renderCounts(splits: Described): Html {
  return html`<table><caption><span>Before the quality filter.</span></caption><thead><tr><th scope="col">center</th><th scope="col">split</th><th scope="col" class="n">patches</th>
<th scope="col" class="n">tumour</th><th scope="col" class="n">normal</th><th scope="col" class="n">tumour %</th></tr></thead><tbody>${splits.flatMap(
    ({ split, provenance }) =>
      listCenters(provenance).map((center) => {
        const { count, positives } = provenance.byCenter[center]
        return html`<tr><th scope="row">${center === UNNAMED ? 'not named' : center}</th><td>${SPLIT_WORDS[split]}</td><td class="n">${formatCount(count)}</td>${
          positives === null
            ? html`<td colspan="3" class="soft">labels withheld</td>`
            : html`<td class="n">${formatCount(positives)}</td><td class="n">${formatCount(count - positives)}</td><td class="n">${formatShare(positives / count)}</td>`
        }</tr>`
      }),
  )}</tbody></table>`
}

function renderSamples(data: ReportData, samples: readonly GalleryImage[]): Html {
  const places = new Map<string, GalleryImage[]>()
  const ordered = [...samples].sort(
    (a, b) =>
      SPLITS.indexOf(a.split) - SPLITS.indexOf(b.split) || compareNames(a.center ?? '', b.center ?? ''),
  )
  for (const image of ordered) {
    const place = JSON.stringify([image.split, image.center])
    if (!places.get(place)?.push(image)) places.set(place, [image])
  }
  return html`<h3>Samples of every center</h3><div class="centers">${[...places.values()].map((images) => renderPlaceSamples(data, images))}</div>`
}

// The patches of one center of one split.
function renderPlaceSamples(data: ReportData, images: readonly GalleryImage[]): Html {
  const [{ split, center }] = images
  const shown = images.slice(0, SAMPLES_AT_MOST)
  const counts = data.manifest.splits[split]?.byCenter ?? {}
  const name = center ?? UNNAMED
  const of = Object.hasOwn(counts, name) ? counts[name].count : images.length
  return html`<div><h4>${center === null ? 'No center named' : `Center ${center}`}, ${SPLIT_WORDS[split]} <small>${formatCount(shown.length)} of ${formatPlural(of, 'patch', 'patches')}</small></h4>
<div class="patches">${shown.map((image) =>
    renderPatch(data, image, html`${renderLabel(image.label)}${renderId(image.id)}`),
  )}</div></div>`
}
