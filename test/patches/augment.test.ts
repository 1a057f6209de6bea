import { describe, expect, it } from 'vitest'
import { openRandom, type Pixels, pixels, ShapeError } from '../../src/base/index.ts'
import { flipPatches, symmetryCount, turnPatches } from '../../src/patches/index.ts'

const drawsOf = (seed: number) => (index: number) => openRandom(seed, index)
const square = pixels(
  Uint8Array.from({ length: 12 }, (_, i) => i),
  1,
  2,
  2,
)
const stripes = pixels(
  Uint8Array.from({ length: 3 * 12 * 9 }, (_, i) => (i % 7) * 30),
  1,
  12,
  9,
)
const keyOf = ({ data }: Pixels) => data.join()

describe('flipping patches', () => {
  const symmetries = Array.from({ length: symmetryCount }, (_, symmetry) => symmetry)
  const corners = ({ data }: Pixels) => [0, 1, 2, 3].map((i) => data[3 * i] / 3).join('')

  it('gives the symmetries of a square by their bits: left and right, top and bottom, rows and columns', () => {
    const shown = symmetries.map((symmetry) => corners(flipPatches(square, symmetry)))
    expect(shown).toEqual(['0123', '1032', '2301', '3210', '0213', '1302', '2031', '3120'])
  })

  it('gives a patch that was flipped the same eight views, in another order', () => {
    const shown = (patch: Pixels) => symmetries.map((symmetry) => keyOf(flipPatches(patch, symmetry))).sort()
    for (const symmetry of symmetries) expect(shown(flipPatches(square, symmetry))).toEqual(shown(square))
  })

  it('takes square patches only', () => {
    expect(() => flipPatches(stripes, 1)).toThrow(ShapeError)
  })
})

describe('turning patches', () => {
  it('shows all eight symmetries of a square, and no pixel that was not there', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const turned = turnPatches(square, drawsOf(seed), { flips: true, rotation: 0 })
      seen.add(keyOf(turned))
      const corners = [0, 1, 2, 3].map((i) => turned.data[3 * i])
      expect([...corners].sort((a, b) => a - b)).toEqual([0, 3, 6, 9])
    }
    expect(seen.size).toBe(8)
  })

  it('leaves the four symmetries to a patch that is not square', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 100; seed++) {
      seen.add(keyOf(turnPatches(stripes, drawsOf(seed), { flips: true, rotation: 0 })))
    }
    expect(seen.size).toBe(4)
  })

  it('keeps one colour one colour at any angle: no corner turns black', () => {
    const plain = pixels(new Uint8Array(3 * 31 * 17).fill(200), 1, 31, 17)
    for (let seed = 0; seed < 20; seed++) {
      const { data } = turnPatches(plain, drawsOf(seed), { flips: false, rotation: 180 })
      expect(data.every((level) => level === 200)).toBe(true)
    }
  })

  it('turns by the angle: a small one moves the middle little and the rim more', () => {
    const ramp = pixels(
      Uint8Array.from({ length: 3 * 101 * 101 }, (_, i) => 2 * (Math.floor(i / 3) % 101)),
      1,
      101,
      101,
    )
    const { data } = turnPatches(ramp, drawsOf(3), { flips: false, rotation: 20 })
    const moved = (x: number, y: number) => Math.abs(data[3 * (y * 101 + x)] - 2 * x)
    expect(moved(50, 50)).toBeLessThanOrEqual(1)
    expect(moved(50, 10)).toBeGreaterThan(3)
  })

  it('leaves the input alone, and the patch where nothing is asked', () => {
    const before = keyOf(stripes)
    expect(keyOf(turnPatches(stripes, drawsOf(1), { flips: false, rotation: 0 }))).toBe(before)
    turnPatches(stripes, drawsOf(1), { flips: true, rotation: 90 })
    expect(keyOf(stripes)).toBe(before)
  })

  it('decides on each patch by its own stream', () => {
    const two = pixels(Uint8Array.from([...stripes.data, ...stripes.data]), 2, 12, 9)
    const one = turnPatches(stripes, () => openRandom(5), { flips: true, rotation: 45 })
    const both = turnPatches(two, (index) => openRandom(5 + index), { flips: true, rotation: 45 })
    expect(both.data.subarray(0, one.data.length).join()).toBe(keyOf(one))
    expect(both.data.subarray(one.data.length).join()).not.toBe(keyOf(one))
  })
})
