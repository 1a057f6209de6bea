import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/index.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

const judge = (labels: Uint8Array, probabilities: Float32Array, slides: readonly string[] | null = null) =>
  evaluate({ labels, probabilities, slides, seed: 0 }).sensitivityAt

describe('sensitivity at a fixed specificity', () => {
  // Fifty normal patches: five false alarms are a specificity of .9
  const normals = [0.875, ...Array<number>(4).fill(0.5), ...Array<number>(45).fill(0.125)]
  const judgeTumours = (tumours: readonly number[], others: readonly number[] = normals) =>
    judge(
      Uint8Array.from([...tumours.map(() => 1), ...others.map(() => 0)]),
      Float32Array.from([...tumours, ...others]),
    )

  it('is that of the lowest threshold that keeps the specificity', () => {
    const [at90, at95, at99] = judgeTumours([1, 0.75, 0.625, 0.5, 0.25, 0.0625])
    expect(at90).toMatchObject({ specificity: 0.9, threshold: 0.25, normalsNeeded: 50 })
    expect(at90.sensitivity!.value).toBe(5 / 6)
    expect(at95).toEqual({ specificity: 0.95, sensitivity: null, threshold: null, normalsNeeded: 100 })
    expect(at99).toMatchObject({ sensitivity: null, normalsNeeded: 500 })
  })

  it('calls patches of one probability together', () => {
    // six normals and two tumours tie: to call them would be six false alarms of fifty
    const [at90] = judgeTumours(
      [1, 0.5, 0.5],
      [...Array<number>(6).fill(0.5), ...Array<number>(44).fill(0.125)],
    )
    expect(at90.sensitivity!.value).toBe(1 / 3)
    expect(at90.threshold).toBe(1)
  })

  it('is 0, without a threshold, where the surest patches are normal', () => {
    const [at90] = judgeTumours([0.125], Array<number>(50).fill(0.875))
    expect(at90.threshold).toBeNull()
    expect(at90.sensitivity).toMatchObject({ value: 0, low: 0 })
    expect(at90.sensitivity!.high).toBeGreaterThan(0.5)
  })

  it('is surer where the curve is flat than where it is steep', () => {
    // two slides of different rates of false alarms; in one case tumours lie there too, in the other all above
    const judgeSlides = (tumour: number) => {
      const patches = Array.from({ length: 600 }, (_, i) => {
        const slide = i % 6
        const label = Number(i < 300)
        const alarm = i % 60 < 5 * slide ? 0.5 + (i % 7) / 64 : 0.125
        return { slide: `${slide}`, label, probability: label ? tumour + (i % 9) / 64 : alarm }
      })
      const { low, high } = judge(
        Uint8Array.from(patches, ({ label }) => label),
        Float32Array.from(patches, ({ probability }) => probability),
        patches.map(({ slide }) => slide),
      )[0].sensitivity!
      return high - low
    }
    expect(judgeSlides(0.5)).toBeGreaterThan(3 * judgeSlides(0.75))
  })

  it('is null where a class is missing', () => {
    for (const label of [0, 1])
      for (const { sensitivity } of judge(new Uint8Array(200).fill(label), new Float32Array(200).fill(0.5)))
        expect(sensitivity).toBeNull()
  })

  it('agrees with trying every threshold, and its interval holds it', () => {
    const patch = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 16 }), fc.nat(4))
    fc.assert(
      fc.property(fc.array(patch, { minLength: 60, maxLength: 300, size: 'max' }), (patches) => {
        const labels = Uint8Array.from(patches, ([label]) => label)
        const probabilities = Float32Array.from(patches, ([, n]) => n / 16)
        const positives = labels.reduce((sum, label) => sum + label, 0)
        const negatives = labels.length - positives
        for (const found of judge(
          labels,
          probabilities,
          patches.map(([, , slide]) => `${slide}`),
        )) {
          if (positives === 0 || negatives < found.normalsNeeded) {
            expect(found.sensitivity).toBeNull()
            continue
          }
          let best = 0
          for (let n = 0; n <= 16; n++) {
            const called = patches.filter(([, own]) => own >= n)
            const hits = called.filter(([label]) => label === 1).length
            const isSpecific = called.length - hits <= (1 - found.specificity) * negatives + 1e-9
            if (isSpecific) best = Math.max(best, hits / positives)
          }
          const { value, low, high } = found.sensitivity!
          expect(value).toBe(best)
          expect(low).toBeLessThanOrEqual(value)
          expect(high).toBeGreaterThanOrEqual(value)
          expect(high).toBeGreaterThan(low)
        }
      }),
      { seed: 1 },
    )
  })

  it('is the same bits whatever the order of rows', () => {
    const patches = makePredictions(900, 17)
    const wanted = JSON.stringify(evaluate({ ...patches, seed: 5 }).sensitivityAt)
    expect(JSON.stringify(evaluate({ ...shufflePredictions(patches, 2), seed: 5 }).sensitivityAt)).toBe(
      wanted,
    )
  })
})
