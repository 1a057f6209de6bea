import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { chooseThreshold, chooseThresholdByShare, evaluate } from '../../src/evaluate/index.ts'
import { makePredictions } from './patches.ts'

describe('chooseThreshold', () => {
  const labels = Uint8Array.of(0, 0, 1, 1, 1)
  const probabilities = Float32Array.of(0.125, 0.25, 0.375, 0.75, 0.875)

  it('finds the threshold between the classes', () => {
    expect(chooseThreshold({ labels, probabilities })).toBe((0.25 + 0.375) / 2)
    expect(chooseThreshold({ labels, probabilities }, 'f1')).toBe((0.25 + 0.375) / 2)
  })

  it('keeps .5 where .5 is as good as any', () => {
    const separated = Float32Array.of(0.1, 0.2, 0.6, 0.7, 0.8)
    expect(chooseThreshold({ labels, probabilities: separated })).toBe(0.5)
    expect(chooseThreshold({ labels: new Uint8Array(5), probabilities }, 'balancedAccuracy')).toBe(0.5)
  })

  it('is never worse than .5 on the patches it was chosen on', () => {
    for (let seed = 0; seed < 20; seed++) {
      const patches = makePredictions(80, 4, seed)
      const accuracy = (threshold: number) => evaluate({ ...patches, threshold, seed }).accuracy.value
      expect(accuracy(chooseThreshold(patches))).toBeGreaterThanOrEqual(accuracy(0.5))
    }
  })
})

describe('a threshold by a stated share of tumour', () => {
  it('lies midway between the probabilities that it parts', () => {
    const probabilities = Float32Array.of(0.75, 0.125, 0.5, 0.25)
    expect(chooseThresholdByShare(probabilities, 0.25)).toBe(0.625)
    expect(chooseThresholdByShare(probabilities, 0.5)).toBe(0.375)
    expect(chooseThresholdByShare(probabilities, 0.01)).toBe(0.875) // nearer to none than to one of four
    expect(chooseThresholdByShare(probabilities, 0.99)).toBe(0.0625)
  })

  it('does not part patches that tie: it calls the share that comes nearest', () => {
    const probabilities = Float32Array.of(0.75, 0.5, 0.5, 0.5, 0.25)
    expect(chooseThresholdByShare(probabilities, 0.4)).toBe(0.625) // one of five is nearer than four
    expect(chooseThresholdByShare(probabilities, 0.6)).toBe(0.375)
    expect(chooseThresholdByShare(probabilities, 0.5)).toBe(0.625) // as near to either: the higher
  })

  it('comes as near to the share as any threshold, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (twelfths, share) => {
          const probabilities = Float32Array.from(twelfths, (n) => n / 12)
          const threshold = chooseThresholdByShare(probabilities, share)
          const gap = (from: number) =>
            Math.abs(probabilities.filter((p) => p >= from).length / probabilities.length - share)
          for (let n = 1; n <= 12; n++)
            expect(gap(threshold)).toBeLessThanOrEqual(gap((n - 0.5) / 12) + 1e-12)
          expect(chooseThresholdByShare(probabilities.toReversed(), share)).toBe(threshold)
        },
      ),
      { seed: 1 },
    )
  })

  it('refuses a share that calls none or all, and what is no probability', () => {
    expect(() => chooseThresholdByShare(Float32Array.of(0.5), 0)).toThrow(/above 0 and below 1, got 0/)
    expect(() => chooseThresholdByShare(Float32Array.of(0.5), 1)).toThrow(DataError)
    expect(() => chooseThresholdByShare(Float32Array.of(0.5, Number.NaN), 0.5)).toThrow(/row 1/)
    expect(() => chooseThresholdByShare(new Float32Array(), 0.5)).toThrow(/at least one/)
  })
})
