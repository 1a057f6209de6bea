import { describe, expect, it } from 'vitest'
import { openColourPool } from '../../src/stain/colourPool.ts'
import { drawTissue } from './pictures.ts'

const meanOf = (data: Uint8Array, k: number) =>
  data.reduce((sum, level, at) => sum + (at % 3 === k ? level : 0), 0) / (data.length / 3)

describe('a pool of reference pixels', () => {
  it('gives them back as they came while they are few', () => {
    const pool = openColourPool(1000)
    const patch = drawTissue(1, 16)
    pool.add(patch)
    pool.add(patch)
    expect([...pool.bytes()]).toEqual([...patch.data, ...patch.data])
  })

  it('draws evenly by colour once they are many, whatever their order', () => {
    const patches = [1, 2, 3, 4].map((seed) => drawTissue(seed, 64))
    const drawn = [patches, [...patches].reverse()].map((order) => {
      const pool = openColourPool(2000)
      for (const patch of order) pool.add(patch)
      return pool.bytes()
    })
    expect(drawn[0]).toHaveLength(6000)
    expect(Buffer.compare(drawn[0], drawn[1])).toBe(0)
    const all = Uint8Array.from(patches.flatMap(({ data }) => [...data]))
    for (let k = 0; k < 3; k++) expect(Math.abs(meanOf(drawn[0], k) - meanOf(all, k))).toBeLessThan(1)
  })
})
