import { describe, expect, it } from 'vitest'
import {
  correctBias,
  countEffective,
  leaveEachOut,
  makeInterval,
  measureSpread,
} from '../../src/evaluate/jackknife.ts'

describe('the jackknife', () => {
  const values = [1, 4, 4, 7]
  const leaveMeansOut = () =>
    leaveEachOut(4, (weights) => values.reduce((sum, value, i) => sum + weights[i] * value, 0) / 3)

  it('leaves out each cluster once', () => {
    expect(leaveEachOut(3, (weights) => [...weights])).toEqual([
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, 0],
    ])
  })

  it('gives the mean its textbook standard error', () => {
    const spread = measureSpread([{ figures: leaveMeansOut(), effective: 4 }])!
    expect(spread.error).toBeCloseTo(Math.sqrt(6 / 4), 12) // variance 18 / 3, of four
    expect(spread.degrees).toBeCloseTo(3, 12)
    const { low, high } = makeInterval(4, spread, [-10, 10])
    expect([low, high].map((end) => Math.abs(end - 4))).toEqual([high - 4, high - 4])
    expect(high - 4).toBeCloseTo(3.182446305284263 * Math.sqrt(6 / 4), 9)
    expect(makeInterval(4, spread, [3, 5])).toEqual({ value: 4, low: 3, high: 5 })
  })

  it("takes the bias out of the square of a mean, which is the mean's variance", () => {
    const squared = leaveMeansOut().map((mean) => mean ** 2)
    expect(correctBias(16, { figures: squared, effective: 4 })).toBeCloseTo(16 - 6 / 4, 12)
  })

  it('adds strata, with degrees of freedom after Satterthwaite', () => {
    const stratum = { figures: leaveMeansOut(), effective: 4 }
    const spread = measureSpread([stratum, stratum])!
    expect(spread.error).toBeCloseTo(Math.sqrt((2 * 6) / 4), 12)
    expect(spread.degrees).toBeCloseTo(6, 12)
  })

  it('counts clusters of unlike size as fewer', () => {
    expect(countEffective([5, 5, 5, 5])).toBe(4)
    expect(countEffective([4.5, ...Array(9).fill(1)])).toBeCloseTo(6.23, 2)
  })

  it('knows nothing where one cluster decides, or is all there is', () => {
    expect(measureSpread([{ figures: [0.5, null, 0.5], effective: 3 }])).toBeNull()
    expect(measureSpread([{ figures: [0.5], effective: 1 }])).toBeNull()
    expect(makeInterval(0.2, null, [-1, 1])).toEqual({ value: 0.2, low: -1, high: 1 })
  })
})
