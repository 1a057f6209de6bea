import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { averageProbabilities, chooseThreshold, evaluate, overSeeds } from '../../src/evaluate/index.ts'
import { makePredictions } from './patches.ts'

describe('overSeeds', () => {
  it('gives the mean and the sample standard deviation', () => {
    expect(overSeeds([1, 2, 6])).toEqual({ mean: 3, sd: Math.sqrt(7) })
    expect(overSeeds([0.5])).toEqual({ mean: 0.5, sd: 0 })
    expect(overSeeds([0.1, 0.2, 0.3])).toEqual(overSeeds([0.3, 0.1, 0.2]))
    expect(() => overSeeds([])).toThrow(DataError)
  })
})

describe('averageProbabilities', () => {
  it('averages patch by patch', () => {
    expect(averageProbabilities([Float32Array.of(0, 0.5), Float32Array.of(0.5, 1)])).toEqual(
      Float32Array.of(0.25, 0.75),
    )
  })

  it('refuses no models and models of different lengths', () => {
    expect(() => averageProbabilities([])).toThrow(DataError)
    expect(() => averageProbabilities([new Float32Array(2), new Float32Array(3)])).toThrow(/got 3/)
  })
})

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
