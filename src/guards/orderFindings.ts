// Whether the order of the rows of a labelled set, or the numbers in its ids, tell the labels: center by center, with p adjusted
// for every test that was made, and apart from what slides explain by standing in blocks.

import { groupRows } from '../base/index.ts'
import { adjustHolm } from '../evaluate/index.ts'
import type { PatchSet } from '../patches/browser.ts'
import { type OrderTests, testOrder } from './orderTests.ts'

const kinds = ['trend', 'runs', 'neighbours', 'slides'] as const

/** What patches are ordered by: their place in the file, the number in their id, or both where these are one order. */
export type OrderedBy = 'place' | 'number' | 'place and number'

/** An order of the rows of a set that tells their labels. */
export interface OrderFinding {
  /** The name of the set, e.g. `train`. */
  readonly set: string
  readonly by: OrderedBy
  /**
   * `trend`: tumour patches stand late, or early. `runs`: neighbours seldom share their label, or labels cut slides apart: they
   * change less often than there are slides of both classes. `neighbours`: neighbours share their label more often than other
   * patches of their slides, as they do where patches were cut along the tissue. `slides`: a trend or runs, but no more than
   * slides that stand in blocks explain. The last two are no warnings.
   */
  readonly kind: (typeof kinds)[number]
  /** Where it was found, the most telling first. */
  readonly groups: readonly OrderedGroup[]
}

/** The patches of one center in their order. */
export interface OrderedGroup {
  /** null for a set whose centers are not known. */
  readonly center: string | null
  readonly count: number
  /** Slides (or patients) among them; null where they are not known. */
  readonly slides: number | null
  /** AUROC of the label by place in the order, 0 to 1: below 0.5 where tumour patches come first. */
  readonly auroc: number
  /** Runs of equal labels, and how many are expected of patches in any order on their slides; not there where ids tie. */
  readonly runs?: { readonly count: number; readonly expected: number }
  /** Of what was found, two-sided, adjusted for all tests of all sets (Holm); for `slides` that of patches in any order. */
  readonly p: number
}

/** A set whose order is looked at: its name in what is found, and what is known of its patches. */
export interface OrderedSet {
  readonly name: string
  readonly set: Pick<PatchSet, 'ids' | 'labels' | 'centers' | 'slides' | 'patients' | 'isListed'>
}

// Where p is below the level and the effect is not small, it is told.
const level = 0.001
const leastTrend = 0.1
const [fewRuns, manyRuns] = [0.5, 1.5]

/**
 * The orders of labelled sets that tell their labels, in the order of the sets; sets without labels, and groups of one class,
 * are left out. Nothing of what is found depends on anything else.
 */
export function findOrders(sets: readonly OrderedSet[]): OrderFinding[] {
  const tests = sets.flatMap(testSet)
  const adjust = (pick: (test: OrderTests) => readonly [trend: number, runs: number]) => {
    const adjusted = adjustHolm(tests.flatMap(({ found }) => [...pick(found)]))
    return tests.map((_, i) => ({ trend: adjusted[2 * i], runs: adjusted[2 * i + 1] }))
  }
  const own = adjust(({ trend, clumping }) => [trend, clumping])
  const patches = adjust(({ trendOfPatches, clumpingOfPatches }) => [trendOfPatches, clumpingOfPatches])
  const judged = tests.map((test, i) => ({ ...test, ...judge(test, own[i], patches[i]) }))
  return sets.flatMap(({ name }) =>
    kinds.flatMap((kind) =>
      (['place', 'place and number', 'number'] as const).flatMap((by): OrderFinding[] => {
        const found = judged.filter((test) => test.set === name && test.kind === kind && test.by === by)
        if (found.length === 0) return []
        const groups = found.sort((a, b) => a.p - b.p || b.effect - a.effect).map(describeGroup)
        return [{ set: name, by, kind, groups }]
      }),
    ),
  )
}

/** A center's patches in one order. */
interface GroupTest {
  readonly set: string
  readonly by: OrderedBy
  readonly center: string | null
  readonly count: number
  readonly slides: number | null
  /** Some patches have equal numbers. */
  readonly isTied: boolean
  readonly found: OrderTests
}

interface Adjusted {
  readonly trend: number
  readonly runs: number
}

function judge({ found, isTied }: GroupTest, own: Adjusted, patches: Adjusted) {
  const { auroc, runs, expected, expectedOfPatches, mixed } = found
  const effect = Math.abs(auroc - 0.5)
  const isFar = (of: number) => !isTied && (runs < fewRuns * of || runs > manyRuns * of)
  if (effect > leastTrend && own.trend < level) return { kind: 'trend' as const, p: own.trend, effect }
  if (isFar(expected) && own.runs < level) {
    const isTold = runs > expected || runs - 1 < mixed
    return { kind: isTold ? ('runs' as const) : ('neighbours' as const), p: own.runs, effect }
  }
  if (effect > leastTrend && patches.trend < level)
    return { kind: 'slides' as const, p: patches.trend, effect }
  if (isFar(expectedOfPatches) && patches.runs < level)
    return { kind: 'slides' as const, p: patches.runs, effect }
  return { kind: null, p: 1, effect }
}

function describeGroup({ center, count, slides, isTied, found, p }: GroupTest & { p: number }): OrderedGroup {
  const { auroc, runs, expected } = found
  const round = (value: number, digits: number) => Number(value.toFixed(digits))
  return {
    center,
    count,
    slides,
    auroc: round(auroc, 4),
    ...(!isTied && { runs: { count: runs, expected: round(expected, 1) } }),
    p: Number(p.toPrecision(3)),
  }
}

function testSet({ name, set }: OrderedSet): GroupTest[] {
  const { labels, centers, ids } = set
  if (!labels) return []
  const numbers = ids.map(numberOf)
  const hasNumbers = numbers.every((number) => number !== undefined)
  const byCenter = groupRows(labels.keys(), (row) => centers?.[row] ?? null) // all rows where centers are not known
  return [...byCenter].flatMap(([center, rows]) => {
    const tumour = rows.reduce((sum, row) => sum + labels[row], 0)
    if (tumour === 0 || tumour === rows.length) return []
    const test = (by: OrderedBy, order: readonly number[], values: readonly number[]): GroupTest => {
      const pick = (names: readonly string[] | null) => names && order.map((row) => names[row])
      const [slides, patients] = [pick(set.slides), pick(set.patients)]
      const found = testOrder({
        labels: Uint8Array.from(order, (row) => labels[row]),
        values,
        blocks: patients ?? slides,
        slides: slides ?? patients,
      })
      const own = slides ?? patients
      const isTied = new Set(values).size < values.length
      return { set: name, by, center, count: rows.length, slides: own && new Set(own).size, isTied, found }
    }
    const byPlace = (by: OrderedBy) => test(by, rows, rows)
    if (!hasNumbers) return set.isListed ? [] : [byPlace('place')]
    const numberAt = (row: number) => numbers[row] as number
    if (!set.isListed && rows.every((row, i) => i === 0 || numberAt(rows[i - 1]) < numberAt(row)))
      return [byPlace('place and number')]
    const sorted = rows.toSorted((a, b) => numberAt(a) - numberAt(b))
    return [...(set.isListed ? [] : [byPlace('place')]), test('number', sorted, sorted.map(numberAt))]
  })
}

// The only number in the name of a file or group, as a counter leaves it; names with several numbers are mostly those of
// slides and places, of which the tissue tells.
function numberOf(id: string): number | undefined {
  const stem = id.replace(/^.*[\\/]/, '').replace(/\.[a-z]+$/i, '')
  const digits = /^\D*(\d{1,15})\D*$/.exec(stem)
  return digits ? Number(digits[1]) : undefined
}
