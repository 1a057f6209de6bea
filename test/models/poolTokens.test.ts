import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../src/base/index.ts'
import { input } from '../../src/graph/index.ts'
import { countPrefixTokens, planReadout, poolTokens } from '../../src/models/index.ts'

const facts = (patchSide: number | null, side = 224, stated: number | null = null) => ({
  sides: [side, side] as const,
  patchSide,
  stated,
})
const free = { pooling: null, prefixTokens: null }

describe('countPrefixTokens', () => {
  it('is what the grid of patches leaves over', () => {
    const count = (tokens: number, patchSide: number | null) =>
      countPrefixTokens(tokens, facts(patchSide))?.tokens
    expect(count(257, 14)).toBe(1) // DINOv2
    expect(count(261, 14)).toBe(5) // with four registers
    expect(count(265, 14)).toBe(9) // UNI2-h has eight
    expect(count(201, 16)).toBe(5) // DINOv3
    expect(count(196, 16)).toBe(0) // SigLIP has no class token
    expect(count(261, null)).toBe(5) // the only side that leaves a few
    expect(count(50, 16)).toBe(1) // windows merged to 7 x 7 and a token: not the patch side
  })

  it('says nothing where nothing fits or several sides do', () => {
    expect(countPrefixTokens(300, facts(null))).toBeNull()
    expect(countPrefixTokens(5, facts(null, 8))).toBeNull() // 2 x 2 and one, or 1 and 4
    expect(countPrefixTokens(32, facts(14))).toBeNull() // queries of another network, no grid
    expect(countPrefixTokens(17, { sides: null, patchSide: 8 })).toBeNull()
  })
})

describe('planReadout', () => {
  const plan = (
    tokens: number,
    wanted: Partial<Parameters<typeof planReadout>[2]>,
    known: Parameters<typeof planReadout>[3],
  ) => planReadout('x.onnx', [1, tokens, 8], { ...free, ...wanted }, known)

  it('leaves class and register tokens out of a mean, counted or as a file states', () => {
    expect(plan(261, { pooling: 'mean' }, facts(14))).toEqual({ pooling: 'mean', prefixTokens: 5 })
    expect(plan(300, { pooling: 'mean' }, facts(null, 224, 5))).toEqual({ pooling: 'mean', prefixTokens: 5 })
    expect(plan(300, { pooling: 'mean', prefixTokens: 44 }, facts(null))).toEqual({
      pooling: 'mean',
      prefixTokens: 44,
    })
  })

  it('refuses another number than the grid leaves, whoever says it', () => {
    const message = /expected prefixTokens 5, the rest of 261 tokens, got 1/
    expect(() => plan(261, { pooling: 'mean', prefixTokens: 1 }, facts(14))).toThrow(ShapeError)
    expect(() => plan(261, { pooling: 'mean', prefixTokens: 1 }, facts(14))).toThrow(message)
    expect(() => plan(261, { pooling: 'mean' }, facts(14, 224, 1))).toThrow(message)
    expect(() => plan(5, { pooling: 'mean', prefixTokens: 5 }, facts(null))).toThrow(/less than 5/)
  })

  it('guesses nothing for a mean', () => {
    expect(() => plan(300, { pooling: 'mean' }, facts(null))).toThrow(/set prefixTokens/)
    expect(() => plan(300, { pooling: 'cls+mean' }, facts(null))).toThrow(/set prefixTokens/)
    expect(plan(300, {}, facts(null))).toEqual({ pooling: 'cls', prefixTokens: 1 })
  })

  it('averages tokens that have no class token, and refuses to take one from them', () => {
    expect(plan(196, {}, facts(16))).toEqual({ pooling: 'mean', prefixTokens: 0 })
    expect(() => plan(196, { pooling: 'cls' }, facts(16))).toThrow(/expected a class token/)
  })
})

describe('poolTokens', () => {
  it('refuses a mean of no tokens', () => {
    const tokens = input('tokens', ['n', 5, 8])
    expect(poolTokens(tokens, { pooling: 'cls+mean', prefixTokens: 4 }).shape).toEqual(['n', 16])
    expect(() => poolTokens(tokens, { pooling: 'mean', prefixTokens: 5 })).toThrow(
      /more than 5 tokens, got 5/,
    )
  })
})
