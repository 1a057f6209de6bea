// An order that tells labels, in words: the command line and the report say the same.

import type { OrderedGroup, OrderFinding } from '../guards/orderFindings.ts'

/** Whether a finding is to be warned of: what slides in blocks, or the tissue, explain is none of the order's own. */
export function isTelling({ kind }: OrderFinding): boolean {
  return kind === 'trend' || kind === 'runs'
}

/** One or two sentences, e.g. `val: the place of a patch in its file tells its label: AUROC 0.03 in center 1 (p < 0.0001).` */
export function describeOrder({ set, by, kind, groups }: OrderFinding): string {
  const said = `${groups.slice(0, namedAtMost).map(describeGroup).join('; ')}${groups.length > namedAtMost ? `; and in ${groups.length - namedAtMost} more` : ''}`
  const isKnown = groups[0].slides !== null
  if (kind === 'slides') {
    return `${set}: labels come in blocks along ${alongWords[by]}, no more than slides that stand in blocks and differ in their labels explain: ${said}.`
  }
  const unknown = isKnown
    ? ''
    : ' The data name no slides: labels that differ from slide to slide look the same where slides stand in blocks.'
  if (kind === 'trend') return `${set}: ${tellsWords[by]}: ${said}.${unknown}`
  if (kind === 'neighbours') {
    return `${set}: neighbours along ${alongWords[by]} share their label: ${said}. So it is where patches were cut row by row of the tissue, and where each slide is sorted by label.${unknown}`
  }
  return isClumped(groups[0])
    ? `${set}: labels change less often along ${alongWords[by]} than there are slides of both classes: ${said}. No order of slides explains that.`
    : `${set}: neighbours along ${alongWords[by]} seldom share their label: ${said}.`
}

/** What follows from an order that tells labels. */
export const orderAdvice =
  'Eosin uses neither the order of rows nor ids; no feature, batch or smoothing of yours may.'

const namedAtMost = 5

const tellsWords = {
  place: 'the place of a patch in its file tells its label',
  number: 'the number in the id of a patch tells its label',
  'place and number': 'the place of a patch in its file, and the number in its id, tell its label',
}

const alongWords = {
  place: 'the order of the file',
  number: 'the numbers in ids',
  'place and number': 'the order of the file, which is that of the numbers in ids,',
}

function isClumped({ runs }: OrderedGroup): boolean {
  return runs !== undefined && runs.count < runs.expected
}

function describeGroup({ center, auroc, runs, p }: OrderedGroup): string {
  const where = center === null ? '' : ` in center ${center}`
  const first = auroc < 0.5 ? 'tumour first' : 'tumour last'
  const sorted = runs?.count === 2 ? `, all ${first}` : ''
  const counted = runs
    ? `, ${sayCount(runs.count)} runs of equal labels where ${sayCount(runs.expected)} are expected`
    : ''
  return `AUROC ${auroc.toFixed(2)}${where}${sorted}${counted} (${p < 0.0001 ? 'p < 0.0001' : `p = ${p.toFixed(4)}`})`
}

const sayCount = (count: number) => Math.round(count).toLocaleString('en-US')
