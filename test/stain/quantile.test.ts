import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { histogramPercentile, percentileOf, select, selectPair } from '../../src/stain/quantile.ts'

const numbers = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 60 })

describe('percentiles', () => {
  it('of four values are those of numpy.percentile', () => {
    // numpy.percentile([1, 2, 4, 8], [0, 1, 50, 99, 100])
    const expected = [1, 1.03, 3, 7.88, 8]
    ;[0, 1, 50, 99, 100].forEach((percent, i) => {
      expect(percentileOf(Float64Array.of(4, 8, 1, 2), 4, percent)).toBeCloseTo(expected[i], 12)
    })
  })

  it('of levels are the same from a histogram', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(255), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 0, max: 100 }),
        (levels, percent) => {
          const histogram = new Uint32Array(256)
          for (const level of levels) histogram[level]++
          const direct = percentileOf(Float64Array.from(levels), levels.length, percent)
          expect(histogramPercentile(histogram, percent)).toBeCloseTo(direct, 10)
        },
      ),
    )
  })

  it('of nothing are NaN', () => {
    expect(percentileOf(new Float64Array(3), 0, 50)).toBeNaN()
  })
})

describe('selection', () => {
  it('finds the value of any rank, and the next, as sorting does', () => {
    fc.assert(
      fc.property(numbers, fc.nat(59), (values, at) => {
        const sorted = Float64Array.from(values).sort()
        const rank = at % values.length
        expect(select(Float64Array.from(values), values.length, rank)).toBe(sorted[rank])
        const [a, b] = selectPair(Float64Array.from(values), values.length, rank)
        expect([a, b]).toEqual([sorted[rank], sorted[Math.min(rank + 1, values.length - 1)]])
      }),
    )
  })
})
