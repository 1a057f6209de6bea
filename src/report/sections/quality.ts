// What the quality filter left out: counts by rule, and pictures with the value that decided.

import { countFlagged, type ReportData, SPLIT_WORDS, SPLITS, type Split } from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatPercent, formatPlural, formatValue } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderNotice, renderPatch, renderPlace, renderTable } from '../parts.ts'

const SHOWN_AT_MOST = 24

/** Rejected patches by rule and split, with examples. */
export function renderQuality(data: ReportData): Section {
  const { manifest, gallery } = data
  const splits = SPLITS.filter((split) => manifest.splits[split])
  const rules = [
    ...new Set(splits.flatMap((split) => Object.keys(manifest.splits[split]!.rejectedByRule))),
  ].sort()
  const rejected = (gallery?.rejected ?? []).slice(0, SHOWN_AT_MOST)
  return {
    id: 'quality',
    title: 'Quality: what was found wanting',
    navTitle: 'Quality',
    badge: renderOrigin(manifest.origin),
    body: html`${renderContradictions(data, splits)}${renderKeptAnyway(data, splits)}<div class="beside">${rules.length ? renderTable('Patches found by the quality rules', renderRules(data, splits, rules), true) : html`<p>No rule found a patch wanting.</p>`}
${
  rejected.length > 0 &&
  html`<div><h3>What the rules found</h3><p class="soft">Each patch with the rule that found it and its value.</p>
<div class="patches">${rejected.map((image) =>
    renderPatch(
      data,
      image,
      html`${image.rule}: <strong>${formatValue(image.value)}</strong>${keepsFlagged(data, image.split) && html` <small>kept</small>`}${renderPlace(image)}`,
    ),
  )}</div></div>`
}</div>`,
  }
}

// No rule can say which of two labels is right, so whoever made the files should know.
function renderContradictions({ manifest }: ReportData, splits: readonly Split[]): readonly Html[] {
  return splits.flatMap((split) => {
    const count = manifest.splits[split]!.rejectedByRule.contradiction ?? 0
    if (count === 0) return []
    return [
      renderNotice(
        'CONTRADICTING LABELS',
        html`${formatPlural(count, 'patch', 'patches')} of the ${SPLIT_WORDS[split]} set
${count === 1 ? 'has' : 'have'} the pixels of one with the other label; no rule can say which label is right.`,
      ),
    ]
  })
}

// Every test patch needs an answer: a study flags those of the test split and keeps them.
function renderKeptAnyway({ manifest }: ReportData, splits: readonly Split[]): readonly Html[] {
  return splits.flatMap((split) => {
    const { count, kept } = manifest.splits[split]!
    const anyway = countFlagged(manifest.splits[split]!) - (count - kept)
    if (anyway <= 0) return []
    return [
      html`<p>${formatPlural(anyway, 'patch', 'patches')} of the ${SPLIT_WORDS[split]} set ${
        anyway === 1 ? 'was' : 'were'
      } flagged and kept all the same: every patch there needs an answer.</p>`,
    ]
  })
}

function keepsFlagged({ manifest }: ReportData, split: Split): boolean {
  const provenance = manifest.splits[split]
  return provenance !== undefined && provenance.kept === provenance.count
}

function renderRules({ manifest }: ReportData, splits: readonly Split[], rules: readonly string[]): Html {
  const row = (title: string, pick: (split: Split) => number) =>
    html`<tr><th scope="row">${title}</th>${splits.map((split) => html`<td class="n">${formatCount(pick(split))}<small>${formatPercent(pick(split) / manifest.splits[split]!.count)}</small></td>`)}</tr>`
  return html`<table><caption><span>Patches by the first rule that found them, and what became of them.</span></caption><thead><tr><th scope="col">rule</th>${splits.map(
    (split) => html`<th scope="col" class="n">${split}</th>`,
  )}</tr></thead><tbody>${rules.map((rule) =>
    row(rule, (split) => {
      const counts = manifest.splits[split]!.rejectedByRule
      return Object.hasOwn(counts, rule) ? counts[rule] : 0
    }),
  )}
${row('rejected', (split) => manifest.splits[split]!.count - manifest.splits[split]!.kept)}
${row('kept', (split) => manifest.splits[split]!.kept)}</tbody></table>`
}
