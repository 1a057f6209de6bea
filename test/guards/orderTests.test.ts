// Means and variances against every order that there is, and what is told of orders that are made up.

import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { normalTails } from '../../src/evaluate/index.ts'
import { testOrder } from '../../src/guards/index.ts'

interface Patch {
  readonly label: number
  readonly slide: string
}

const testPatches = (patches: readonly Patch[], isBlocked = true) => {
  const slides = patches.map(({ slide }) => slide)
  const labels = Uint8Array.from(patches, ({ label }) => label)
  const values = patches.map((_, i) => i)
  return testOrder({ labels, values, blocks: isBlocked ? slides : null, slides: isBlocked ? slides : null })
}

function permute<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => permute(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}

const slideOf = (slide: string, labels: string): Patch[] =>
  [...labels].map((label) => ({ label: Number(label), slide }))

// The z that a two-sided p comes from.
function zOf(p: number): number {
  let [low, high] = [0, 40]
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (normalTails(middle) > p) low = middle
    else high = middle
  }
  return low
}

describe('the trend', () => {
  it('has the variance of all orders of blocks, each in both directions', () => {
    const slides = [slideOf('a', '1101'), slideOf('b', '0001'), slideOf('c', '11'), slideOf('d', '0')]
    const orders = permute(slides).flatMap((order) =>
      Array.from({ length: 16 }, (_, turned) =>
        order.flatMap((slide, i) => ((turned >> i) & 1 ? slide.toReversed() : slide)),
      ),
    )
    const tests = orders.map((order) => testPatches(order))
    const squares = tests.map(({ auroc }) => (auroc - 0.5) ** 2)
    const deviation = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)
    expect(orders).toHaveLength(24 * 16)
    for (const { auroc, trend } of tests.filter((found) => found.trend > 0.05)) {
      expect(zOf(trend) * deviation).toBeCloseTo(Math.abs(auroc - 0.5), 9)
    }
  })

  it('has the tail of all orders where blocks are few', () => {
    // six slides that stand by their share of tumour: of 720 orders, this one and its reverse
    const slides = ['000000', '100000', '110000', '111000', '111100', '111111'].map((labels, i) =>
      Array.from({ length: 3 }, () => slideOf(`${i}`, [...labels].sort().join(''))).flat(),
    )
    const shares = slides.map((patches, i) => patches.map(({ label }) => ({ label, slide: `${i}` })))
    const turned = shares.map((patches) => [...patches, ...patches.toReversed()]) // no direction of their own
    expect(testPatches(turned.flat()).trend).toBeCloseTo(2 / 720, 3)
  })

  it("is Mann and Whitney's test where every patch is a block", () => {
    // ten tumour patches before ten normal ones: U = 0, its mean 50 and its variance 10 x 10 x 21 / 12 = 175
    const sorted = [...slideOf('a', '1111111111'), ...slideOf('a', '0000000000')]
    const found = testPatches(sorted, false)
    expect(found.auroc).toBe(0)
    expect(found.trendOfPatches).toBeCloseTo(normalTails(50 / Math.sqrt(175)), 12)
    expect(found.trend).toBeLessThan(1e-4) // 2 of 184,756 orders
    const many = sorted.flatMap((patch) => [patch, patch, patch])
    expect(testPatches(many, false).trend).toBeCloseTo(normalTails(450 / Math.sqrt(4575)), 15)
    expect(testPatches(sorted.toReversed(), false)).toMatchObject({ auroc: 1 })
  })

  it('takes equal values for no order', () => {
    const labels = Uint8Array.of(1, 0, 1, 0)
    const test = (values: readonly number[]) =>
      testOrder({ labels, values, blocks: null, slides: null }).auroc
    expect(test([1, 1, 1, 1])).toBe(0.5)
    expect(test([1, 1, 2, 3])).toBe((1 / 2 + 0 + 1 + 0) / 4)
  })

  it('is no more than chance where slides of one class stand side by side, though patches say otherwise', () => {
    const slides = ['111111', '000000', '111111', '111111'].map((labels, i) =>
      slideOf(`${i}`, labels.repeat(20)),
    )
    const { trend, trendOfPatches, clumping, clumpingOfPatches } = testPatches(slides.flat())
    expect(trend).toBeGreaterThan(0.3)
    expect(clumping).toBe(1)
    expect(trendOfPatches).toBeLessThan(1e-3)
    expect(clumpingOfPatches).toBeLessThan(1e-20)
  })
})

describe('runs', () => {
  it("have the mean and nearly the variance of Wald and Wolfowitz's test on one slide", () => {
    const random = openRandom(0, 'runs')
    const labels = Array.from({ length: 200 }, () => Number(random.uniform() < 0.3))
    const found = testPatches(slideOf('a', labels.join('')))
    const t = labels.reduce((sum, label) => sum + label, 0)
    const pairs = 2 * t * (200 - t)
    expect(found.expected).toBeCloseTo(1 + pairs / 200, 9)
    const deviation = Math.sqrt((pairs * (pairs - 200)) / (200 ** 2 * 199))
    expect(zOf(found.clumping) * deviation).toBeCloseTo(Math.abs(found.runs - found.expected), 0)
  })

  it('have the mean and nearly the variance of labels that are dealt anew within slides, in any order of slides', () => {
    const random = openRandom(1, 'runs')
    const slides = Array.from({ length: 400 }, () => 'abc'[random.integer(3)])
    const shares: Readonly<Record<string, number>> = { a: 0.1, b: 0.5, c: 0.8 }
    const patches = slides.map((slide) => ({ slide, label: Number(random.uniform() < shares[slide]) }))
    const counts = Array.from({ length: 1500 }, () => {
      const dealt = new Map(
        ['a', 'b', 'c'].map((name) => {
          const own = patches.filter(({ slide }) => slide === name)
          return [name, Array.from(random.permutation(own.length), (i) => own[i].label)]
        }),
      )
      return testPatches(patches.map(({ slide }) => ({ slide, label: dealt.get(slide)!.pop()! }))).runs
    })
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length
    const { runs, expected, clumping } = testPatches(patches)
    expect(expected).toBeCloseTo(mean, 0)
    expect(Math.abs(runs - expected) / zOf(clumping) / Math.sqrt(variance)).toBeCloseTo(1, 1)
  })
})
