import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { averageProbabilities, overSeeds } from '../../src/evaluate/index.ts'

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
