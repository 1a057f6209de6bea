import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/index.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

function judge(labels: readonly number[], probabilities: readonly number[], threshold = 0.5) {
  const patches = { labels: Uint8Array.from(labels), probabilities: Float32Array.from(probabilities) }
  return evaluate({ ...patches, threshold, seed: 0 }).riskCoverage
}

describe('risk and coverage', () => {
  it('keep the patches farthest from the threshold', () => {
    // by margin: 1 right (.5), 0 right (.375), 0 wrong (.25), 1 wrong (.125)
    const { coverage, accuracy, area, at } = judge([1, 0, 0, 1], [1, 0.125, 0.75, 0.375])
    expect(coverage).toEqual([0.25, 0.5, 0.75, 1])
    expect(accuracy).toEqual([1, 1, 2 / 3, 2 / 4])
    expect(area.value).toBeCloseTo((1 + 1 + 2 / 3 + 2 / 4) / 4, 12)
    expect(at.map(({ coverage }) => coverage)).toEqual([1, 0.9, 0.8, 0.5])
    expect(at.map(({ margin }) => margin)).toEqual([0.125, 0.125, 0.125, 0.375])
    expect(at[0].accuracy.value).toBe(0.5)
    // nine tenths of four are two right ones and 1.6 wrong ones
    expect(at[1].accuracy.value).toBeCloseTo(2 / 3.6, 12)
    expect(at[3].accuracy.value).toBe(1)
  })

  it('keep patches of one margin in the mean over all their orders', () => {
    // one sure and right; three of one margin, two of which are right
    const { area, coverage, accuracy, at } = judge([1, 1, 0, 1], [1, 0.75, 0.25, 0.25])
    const mean = (kept: number) => (1 + (2 / 3) * (kept - 1)) / kept
    expect(area.value).toBeCloseTo((1 + mean(2) + mean(3) + mean(4)) / 4, 12)
    expect([coverage, accuracy]).toEqual([
      [0.25, 1],
      [1, 0.75],
    ])
    expect(at[3].accuracy.value).toBeCloseTo(mean(2), 12)
  })

  it('measure the margin from the threshold that is given', () => {
    expect(judge([1, 0], [0.75, 0.5], 0.25).at[3].margin).toBe(0.5)
  })

  it('agree with keeping patches one by one, and stay below the accuracy of an oracle', () => {
    const patch = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(fc.array(patch, { minLength: 1, maxLength: 40 }), (patches) => {
        const probabilities = Float32Array.from(patches, ([, p]) => p)
        const labels = patches.map(([label]) => label)
        const { area, at } = judge(labels, [...probabilities])
        const rights = [...probabilities]
          .map((p, i) => ({ margin: Math.abs(p - 0.5), right: Number(p >= 0.5 === (labels[i] === 1)) }))
          .sort((a, b) => b.margin - a.margin)
        const isTied = rights.some(({ margin }, i) => i > 0 && margin === rights[i - 1].margin)
        const accuracies = rights.map(
          (_, i) => rights.slice(0, i + 1).reduce((sum, { right }) => sum + right, 0) / (i + 1),
        )
        const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length
        if (!isTied) expect(area.value).toBeCloseTo(mean, 12)
        expect(at[0].accuracy.value).toBeCloseTo(accuracies.at(-1)!, 12)
        for (const { accuracy } of at) expect(accuracy.high).toBeGreaterThan(accuracy.low)
      }),
      { seed: 1 },
    )
  })

  it('are the same bits whatever the order of rows, thinned to 200 points', () => {
    const patches = makePredictions(5000, 17)
    const wanted = evaluate({ ...patches, seed: 5 }).riskCoverage
    const shuffled = evaluate({ ...shufflePredictions(patches, 3), seed: 5 }).riskCoverage
    expect(JSON.stringify(shuffled)).toBe(JSON.stringify(wanted))
    expect(wanted.coverage.length).toBeLessThanOrEqual(200)
    expect(wanted.coverage.at(-1)).toBe(1)
    expect(wanted.at[3].accuracy.value).toBeGreaterThan(wanted.at[0].accuracy.value)
  })
})
