// Where the patches came from, what the splits hold in common, and samples of every center.

import { compareNames } from '../../base/index.ts'
import {
  type GalleryImage,
  listCenters,
  type ReportData,
  SPLIT_WORDS,
  SPLITS,
  type Split,
  type SplitProvenance,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatList, formatPlural, formatShare } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderLabel, renderPatch, renderTable } from '../parts.ts'

const SAMPLES_AT_MOST = 12

/** Provenance, counts by center and label, overlaps between splits, samples. */
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
${renderSeparation(splits)}
${renderTable('Patches by center and label', renderCounts(splits), true)}
${gallery && gallery.samples.length > 0 && renderSamples(data, gallery.samples)}`,
  }
}

type Described = readonly { readonly split: Split; readonly provenance: SplitProvenance }[]

function renderCard(split: Split, provenance: SplitProvenance): Html {
  const { source, format, licence, origin, fingerprint, height, width, count, kept } = provenance
  const fact = (term: string, value: Html | string) => html`<dt>${term}</dt><dd>${value}</dd>`
  return html`<div class="card"><h4>${SPLIT_WORDS[split]} ${renderOrigin(origin)}</h4><dl>
${fact('source', html`<code>${source}</code>`)}${fact('format', format)}${fact('licence', licence ?? 'not stated')}
${fact('patches', `${formatCount(count)} of ${height} × ${width} px`)}
${fact('kept', `${formatCount(kept)} (${formatCount(count - kept)} rejected)`)}
${fact('fingerprint', html`<code title="${fingerprint}">${fingerprint.slice(0, 16)}</code>`)}</dl></div>`
}

// Said only of what the manifest shows: which centers the splits share, and whether two splits are the same data.
function renderSeparation(splits: Described): Html {
  const sayings: Html[] = []
  for (let i = 0; i < splits.length; i++) {
    for (const b of splits.slice(i + 1)) {
      const a = splits[i]
      const [first, second] = [SPLIT_WORDS[a.split], SPLIT_WORDS[b.split]]
      if (a.provenance.fingerprint === b.provenance.fingerprint) {
        sayings.push(
          html`<li><strong>${first} and ${second} are the same data</strong>: figures on them say nothing about new patches.</li>`,
        )
      }
      const shared = listCenters(a.provenance).filter(
        (center) => center !== '?' && Object.hasOwn(b.provenance.byCenter, center),
      )
      if (shared.length) {
        sayings.push(
          html`<li><strong>${first} and ${second} share ${shared.length === 1 ? 'center' : 'centers'} ${formatList(shared)}</strong>: not a test on an unseen hospital.</li>`,
        )
      }
    }
  }
  if (sayings.length) return html`<ul>${sayings}</ul>`
  const known = splits.every(({ provenance }) => listCenters(provenance).every((center) => center !== '?'))
  return splits.length > 1 && known
    ? html`<p>No center is in two splits: ${formatList(splits.map(({ split, provenance }) => `${listCenters(provenance).join(', ')} for ${SPLIT_WORDS[split]}`))}.</p>`
    : html`<p>The data does not name the center of every patch; whether the splits share centers cannot be checked.</p>`
}

function renderCounts(splits: Described): Html {
  return html`<table><caption><span>Before the quality filter.</span></caption><thead><tr><th scope="col">center</th><th scope="col">split</th><th scope="col" class="n">patches</th>
<th scope="col" class="n">tumour</th><th scope="col" class="n">normal</th><th scope="col" class="n">tumour %</th></tr></thead><tbody>${splits.flatMap(
    ({ split, provenance }) =>
      listCenters(provenance).map((center) => {
        const { count, positives } = provenance.byCenter[center]
        return html`<tr><th scope="row">${center === '?' ? 'not named' : center}</th><td>${SPLIT_WORDS[split]}</td><td class="n">${formatCount(count)}</td>${
          positives === null
            ? html`<td colspan="3" class="soft">labels withheld</td>`
            : html`<td class="n">${formatCount(positives)}</td><td class="n">${formatCount(count - positives)}</td><td class="n">${formatShare(positives / count)}</td>`
        }</tr>`
      }),
  )}</tbody></table>`
}

function renderSamples(data: ReportData, samples: readonly GalleryImage[]): Html {
  const groups = new Map<string, GalleryImage[]>()
  const ordered = [...samples].sort(
    (a, b) =>
      SPLITS.indexOf(a.split) - SPLITS.indexOf(b.split) || compareNames(a.center ?? '', b.center ?? ''),
  )
  for (const image of ordered) {
    const title = `${image.center === null ? 'No center named' : `Center ${image.center}`}, ${SPLIT_WORDS[image.split]}`
    if (!groups.get(title)?.push(image)) groups.set(title, [image])
  }
  return html`<h3>Samples of every center</h3><div class="centers">${[...groups].map(
    ([title, images]) =>
      html`<div><h4>${title} <small>${formatPlural(Math.min(images.length, SAMPLES_AT_MOST), 'patch', 'patches')}</small></h4><div class="patches">${images
        .slice(0, SAMPLES_AT_MOST)
        .map((image) =>
          renderPatch(data, image, html`${renderLabel(image.label)}<span class="id">${image.id}</span>`),
        )}</div></div>`,
  )}</div>`
}
