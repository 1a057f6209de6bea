import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'

describe('random streams', () => {
  it('repeat for the same seed and labels', () => {
    const draw = () => Array.from({ length: 5 }, openRandom(7, 'dropout', 3).uniform)
    expect(draw()).toEqual(draw())
  })

  it('differ for another seed or label', () => {
    const first = (seed: number, ...labels: string[]) => openRandom(seed, ...labels).uniform()
    expect(new Set([first(0), first(1), first(0, 'a'), first(0, 'b'), first(0, 'a', 'b')]).size).toBe(5)
  })

  it('are uniform and normal to within sampling error', () => {
    const random = openRandom(0, 'moments')
    const uniforms = Array.from({ length: 20_000 }, random.uniform)
    const normals = Array.from({ length: 20_000 }, random.normal)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(uniforms)).toBeCloseTo(0.5, 1)
    expect(Math.abs(mean(normals))).toBeLessThan(0.03)
    expect(Math.abs(mean(normals.map((value) => value * value)) - 1)).toBeLessThan(0.05)
  })

  it('permute every index once', () => {
    const order = openRandom(1, 'order').permutation(1000)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b))
  })
})
