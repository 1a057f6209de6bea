// What would make the figures too good, and whether the study found any of it.

import { describeOrder, describeOverlap, isTelling, listWithin, orderAdvice } from '../../runs/browser.ts'
import {
  listCenters,
  type Manifest,
  type ReportData,
  SPLIT_WORDS,
  SPLITS,
  type Split,
  type SplitProvenance,
  UNNAMED,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatList, formatPlural } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'

/** What the splits have in common, and what their orders tell. */
export function renderGuards({ manifest, metrics }: ReportData): Section {
  return {
    id: 'guards',
    title: 'Guards: what would make the figures too good',
    navTitle: 'Guards',
    badge: renderOrigin(manifest.origin),
    body: html`${renderSeparation(manifest)}${renderWithin(metrics)}${renderUniform(manifest)}${renderOrders(metrics)}`,
  }
}

type Described = readonly { readonly split: Split; readonly provenance: SplitProvenance }[]

function describeSplits({ splits }: Manifest): Described {
  return SPLITS.flatMap((split) => (splits[split] ? [{ split, provenance: splits[split] }] : []))
}

// By pixels and looks, and by the centers and slides of the files.
function renderSeparation(manifest: Manifest): Html | null {
  const { overlaps = [] } = manifest
  const splits = describeSplits(manifest)
  if (overlaps.length > 0) {
    return html`<ul>${overlaps.map(
      (overlap) =>
        html`<li>${describeOverlap(overlap)}${overlap.centers.length > 0 && html` <strong>Not a test on an unseen hospital.</strong>`}</li>`,
    )}</ul>`
  }
  if (splits.length < 2) return null
  const known = splits.every(({ provenance }) => !listCenters(provenance).includes(UNNAMED))
  return known
    ? html`<p>No center is in two splits: ${formatList(splits.map(({ split, provenance }) => `${listCenters(provenance).join(', ')} for ${SPLIT_WORDS[split]}`))}.</p>`
    : html`<p>No patch is in two splits. The data does not name the center of every patch, so that shared centers cannot be ruled out.</p>`
}

// Of splits whose centers are held out in turn.
function renderWithin({ within }: ReportData['metrics']): Html | null {
  if (!within) return null
  const found = listWithin(within)
  return found.length > 0
    ? html`<ul>${found.map((sentence) => html`<li>${capitalise(sentence)}</li>`)}</ul>`
    : html`<p>Within ${formatList(Object.keys(within))}, no patch of a center is, or looks like, one of another center.</p>`
}

const capitalise = (text: string) => text[0].toUpperCase() + text.slice(1)

function renderUniform(manifest: Manifest): Html | null {
  const parts = describeSplits(manifest).flatMap(({ split, provenance: { uniform, count } }) =>
    uniform
      ? [
          `${formatCount(uniform)} of ${formatPlural(count, `${SPLIT_WORDS[split]} patch`, `${SPLIT_WORDS[split]} patches`)}`,
        ]
      : [],
  )
  if (parts.length === 0) return null
  return html`<p class="soft">Not compared by their looks, since less than half of them has any detail: ${formatList(parts)}.</p>`
}

// By the rows of the files and the numbers in ids; what slides in blocks explain is said, but is nothing to be warned of.
function renderOrders({ orders }: ReportData['metrics']): Html | null {
  if (!orders) return null
  const telling = orders.filter(isTelling)
  const explained = orders.filter((order) => !isTelling(order))
  return html`<h3>Order of rows and ids</h3>${
    telling.length > 0
      ? html`<ul>${telling.map((order) => html`<li>${describeOrder(order)}</li>`)}</ul><p>${orderAdvice}</p>`
      : html`<p>Neither the order of rows nor the number in an id tells a label, beyond what slides explain.</p>`
  }${explained.length > 0 && html`<p class="soft">${explained.map(describeOrder).join(' ')}</p>`}`
}
