// Truth against prediction at the threshold, as a table of four cells.

import { printThreshold } from '../../base/index.ts'
import { type Evaluation, SPLIT_WORDS } from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatPercent } from '../numbers.ts'

/** The confusion matrix of a split; each cell has its share of the patches of its truth. */
export function renderConfusion(split: 'val' | 'test', { confusion, threshold }: Evaluation): Html {
  const { tp, fp, tn, fn } = confusion
  const cell = (count: number, of: number, right: boolean) => {
    const share = of ? count / of : 0
    const tint = `color-mix(in srgb, var(--${right ? 'ok' : 'rejected'}) ${(8 + 42 * share).toFixed(0)}%, transparent)`
    return html`<td style="background:${tint}">${formatCount(count)}<small>${of ? formatPercent(share) : '–'}</small></td>`
  }
  return html`<div class="confusion"><h4>Predictions, ${SPLIT_WORDS[split]}</h4><table><caption class="hidden">Truth against
prediction at a threshold of ${printThreshold(threshold)}</caption><thead><tr><td></td><th scope="col">predicted tumour</th><th scope="col">predicted normal</th></tr></thead>
<tbody><tr><th scope="row"><span class="tumour">tumour</span></th>${cell(tp, tp + fn, true)}${cell(fn, tp + fn, false)}</tr>
<tr><th scope="row"><span class="normal">normal</span></th>${cell(fp, fp + tn, false)}${cell(tn, fp + tn, true)}</tr></tbody></table></div>`
}
