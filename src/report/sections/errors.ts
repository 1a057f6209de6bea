// The mistakes that the chosen cell was surest of: the ones worth a pathologist's look.

import type { ReportData } from '../data.ts'
import { html } from '../html.ts'
import { formatUnit } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderLabel, renderPatch, renderPlace } from '../parts.ts'

/** The most confident errors, missed tumours apart from false alarms; null where none were kept. */
export function renderErrors(data: ReportData): Section | null {
  const errors = data.gallery?.errors ?? []
  if (!errors.length) return null
  const group = (label: 0 | 1, title: string) => {
    const shown = errors.filter((error) => error.label === label)
    return (
      shown.length > 0 &&
      html`<div><h3>${title}</h3><div class="patches">${shown.map((error) =>
        renderPatch(
          data,
          error,
          html`${renderLabel(error.label)} <strong>${formatUnit(error.probability)}</strong>${renderPlace(error)}`,
        ),
      )}</div></div>`
    )
  }
  return {
    id: 'errors',
    title: 'Most confident errors',
    navTitle: 'Errors',
    badge: renderOrigin(data.manifest.origin),
    body: html`<p>What the chosen cell got wrong with the most confidence, as filtered but before any stain
normalisation; the number is the probability of tumour that it gave.</p>
<div class="groups">${group(1, 'Tumours it missed')}${group(0, 'False alarms')}</div>`,
  }
}
