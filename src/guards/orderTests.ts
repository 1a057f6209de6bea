// Does an order of patches tell their labels? Two statistics of one order, each against what slides explain by themselves:
// slides stand in blocks and differ in their share of tumour, so that tests which take patches for independent find nearly
// every file guilty.
//
// Trend: do tumour patches stand late (or early)? Mann and Whitney's U ("On a test of whether one of two random variables is
// stochastically larger", 1947), its variance over random orders of blocks, the rows of one slide in a row, and random
// directions within each. Where every patch is a block of its own this is their test. Of few blocks so many orders are drawn,
// since the tail of the normal distribution is too long for them.
// Runs: do neighbours in the order share their label? The number of runs of equal labels (Wald and Wolfowitz, "On a test
// whether two samples are from the same population", 1940), its mean and variance where labels are dealt anew within slides.
// With one slide this is their test.

import { openRandom } from '../base/index.ts'
import { normalTails } from '../evaluate/index.ts'

/** Patches in some order, one entry each. */
export interface OrderedLabels {
  /** 1 tumour, 0 normal. */
  readonly labels: Uint8Array
  /** What they are ordered by, ascending; equal values stand in no order. */
  readonly values: ArrayLike<number>
  /** Whose patches make one block where they follow one another; null where each is a block of its own. */
  readonly blocks: readonly string[] | null
  /** Whose share of tumour explains labels; null where it is the same for all. */
  readonly slides: readonly string[] | null
}

/** What the order of some patches says of their labels. */
export interface OrderTests {
  /** AUROC of the label by place in the order: 0 where all tumour patches come first, 1 where they come last. */
  readonly auroc: number
  /** Two-sided p of the AUROC over orders of blocks. */
  readonly trend: number
  /** The same over orders of patches. */
  readonly trendOfPatches: number
  /** Runs of equal labels, and how many are expected of labels that are dealt anew within slides. */
  readonly runs: number
  readonly expected: number
  /** Two-sided p of the number of runs. */
  readonly clumping: number
  /** The same of labels that are dealt anew over all slides, and how many runs are then expected. */
  readonly expectedOfPatches: number
  readonly clumpingOfPatches: number
  /** How many slides hold both classes; 1 where slides are not known. */
  readonly mixed: number
}

/** Tests one order. Both classes must be there. */
export function testOrder({ labels, values, blocks, slides }: OrderedLabels): OrderTests {
  const none = new Array<string>(labels.length).fill('')
  const sum = sumOrdered(labels, values)
  const pairs = sum.tumour * sum.normal
  const clumps = expectRuns(labels, slides ?? none)
  const clumpsOfPatches = slides ? expectRuns(labels, none) : clumps
  const runs = countRuns(labels)
  return {
    auroc: 0.5 + sum.signs / (2 * pairs),
    trend: tailsOfOrders(cutBlocks(labels, values, blocks), sum.signs),
    trendOfPatches: normalTails(sum.signs / Math.sqrt((pairs * (labels.length + 1)) / 3)),
    runs,
    expected: clumps.mean,
    clumping: tailsOf(runs, clumps),
    expectedOfPatches: clumpsOfPatches.mean,
    clumpingOfPatches: tailsOf(runs, clumpsOfPatches),
    mixed: clumps.mixed,
  }
}

/** Some patches in their order: how many of each class, and the sum over their pairs of 1 where tumour is later, -1 where earlier. */
interface SignSum {
  readonly tumour: number
  readonly normal: number
  readonly signs: number
}

function sumOrdered(labels: Uint8Array, values: ArrayLike<number>, start = 0, end = labels.length): SignSum {
  let [tumour, normal, signs] = [0, 0, 0]
  for (let at = start; at < end; ) {
    let [tiedTumour, tiedNormal] = [0, 0]
    const value = values[at]
    for (; at < end && values[at] === value; at++) {
      tiedTumour += labels[at]
      tiedNormal += 1 - labels[at]
    }
    signs += tiedTumour * normal - tiedNormal * tumour
    tumour += tiedTumour
    normal += tiedNormal
  }
  return { tumour, normal, signs }
}

// Rows of one slide that follow one another.
function cutBlocks(
  labels: Uint8Array,
  values: ArrayLike<number>,
  names: readonly string[] | null,
): SignSum[] {
  const cut: SignSum[] = []
  for (let start = 0; start < labels.length; ) {
    let end = start + 1
    while (names && end < labels.length && names[end] === names[start]) end++
    cut.push(sumOrdered(labels, values, start, end))
    start = end
  }
  return cut
}

const fewBlocks = 40
const draws = 1e5

function tailsOfOrders(blocks: readonly SignSum[], signs: number): number {
  const p = normalTails(signs / Math.sqrt(varySigns(blocks)))
  if (p > 0.05 || blocks.length > fewBlocks) return p
  const random = openRandom(0, 'orders of blocks')
  const order = [...blocks]
  let found = 0
  for (let draw = 0; draw < draws; draw++) {
    let [tumour, normal, sum] = [0, 0, 0]
    for (let i = 0; i < order.length; i++) {
      const j = i + random.integer(order.length - i)
      const block = order[j]
      order[j] = order[i]
      order[i] = block
      sum += block.tumour * normal - block.normal * tumour
      if (block.signs !== 0) sum += random.integer(2) === 0 ? block.signs : -block.signs
      tumour += block.tumour
      normal += block.normal
    }
    found += Number(Math.abs(sum) >= Math.abs(signs))
  }
  return (found + 1) / (draws + 1)
}

// Between blocks a and b the pairs add d = n_a t_b - n_b t_a, or -d where b comes first; the signs of two pairs with a block in
// common have correlation 1/3. Within a block they add their own sum, or its negative.
function varySigns(blocks: readonly SignSum[]): number {
  const add = (of: (block: SignSum) => number) => blocks.reduce((sum, block) => sum + of(block), 0)
  const [tumour, normal] = [add((block) => block.tumour), add((block) => block.normal)]
  const ofPairs =
    add((block) => block.normal ** 2) * add((block) => block.tumour ** 2) -
    add((block) => block.normal * block.tumour) ** 2
  const ofBlocks = add((block) => (block.normal * tumour - block.tumour * normal) ** 2)
  return (ofPairs + ofBlocks) / 3 + add((block) => block.signs ** 2)
}

function countRuns(labels: Uint8Array): number {
  let runs = 1
  for (let at = 1; at < labels.length; at++) runs += Number(labels[at] !== labels[at - 1])
  return runs
}

interface Moments {
  readonly mean: number
  readonly variance: number
}

interface ExpectedRuns extends Moments {
  readonly mixed: number
}

// A change of label between neighbours has the probability p q' + q p' of their slides, exactly 2 t n / (N (N - 1)) within one.
// Neighbouring pairs share a patch, which adds to the variance; that each slide's number of tumour patches is fixed takes away
// what changes go with it.
function expectRuns(labels: Uint8Array, slides: readonly string[]): ExpectedRuns {
  const own = countSlides(labels, slides)
  const at = slides.map((name) => own.get(name)!)
  let [mean, variance] = [1, 0]
  for (let i = 1; i < at.length; i++) {
    const [a, b] = [at[i - 1], at[i]]
    const change = a === b ? a.change : a.share * (1 - b.share) + (1 - a.share) * b.share
    mean += change
    variance += change * (1 - change)
    a.slope += 1 - 2 * b.share
    b.slope += 1 - 2 * a.share
    if (i < at.length - 1) variance += 2 * b.spread * (1 - 2 * a.share) * (1 - 2 * at[i + 1].share)
  }
  let mixed = 0
  for (const { spread, slope, count } of own.values()) {
    variance -= (spread * slope ** 2) / count
    mixed += Number(spread > 0)
  }
  return { mean, variance: Math.max(variance, 0), mixed }
}

interface SlideShare {
  count: number
  tumour: number
  share: number
  /** share x (1 - share) */
  spread: number
  /** The probability that two of its patches differ in their label. */
  change: number
  /** By how much the expected number of runs rises with a tumour patch more, summed over its patches. */
  slope: number
}

function countSlides(labels: Uint8Array, slides: readonly string[]): Map<string, SlideShare> {
  const own = new Map<string, SlideShare>()
  for (const [row, name] of slides.entries()) {
    const slide = own.get(name) ?? { count: 0, tumour: 0, share: 0, spread: 0, change: 0, slope: 0 }
    slide.count++
    slide.tumour += labels[row]
    own.set(name, slide)
  }
  for (const slide of own.values()) {
    const { count, tumour } = slide
    slide.share = tumour / count
    slide.spread = slide.share * (1 - slide.share)
    slide.change = count > 1 ? (2 * tumour * (count - tumour)) / (count * (count - 1)) : 0
  }
  return own
}

// Where nothing can vary, as on slides of one class each, nothing is told.
function tailsOf(runs: number, { mean, variance }: Moments): number {
  return variance > 1e-9 ? normalTails((runs - mean) / Math.sqrt(variance)) : 1
}
