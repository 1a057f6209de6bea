// A run as one page, from the result back to the pixels.

import type { ReportData } from './data.ts'
import { html } from './html.ts'
import { formatList, formatPlural } from './numbers.ts'
import { renderPage, type Section } from './page.ts'
import { renderCenters } from './sections/centers.ts'
import { renderClassify } from './sections/classify.ts'
import { renderCurves } from './sections/curves.ts'
import { renderEmbed } from './sections/embed.ts'
import { renderErrors } from './sections/errors.ts'
import { renderEvaluate } from './sections/evaluate.ts'
import { renderLearned } from './sections/learned.ts'
import { renderPatches } from './sections/patches.ts'
import { renderQuality } from './sections/quality.ts'
import { renderRun } from './sections/run.ts'
import { renderSignature } from './sections/signature.ts'
import { renderStains } from './sections/stain.ts'
import { renderLead, renderSummary } from './sections/summary.ts'
import { renderTraining } from './sections/training.ts'

/** The report of a run as one HTML document; the same data gives the same bytes. */
export async function renderReport(data: ReportData): Promise<string> {
  const { manifest, metrics } = data
  const sections: (Section | null)[] = [
    renderSummary(data),
    await renderEvaluate(data),
    await renderCenters(data),
    await renderCurves(data),
    renderErrors(data),
    await renderClassify(data),
    renderEmbed(data),
    renderStains(data),
    renderLearned(data),
    await renderTraining(data),
    await renderSignature(data),
    renderQuality(data),
    renderPatches(data),
    renderRun(data),
  ]
  const axis = (part: 'stain' | 'augment' | 'embed' | 'classify', noun: string) =>
    formatPlural(new Set(metrics.cells.map((cell) => cell[part])).size, noun)
  const isAugmented = new Set(metrics.cells.map(({ augment }) => augment)).size > 1
  const augmentations = isAugmented ? [axis('augment', 'augmentation')] : []
  return renderPage({
    title: manifest.name,
    kicker: `report of a run: ${formatList([axis('stain', 'stain method'), ...augmentations, axis('embed', 'extractor'), axis('classify', 'classifier')])}`,
    lead: renderLead(data),
    sections: sections.filter((section) => section !== null),
    footer: html`Made by Eosin ${manifest.versions.eosin}. One file, no network, no scripts. Research software, not a medical device.`,
  })
}
