// The first thing read: which cell was chosen, what it reaches, and how far that can be trusted.

import { transductiveNote } from '../../base/index.ts'
import {
  describeExposure,
  describeForecasts,
  describeOrder,
  describeOverlap,
  exposureOf,
  isTelling,
  listWithin,
  type Overlap,
  orderAdvice,
} from '../../runs/browser.ts'
import {
  type Cell,
  chosenCell,
  differenceTo,
  type Interval,
  listCenters,
  nameCell,
  type ReportData,
  SPLIT_WORDS,
  SPLITS,
  UNNAMED,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import {
  formatBounds,
  formatCount,
  formatDifference,
  formatList,
  formatPercent,
  formatPlural,
  formatSeconds,
  formatShare,
  formatUnit,
} from '../numbers.ts'
import { explainOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { renderNotice } from '../parts.ts'
import { hasSeen } from '../seen.ts'
import { nameGround, nameMeasure } from '../selection.ts'
import { listTied } from '../ties.ts'

/** The paragraph under the title. */
export function renderLead(data: ReportData): Html {
  const { manifest, metrics } = data
  const cell = chosenCell(metrics)
  const { test } = cell
  const count = metrics.cells.length
  return html`${count > 1 ? `Of ${formatCount(count)} combinations, ` : 'The combination '}<strong>${nameCell(cell)}</strong>
${count > 1 && `${describeLead(metrics)}: it `}predicts ${describeKnown(data, cell)}${
    test
      ? html`, and <strong>${formatPercent(test.accuracy.value)}</strong> (95 % interval
${formatBounds(test.accuracy, formatShare)}) of ${formatPlural(test.count, 'patch', 'patches')} of the test
set${nameCenters(listCenters(manifest.splits.test))}${describeTest(data, cell)}.`
      : manifest.splits.test
        ? '. The test labels are withheld, so this run cannot say how well it does there.'
        : '.'
  }${countTied(metrics)} ${renderGain(metrics)}`
}

function describeLead(metrics: ReportData['metrics']): string {
  const { selection } = metrics
  if (!selection) return 'did best on validation'
  const why = selection.chosen === selection.best ? 'did best' : 'was chosen'
  return `${why} by its mean ${nameMeasure(selection)} ${nameGround(metrics)}`
}

// Labelled patches that it was chosen by: of held-out centers where there are some, else of validation.
function describeKnown({ manifest, metrics }: ReportData, { val, heldOut }: Cell): Html {
  const { accuracy, count } = heldOut ?? val
  const share = html`<strong>${formatPercent(accuracy.value)}</strong> of`
  if (heldOut)
    return html`${share} ${formatPlural(count, 'patch', 'patches')} of ${metrics.cells.length > 1 ? 'those' : 'held-out'} centers correctly`
  return html`${share} ${formatPlural(count, 'validation patch', 'validation patches')} correctly${nameCenters(listCenters(manifest.splits.val))}${qualify(manifest, 'val')}`
}

// Said where the chosen cell is: that it won may be luck.
function countTied(metrics: ReportData['metrics']): string | false {
  const tied = listTied(metrics).length
  if (tied === 0) return false
  const others = metrics.cells.length - 1
  if (tied === others && others > 1)
    return ` All ${formatCount(others)} others are tied with it: they cannot be told apart.`
  return ` ${formatPlural(tied, 'other combination')} ${tied === 1 ? 'is' : 'are'} tied with it: they cannot be told apart.`
}

// Said with the accuracy itself: a share of patches that were trained on is no share of new ones.
function qualify({ overlaps = [] }: ReportData['manifest'], split: 'val' | 'test'): Html | null {
  const own = overlaps.filter(({ splits }) => splits[1] === split)
  if (own.length === 0) return null
  return html`, <strong>${formatList(own.map(describeSeen))}</strong>`
}

function describeSeen({ splits: [seen], patches, near, slides, patients, centers }: Overlap): string {
  const of = `of the ${SPLIT_WORDS[seen]} set`
  if (patches.count > 0) return `${formatCount(patches.count)} of which are patches ${of} as well`
  if (near)
    return `${formatCount(near.count)} of which ${near.count > 1 ? 'look like patches' : 'looks like a patch'} ${of}`
  if (slides.length === 0 && patients) return `partly from patients ${of}`
  return slides.length > 0
    ? `partly from slides ${of}`
    : `partly from ${centers.length > 1 ? 'centers' : 'a center'} ${of}`
}

function describeTest({ manifest, metrics }: ReportData, cell: Cell): Html | string {
  const shared = qualify(manifest, 'test')
  const seen =
    hasSeen(cell, 'test', metrics) &&
    html`, <strong>but of hospitals that its extractor was pre-trained on</strong>`
  if (!cell.transductive) return html`${shared ?? ', on which nothing was fitted or chosen'}${seen}`
  return html`, <strong>whose unlabelled patches it uses</strong>${shared ?? ', but nothing was chosen'}${seen}`
}

/** The metrics in large type, and how real the pixels are. */
export function renderSummary(data: ReportData): Section {
  const { manifest, metrics, timings } = data
  const { val, test, heldOut } = chosenCell(metrics)
  const tile = (label: string, interval: Interval | null, format: (value: number) => string) =>
    interval && renderTile(label, interval, format)
  const measured = test ?? val
  const where = test ? 'test' : 'validation'
  const patches = SPLITS.reduce((sum, split) => sum + (manifest.splits[split]?.count ?? 0), 0)
  const seconds = timings.reduce((sum, stage) => sum + stage.seconds, 0)
  return {
    id: 'summary',
    title: 'Summary',
    body: html`${explainOrigin(manifest.origin)}${renderTransductive(data)}${renderOverlaps(data)}${renderWithin(data)}${renderOrders(data)}${renderExposures(data)}
<dl class="tiles">
${heldOut ? tile('Accuracy on held-out centers', heldOut.accuracy, formatPercent) : tile('Validation accuracy', val.accuracy, formatPercent)}
${test ? tile('Test accuracy', test.accuracy, formatPercent) : manifest.splits.test && renderWithheld(data)}
${tile(`AUROC, ${where}`, measured.auroc, formatUnit)}
${tile(`Calibration error, ${where}`, measured.calibrationError, formatUnit)}
</dl>
<p class="soft">${formatPlural(patches, 'patch', 'patches')} ${describeCenters(data)} ·
${formatPlural(metrics.cells.length, 'cell')} × ${formatPlural(manifest.seeds.length, 'seed')}${
      timings.length > 0 && html` · ${formatSeconds(seconds)} of work`
    }. Intervals are 95 % intervals.${
      metrics.cells.length > 1 &&
      ` The ${heldOut ? 'accuracy on held-out centers' : 'validation accuracy'} is optimistic, since the cell was chosen among several by these patches.`
    }</p>
${describeForecasts(chosenCell(metrics)).map((sentence) => html`<p class="soft">${sentence}</p>`)}`,
  }
}

// Said before any metric: which of them are not those of an unseen center.
function renderTransductive({ manifest: { transductive } }: ReportData): Html | null {
  if (!transductive) return null
  return renderNotice(
    'TRANSDUCTIVE',
    `${transductiveNote} It concerns what the recipe calls ${formatList(transductive)}.`,
  )
}

function renderOverlaps({ manifest: { overlaps = [] } }: ReportData): Html | null {
  if (overlaps.length === 0) return null
  return renderNotice(
    'SPLITS OVERLAP',
    html`${overlaps.map(describeOverlap).join(' ')}
What is measured on patches, slides or a center that a model was trained or chosen on says less about new ones.`,
  )
}

function renderWithin({ metrics }: ReportData): Html | null {
  const found = listWithin(metrics.within)
  if (found.length === 0) return null
  return renderNotice(
    'CENTERS OVERLAP',
    `${found.join(' ')} Heads that have not seen a held-out center have seen these patches of it: metrics of held-out centers are too good.`,
  )
}

// Of the chosen cell alone: the table marks the others.
function renderExposures({ metrics }: ReportData): Html | null {
  const cell = chosenCell(metrics)
  const exposure = exposureOf(cell, metrics)
  if (exposure?.status !== 'yes' && exposure?.status !== 'not known') return null
  const badge = exposure.status === 'yes' ? 'EXTRACTOR SAW HOSPITALS' : 'PRE-TRAINING NOT KNOWN'
  return renderNotice(badge, describeExposure(cell.embed, exposure))
}

function renderOrders({ metrics: { orders = [] } }: ReportData): Html | null {
  const telling = orders.filter(isTelling)
  if (telling.length === 0) return null
  return renderNotice('ORDER TELLS LABELS', html`${telling.map(describeOrder).join(' ')} ${orderAdvice}`)
}

function renderTile(label: string, { value, low, high }: Interval, format: (value: number) => string): Html {
  const at = (x: number) => `${(100 * Math.min(1, Math.max(0, x))).toFixed(1)}%`
  return html`<div class="tile"><dt>${label}</dt><dd><div class="figure">${format(value)}</div>
<span class="strip" aria-hidden="true"><i style="left:${at(low)};width:${at(high - low)}"></i><b style="left:${at(value)}"></b></span>
<small>95 % interval ${format(low)} to ${format(high)}</small></dd></div>`
}

function renderWithheld({ hasSubmission }: ReportData): Html {
  return html`<div class="tile"><dt>Test accuracy</dt><dd><div class="figure words">labels withheld</div>
<small>${hasSubmission ? 'hand in submission.csv to whoever holds the labels' : 'the predictions are in predictions.csv'}</small></dd></div>`
}

function renderGain(metrics: ReportData['metrics']): Html | null {
  const chosen = chosenCell(metrics)
  const plain = metrics.cells.find(
    (cell) =>
      cell.stain === 'none' &&
      cell.augment === chosen.augment &&
      cell.embed === chosen.embed &&
      cell.adapt === chosen.adapt &&
      cell.classify === chosen.classify,
  )
  if (!plain || plain.id === chosen.id) return null
  const split = chosen.test && plain.test ? 'test' : 'val'
  const points = 100 * (chosen[split]!.accuracy.value - plain[split]!.accuracy.value)
  const difference = differenceTo(metrics, plain, split)
  return html`Without stain normalisation, all else the same, it is ${formatPercent(plain[split]!.accuracy.value)} on
${split === 'test' ? 'the test set' : 'validation'}${
  difference
    ? `; the difference is ${formatDifference(difference)}.`
    : `: ${Math.abs(points).toFixed(1)} points ${points < 0 ? 'more' : 'less'}.`
}`
}

function nameCenters(centers: readonly string[]): string {
  const named = centers.filter((center) => center !== UNNAMED)
  return named.length ? ` (${named.length === 1 ? 'center' : 'centers'} ${formatList(named)})` : ''
}

function describeCenters({ manifest }: ReportData): string {
  const centers = new Set(SPLITS.flatMap((split) => listCenters(manifest.splits[split])))
  const isPartial = centers.delete(UNNAMED)
  if (centers.size === 0) return 'without named centers'
  return `of ${formatPlural(centers.size, 'center')}${isPartial ? ' and of centers without a name' : ''}`
}
