// How the cell was chosen and how sure the choice is, in words.

import { describeCertainty } from '../../runs/browser.ts'
import {
  type Cell,
  chosenCell,
  differenceTo,
  labelCell,
  type Manifest,
  type ReportData,
  rankCells,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatDifference, formatList, formatPlural, formatShare } from '../numbers.ts'
import { ALIKE_FROM, listTied } from '../ties.ts'

const NAMED_AT_MOST = 6

/** Which cell was chosen, by what, which cells cannot be told apart from it, and what the test set says of it. */
export function explainChoice({ metrics, manifest, hasSubmission }: ReportData): Html {
  const ranked = rankCells(metrics)
  const chosen = chosenCell(metrics)
  const better = ranked
    .filter((cell) => cell.test && chosen.test && cell.test.accuracy.value > chosen.test.accuracy.value)
    .sort((a, b) => b.test!.accuracy.value - a.test!.accuracy.value)[0]
  const lead = better && differenceTo(metrics, better, 'test')
  const isSeveral = ranked.length > 1
  const ofTest = [
    manifest.splits.test && describeTestUse(manifest, ranked),
    better &&
      html`On it, <em>${labelCell(better, metrics)}</em> does better (${formatShare(better.test!.accuracy.value)} against ${formatShare(chosen.test!.accuracy.value)} %),
which could not be known before the test labels were used${lead && `; the difference is ${formatDifference(lead)}`}.`,
  ].filter((part) => part)
  return html`<p>${isSeveral ? 'Chosen' : 'The only cell'}: <strong>${labelCell(chosen, metrics)}</strong>${isSeveral && `, by ${metrics.chosenBy}`}. ${explainTies(metrics)}</p>
${ofTest.length > 0 && html`<p>${ofTest.map((part) => html`${part} `)}</p>`}
${
  manifest.splits.test &&
  !chosen.test &&
  html`<p><strong>Test labels are withheld.</strong> The table ends at validation; the accuracy on the test
set is known to whoever holds its labels. The predictions are in <code>${hasSubmission ? 'submission.csv' : 'predictions.csv'}</code>.</p>`
}`
}

// A choice among equals is no finding: they are named, and the one whose seeds agree best where those of the chosen do not.
function explainTies(metrics: ReportData['metrics']): Html | null {
  const { differences, selection } = metrics
  if (selection) return html`${describeCertainty(selection)}${compareSpread(metrics, listTied(metrics))}`
  if (!differences?.length) return null
  const tied = listTied(metrics)
  const tests = 'paired tests of the accuracy, adjusted for all pairs of cells (Holm)'
  if (tied.length === 0) {
    return html`On validation every other cell is told apart from it (p &lt; ${ALIKE_FROM}; ${tests}).`
  }
  const named = tied.slice(0, NAMED_AT_MOST).map((cell) => labelCell(cell, metrics))
  const more = tied.length > named.length ? [`${formatCount(tied.length - named.length)} more`] : []
  const isAll = tied.length === differences.length && tied.length > 1
  const count = isAll
    ? `None of the ${formatCount(tied.length)} other cells can be told apart from it`
    : `${formatCount(tied.length)} of ${formatPlural(differences.length, 'other cell')} cannot be told apart from it`
  return html`<strong>${count}</strong> on validation
(p ≥ ${ALIKE_FROM}; ${tests}): ${formatList([...named, ...more])}. Which of them is best is not known from these patches.${compareSpread(metrics, tied)}`
}

function compareSpread(metrics: ReportData['metrics'], tied: readonly Cell[]): string | false {
  if (tied.length === 0) return false
  const chosen = chosenCell(metrics)
  const spreadOf = (cell: Cell) => cell.valAccuracyOverSeeds.sd
  const steady = tied.reduce((a, b) => (spreadOf(b) < spreadOf(a) ? b : a))
  if (chosen.seeds.length < 2 || spreadOf(chosen) < 0.01 || spreadOf(steady) > spreadOf(chosen) / 2)
    return false
  return ` Its accuracy varies by ${formatShare(spreadOf(chosen))} points from seed to seed (SD), that of ${labelCell(steady, metrics)} by ${formatShare(spreadOf(steady))}.`
}

// Where the test split shares patches, slides or centers with another, the summary says so.
function describeTestUse({ transductive, overlaps }: Manifest, cells: readonly Cell[]): string | false {
  if (transductive)
    return `Of the test set, pixels without labels were used before, by what the recipe calls ${formatList(transductive)}.`
  const isApart = !overlaps?.some(({ splits }) => splits[1] === 'test')
  return isApart && cells.length > 1 && 'The test set was not used before the choice was made.'
}
