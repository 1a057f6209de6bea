import { describe, expect, it } from 'vitest'
import { halfToNumber, narrowHalf, widenHalf } from '../../src/formats/index.ts'

describe('narrowHalf', () => {
  it('gives back every half but the spellings of NaN', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i)
    const isNumber = (half: number) => (half & 0x7c00) !== 0x7c00 || (half & 0x3ff) === 0
    const back = narrowHalf(widenHalf(bits))
    expect(bits.filter(isNumber).every((half) => back[half] === half)).toBe(true)
    expect(widenHalf(back.filter((_, half) => !isNumber(half))).every(Number.isNaN)).toBe(true)
  })

  it('rounds to the nearest, ties to even, and ends in infinity', () => {
    const round = (...values: number[]) => [...widenHalf(narrowHalf(Float32Array.from(values)))]
    expect(round(1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20)).toEqual([
      1,
      1 + 2 ** -9,
      1 + 2 ** -10,
    ])
    expect(round(65519, 65520, -70000)).toEqual([65504, Infinity, -Infinity])
    expect(round(2 ** -25, 1.5 * 2 ** -25, 2 ** -24, -(2 ** -30))).toEqual([0, 2 ** -24, 2 ** -24, -0])
    expect(round(2047.5 * 2 ** -25, 2047 * 2 ** -25)).toEqual([2 ** -14, 2 ** -14])
  })
})

describe('halfToNumber', () => {
  it('knows zero, one, subnormal, largest, infinite and NaN', () => {
    expect([0x0000, 0x3c00, 0x0001, 0x7bff, 0xc000, 0x7c00].map(halfToNumber)).toEqual([
      0,
      1,
      2 ** -24,
      65504,
      -2,
      Infinity,
    ])
    expect(halfToNumber(0x7e00)).toBeNaN()
  })
})
