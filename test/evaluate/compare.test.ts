import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError, openRandom } from '../../src/base/index.ts'
import { pairedDifference } from '../../src/evaluate/index.ts'
import { studentTails } from '../../src/evaluate/student.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

// Two models on ten tumour patches: only a right on `onlyA`, only b right on `onlyB`, both right on the rest.
function makePair(onlyA: number, onlyB: number) {
  const a = Float32Array.from({ length: 10 }, (_, i) => (i >= onlyA && i < onlyA + onlyB ? 0 : 1))
  const b = Float32Array.from({ length: 10 }, (_, i) => (i < onlyA ? 0 : 1))
  return { labels: new Uint8Array(10).fill(1), a, b }
}

describe('pairedDifference', () => {
  it("is McNemar's test where slides are not known", () => {
    const result = pairedDifference(makePair(6, 1))
    expect(result).toMatchObject({ resampled: 'patches', slides: null, count: 10, onlyA: 6, onlyB: 1 })
    expect(result.difference.value).toBeCloseTo(0.5, 12)
    // (6 - 1) / sqrt(6 + 1), and Student's t with 9 degrees of freedom
    expect(result.p).toBeCloseTo(studentTails(5 / Math.sqrt(7), 9), 12)
    expect(0.5 - result.difference.low).toBeCloseTo((2.262157162798205 * Math.sqrt(7)) / 10, 9)
    expect(result.difference.high).toBe(1) // as far as a difference goes
    expect(pairedDifference(makePair(2, 2)).p).toBe(1)
  })

  it('is not certain that models are alike which call the same patches rightly', () => {
    const { p, difference } = pairedDifference(makePair(0, 0))
    expect(p).toBe(1)
    expect(difference.high).toBeCloseTo(2.262157162798205 / 10, 9) // as sure as one patch
  })

  it('holds on many thousands of differing patches', () => {
    const count = 20_000
    const labels = new Uint8Array(count).fill(1)
    const a = new Float32Array(count).fill(1).fill(0, 0, 9_900)
    const b = new Float32Array(count).fill(1).fill(0, 9_900)
    // 10,100 against 9,900: z = 200 / sqrt(20000), two-sided p about .157
    expect(pairedDifference({ labels, a, b }).p).toBeCloseTo(0.1573, 3)
  })

  it('leaves out whole slides where slides are known', () => {
    // Gains of 4, 1, 1 and 0 of five patches each: their mean and its standard error, in patches
    const gains = [4, 1, 1, 0]
    const a = Float32Array.from(
      gains.flatMap((gain) => Array.from({ length: 5 }, (_, i) => Number(i < gain))),
    )
    const options = { labels: new Uint8Array(20).fill(1), a, b: new Float32Array(20) }
    const result = pairedDifference({ ...options, slides: gains.flatMap((_, i) => Array(5).fill(`${i}`)) })
    const error = Math.sqrt((2.5 ** 2 + 2 * 0.5 ** 2 + 1.5 ** 2) / 3 / 4)
    expect(result).toMatchObject({ resampled: 'slides', slides: 4, onlyA: 6, onlyB: 0 })
    expect(result.difference.value).toBe(0.3)
    expect(result.p).toBeCloseTo(studentTails(1.5 / error, 3), 9)
    expect(result.p).toBeGreaterThan(0.05)
    expect(pairedDifference(options).p).toBeLessThan(0.05)
  })

  it('has an interval that excludes 0 exactly where p is below 0.05', () => {
    const patch = fc.tuple(fc.boolean(), fc.nat(5), fc.boolean(), fc.nat(4))
    let apart = 0
    fc.assert(
      fc.property(
        fc.array(patch, { minLength: 1, maxLength: 80, size: 'max' }),
        fc.boolean(),
        (patches, bySlide) => {
          const { difference, p } = pairedDifference({
            labels: Uint8Array.from(patches, ([label]) => Number(label)),
            a: Float32Array.from(patches, ([label, luck]) => Number(luck > 0 === label)), // right five times in six
            b: Float32Array.from(patches, ([, , call]) => Number(call)),
            slides: bySlide ? patches.map(([, , , slide]) => `${slide}`) : null,
          })
          expect(difference.low > 0 || difference.high < 0).toBe(p < 0.05)
          expect(difference.low).toBeLessThanOrEqual(difference.value)
          expect(difference.high).toBeGreaterThanOrEqual(difference.value)
          if (p < 0.05) apart++
        },
      ),
      { seed: 1, numRuns: 500 },
    )
    expect(apart).toBeGreaterThan(20)
  })

  it('finds no difference between alike models more often than its level promises', () => {
    let rejected = 0
    for (let trial = 0; trial < 100; trial++) {
      const { labels, probabilities: a, slides } = makePredictions(300, 20, trial)
      const random = openRandom(trial, 'b')
      const b = a.map((p) => Math.min(1, Math.max(0, p + 0.3 * random.normal())))
      const c = a.map((p) => Math.min(1, Math.max(0, p + 0.3 * random.normal())))
      if (pairedDifference({ labels, a: b, b: c, slides }).p < 0.05) rejected++
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
    const result = pairedDifference({ labels, a, b: a, threshold: [0.2, 0.5] })
    expect(result).toMatchObject({ onlyA: 2, onlyB: 0 })
  })

  it('refuses probabilities that are none', () => {
    const { labels, a } = makePair(1, 1)
    expect(() => pairedDifference({ labels, a, b: a.map(() => Number.NaN) })).toThrow(DataError)
  })
})
