// What each extractor reached and what it cost.

import type { ModelProvenance } from '../../embed/extractor.ts'
import { embedPaths, isBelow, splitStage } from '../costs.ts'
import { type EmbeddingAgreement, labelWithout, listSingle, type ReportData, rankCells } from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatList, formatSeconds, formatShare } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderExposure, renderInterval, renderTable } from '../parts.ts'

/** One row an extractor: its best cell, and its time. */
export function renderEmbed(data: ReportData): Section {
  const { metrics, manifest } = data
  const names = [...new Set(listSingle(metrics).map((cell) => cell.embed))]
  const withTest = metrics.cells.some((cell) => cell.test)
  return {
    id: 'embed',
    title: 'Embed',
    badge: renderOrigin(manifest.origin),
    body: html`${renderTable(
      'Extractors',
      html`<table><caption><span>Each extractor with its best cell, and what embedding cost over all splits and
stain methods.</span></caption><thead><tr><th scope="col">extractor</th><th scope="col">best cell</th>
<th scope="col" class="n">validation %</th>${withTest && html`<th scope="col" class="n">test %</th>`}<th scope="col" class="n edge">patches embedded</th>
<th scope="col" class="n">time</th><th scope="col" class="n">patches/s</th></tr></thead><tbody>${names.map((name) => renderRow(name, data, withTest))}</tbody></table>`,
    )}${renderViews(data)}${metrics.agreements && renderAgreements(metrics.agreements)}${renderProvenance(data)}`,
  }
}

function renderViews({ manifest: { views } }: ReportData): Html | null {
  if (!views) return null
  const several = Object.entries(views).map(([label, count]) => `${label} (${count} views)`)
  return html`<p>Mean over the flips and quarter turns of a patch, in training and in prediction alike: ${formatList(several)}.
Each view is embedded, so that these cost as many times the time.</p>`
}

function renderAgreements(agreements: readonly EmbeddingAgreement[]): Html {
  return html`<h3>Precision</h3>${renderTable(
    'Agreement with single precision',
    html`<table><caption><span>These embeddings were computed in lower precision. Their cosine to those of single precision, on a
sample of the patches themselves.</span></caption><thead><tr><th scope="col">embeddings</th><th scope="col">split</th>
<th scope="col" class="n">patches compared</th><th scope="col" class="n">mean cosine</th><th scope="col" class="n">least</th></tr></thead><tbody>${agreements.map(
      ({ embeddings, split, patches, mean, min }) =>
        html`<tr><th scope="row">${embeddings}</th><td>${split}</td><td class="n">${formatCount(patches)}</td><td class="n">${mean.toFixed(5)}</td><td class="n">${min.toFixed(5)}</td></tr>`,
    )}</tbody></table>`,
    true,
  )}`
}

// What the models have seen: a set that shares hospitals with the data makes an unseen center less unseen.
function renderProvenance({ manifest, metrics: { exposures } }: ReportData): Html | null {
  const known = Object.entries(manifest.extractors).filter(([, provenance]) => provenance !== null)
  if (known.length === 0) return null
  return html`<h3>What the models were trained on</h3><ul>${known.map(
    ([label, provenance]) => html`<li><strong>${label}</strong>: ${provenance!.title}, ${provenance!.licence}.
${sayTraining(provenance!)}. ${exposures ? renderExposure(label, exposures[label]) : 'The run is of a version that did not compare these with its hospitals.'}</li>`,
  )}</ul>`
}

function sayTraining({ pretraining, isTrained }: ModelProvenance): string {
  if (isTrained === false) return 'Trained on nothing'
  return formatList(pretraining.map(({ name }) => name)) || 'Training data not stated'
}

function renderRow(name: string, { metrics, timings }: ReportData, withTest: boolean): Html {
  const cells = listSingle(metrics).filter((cell) => cell.embed === name)
  const best = rankCells(metrics).find((cell) => cells.includes(cell))!
  const paths = cells.flatMap(embedPaths)
  const own = timings.filter(({ stage }) => {
    const { word, what } = splitStage(stage)
    return word === 'embed' && paths.some((path) => isBelow(what, path))
  })
  const seconds = own.reduce((sum, stage) => sum + stage.seconds, 0)
  const items = own.reduce((sum, stage) => sum + stage.items, 0)
  return html`<tr><th scope="row">${name}</th><td>${labelWithout(best, 'embed')}</td>${renderInterval(best.val.accuracy)}
${withTest && (best.test ? renderInterval(best.test.accuracy, formatShare) : html`<td class="n">–</td>`)}
<td class="n edge">${own.length ? formatCount(items) : '–'}</td><td class="n">${own.length ? formatSeconds(seconds) : '–'}${
    own.some(({ cached }) => cached) && html`<small>cached</small>`
  }</td><td class="n">${seconds > 0 ? formatCount(items / seconds) : '–'}</td></tr>`
}
