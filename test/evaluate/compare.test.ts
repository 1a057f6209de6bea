import { describe, expect, it } from 'vitest'
import { DataError, openRandom } from '../../src/base/index.ts'
import { pairedDifference } from '../../src/evaluate/index.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

// Two models on ten tumour patches: only a right on `onlyA`, only b right on `onlyB`, both right on the rest.
function makePair(onlyA: number, onlyB: number) {
  const a = Float32Array.from({ length: 10 }, (_, i) => (i >= onlyA && i < onlyA + onlyB ? 0 : 1))
  const b = Float32Array.from({ length: 10 }, (_, i) => (i < onlyA ? 0 : 1))
  return { labels: new Uint8Array(10).fill(1), a, b }
}

describe('pairedDifference', () => {
  it("is McNemar's exact test where slides are not known", () => {
    const result = pairedDifference({ ...makePair(6, 1), seed: 0 })
    expect(result.difference.value).toBeCloseTo(0.5, 12)
    expect(result.p).toBeCloseTo((2 * (1 + 7)) / 2 ** 7, 12)
    expect(result).toMatchObject({ test: 'McNemar exact', resampled: 'patches', onlyA: 6, onlyB: 1 })
    expect(pairedDifference({ ...makePair(2, 2), seed: 0 }).p).toBe(1)
    expect(pairedDifference({ ...makePair(0, 0), seed: 0 }).p).toBe(1)
  })

  it('does not underflow on many thousands of differing patches', () => {
    const count = 20_000
    const labels = new Uint8Array(count).fill(1)
    const a = new Float32Array(count).fill(1).fill(0, 0, 9_900)
    const b = new Float32Array(count).fill(1).fill(0, 9_900)
    // 10,100 against 9,900: z = 199 / sqrt(20000), two-sided p about .159
    expect(pairedDifference({ labels, a, b, seed: 0, resamples: 10 }).p).toBeCloseTo(0.1594, 3)
  })

  it('swaps whole slides where slides are known, all ways where they are few', () => {
    const { labels, a, b } = makePair(5, 0)
    const slides = ['s', 's', 't', 't', 'u', 'v', 'v', 'v', 'v', 'v']
    const result = pairedDifference({ labels, a, b, slides, seed: 0 })
    // three slides differ, all in favour of a: two of the eight sign assignments are as far from zero
    expect(result.p).toBe(2 / 8)
    expect(result).toMatchObject({ test: 'slide swaps', resampled: 'slides' })
  })

  it('finds no difference between alike models more often than its level promises', () => {
    let rejected = 0
    for (let trial = 0; trial < 100; trial++) {
      const { labels, probabilities: a, slides } = makePredictions(300, 20, trial)
      const random = openRandom(trial, 'b')
      const b = a.map((p) => Math.min(1, Math.max(0, p + 0.3 * random.normal())))
      const c = a.map((p) => Math.min(1, Math.max(0, p + 0.3 * random.normal())))
      if (pairedDifference({ labels, a: b, b: c, slides, seed: trial, resamples: 1 }).p <= 0.05) rejected++
    }
    expect(rejected).toBeLessThanOrEqual(12)
  })

  it('changes sign with its arguments and not with the order of rows', () => {
    const patches = makePredictions(500, 30)
    const worse = { ...patches, b: patches.probabilities.map((p) => Math.min(p, 0.6)) }
    const other = makePredictions(500, 30, 2).probabilities
    const compare = (p: typeof patches, a: Float32Array, b: Float32Array) =>
      pairedDifference({
        labels: p.labels,
        a,
        b,
        slides: p.slides,
        centers: p.centers,
        seed: 3,
        resamples: 50,
      })
    const forth = compare(worse, worse.probabilities, other)
    const back = compare(worse, other, worse.probabilities)
    expect(back.difference.value).toBe(-forth.difference.value)
    expect(back.difference.low).toBeCloseTo(-forth.difference.high, 12)
    const shuffled = shufflePredictions(patches, 9)
    const sameOrder = shufflePredictions({ ...patches, probabilities: other }, 9)
    expect(JSON.stringify(compare(shuffled, shuffled.probabilities, sameOrder.probabilities))).toBe(
      JSON.stringify(forth),
    )
  })

  it('takes a threshold for each model', () => {
    const labels = Uint8Array.of(1, 1, 0)
    const a = Float32Array.of(0.3, 0.4, 0.1)
    const result = pairedDifference({ labels, a, b: a, threshold: [0.2, 0.5], seed: 0, resamples: 5 })
    expect(result).toMatchObject({ onlyA: 2, onlyB: 0 })
  })

  it('refuses probabilities that are none', () => {
    const { labels, a } = makePair(1, 1)
    expect(() => pairedDifference({ labels, a, b: a.map(() => Number.NaN), seed: 0 })).toThrow(DataError)
  })
})
