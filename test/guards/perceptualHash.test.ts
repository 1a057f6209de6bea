// A patch's hash is that of all its views, and only patches with detail have one.

import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../src/base/index.ts'
import { hashLooks, turnHashes } from '../../src/guards/perceptualHash.ts'
import { drawTissue, fillPatch } from '../stain/pictures.ts'
import { turnPatch } from './copies.ts'

const bitsOf = (hash: Int32Array) =>
  Array.from({ length: 256 }, (_, bit) => (hash[bit >> 5] >>> (bit & 31)) & 1)
const countDifferent = (a: Int32Array, b: Int32Array) =>
  bitsOf(a).filter((bit, i) => bit !== bitsOf(b)[i]).length

describe('the hash of looks', () => {
  it.each([96, 64, 70])('of a patch of %i pixels gives that of each view to the bit', (side) => {
    const patch = drawTissue(1, side)
    const hash = hashLooks(patch)
    for (let view = 0; view < 8; view++) {
      expect(countDifferent(turnHashes(hash, view), hashLooks(turnPatch(patch, view)))).toBe(0)
    }
    const views = Array.from({ length: 8 }, (_, view) => turnHashes(hash, view).join())
    expect(new Set(views).size).toBe(8)
  })

  it('differs by chance between patches, half of the bits', () => {
    const hashes = Array.from({ length: 40 }, (_, seed) => hashLooks(drawTissue(seed, 96)))
    const differences = hashes.slice(1).map((hash) => countDifferent(hash, hashes[0]))
    expect(differences.reduce((sum, value) => sum + value, 0) / 39).toBeCloseTo(127, -1)
    expect(Math.min(...differences)).toBeGreaterThan(90)
  })

  it('is left out where less than half of a patch has detail', () => {
    const isLeftOut = (patch: Pixels) => hashLooks(patch).every((word) => word === 0)
    const black = fillPatch(0, 96, () => 0)
    const glass = fillPatch(0, 96, (random) => 240 + random.integer(4))
    const ramp = fillPatch(0, 96, (_, at) => Math.floor(at / 288) / 8)
    expect([black, glass, ramp, drawTissue(1, 96, 0.2), drawTissue(1, 24)].map(isLeftOut)).toEqual(
      Array(5).fill(true),
    )
    expect([drawTissue(1, 96, 0.6), drawTissue(1, 32)].map(isLeftOut)).toEqual([false, false])
  })

  it('does not look at edges where cells do not go up in the side, and takes no side for another', () => {
    const patch = drawTissue(1, 96)
    const wide: Pixels = { ...patch, height: 48, width: 192 }
    expect(hashLooks(wide)).not.toEqual(hashLooks(patch))
    const changed = drawTissue(1, 65)
    const edge = changed.data.map((value, at) => (at % 195 >= 192 ? 255 - value : value))
    expect(hashLooks({ ...changed, data: edge })).toEqual(hashLooks(changed))
  })
})
