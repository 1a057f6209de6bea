// A run as one page, from the result back to the pixels.

import { AXES, type Axis, listSingle, type ReportData } from './data.ts'
import type { Figure } from './figure.ts'
import { html } from './html.ts'
import { formatList, formatPlural } from './numbers.ts'
import { renderPage, type Section } from './page.ts'
import { renderCenters } from './sections/centers.ts'
import { renderClassify } from './sections/classify.ts'
import { renderCurves } from './sections/curves.ts'
import { renderEmbed } from './sections/embed.ts'
import { renderErrors } from './sections/errors.ts'
import { renderEvaluate } from './sections/evaluate.ts'
import { renderGuards } from './sections/guards.ts'
import { renderLearned } from './sections/learned.ts'
import { renderOperating } from './sections/operating.ts'
import { renderPatches } from './sections/patches.ts'
import { renderQuality } from './sections/quality.ts'
import { renderRun } from './sections/run.ts'
import { renderShares } from './sections/shares.ts'
import { renderSignature } from './sections/signature.ts'
import { renderSlides } from './sections/slides.ts'
import { renderStains } from './sections/stain.ts'
import { renderLead, renderSummary } from './sections/summary.ts'
import { renderTraining } from './sections/training.ts'

/** The report of a run as one HTML document; the same data gives the same bytes. */
export async function renderReport(data: ReportData): Promise<string> {
  return (await composeReport(data)).page
}

/** The report with the figures that stand in it. */
export async function composeReport(
  data: ReportData,
): Promise<{ readonly page: string; readonly figures: readonly Figure[] }> {
  const { manifest, metrics } = data
  const rendered: (Section | null)[] = [
    renderSummary(data),
    await renderEvaluate(data),
    await renderCenters(data),
    await renderCurves(data),
    await renderOperating(data),
    await renderShares(data),
    await renderSlides(data),
    renderErrors(data),
    await renderClassify(data),
    renderEmbed(data),
    renderStains(data),
    renderLearned(data),
    await renderTraining(data),
    await renderSignature(data),
    renderQuality(data),
    renderGuards(data),
    renderPatches(data),
    renderRun(data),
  ]
  const sections = rendered.filter((section) => section !== null)
  const page = renderPage({
    title: manifest.name,
    kicker: `report of a run: ${countAxes(metrics)}`,
    lead: renderLead(data),
    sections,
    footer: html`Made by Eosin ${manifest.versions.eosin}. One file, no network, no scripts. Research software, not a medical device.`,
  })
  return { page, figures: sections.flatMap(({ body }) => body.figures ?? []) }
}

// `none` counts among stains, which every cell has, and nowhere else.
function countAxes(metrics: ReportData['metrics']): string {
  const single = listSingle(metrics)
  const nouns: Readonly<Record<Axis, string>> = {
    stain: 'stain method',
    augment: 'augmentation',
    embed: 'extractor',
    adapt: 'adaptation',
    classify: 'classifier',
  }
  const counts = AXES.map((axis) => {
    const names = new Set(single.map((cell) => cell[axis]))
    if (axis !== 'stain') names.delete('none')
    return [names.size, nouns[axis]] as const
  })
  const ensembles = [metrics.cells.length - single.length, 'ensemble'] as const
  const said = [...counts, ensembles].filter(([count]) => count > 0)
  return formatList(said.map(([count, noun]) => formatPlural(count, noun)))
}
