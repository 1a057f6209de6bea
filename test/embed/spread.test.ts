// Several processes embed what one would: the same rows, whatever their number.

import { describe, expect, it } from 'vitest'
import { openRandom, pixels } from '../../src/base/index.ts'
import { openExtractor } from '../../src/embed/index.ts'
import { countProcesses, spreadExtractor } from '../../src/embed/spread.ts'

const random = openRandom(0, 'patches')
const count = 150 // two whole pieces and a rest
const patches = pixels(
  Uint8Array.from({ length: count * 96 * 96 * 3 }, () => random.integer(256)),
  count,
  96,
  96,
)

describe('an extractor whose batches are embedded by several processes', () => {
  it.each([
    { views: 1, precision: 'fp32' },
    { views: 1, precision: 'int8' },
    { views: 8, precision: 'fp32' },
  ])('gives the rows of a single one (%o)', async (options) => {
    const spec = { name: 'vit:small-vit.json', weights: 'random', ...options }
    const paths = { 'small-vit.json': 'recipes/models/small-vit.json' }
    const resolvePath = (written: string) => paths[written as keyof typeof paths] ?? written
    const alone = await openExtractor(spec, { device: 'cpu', threads: 1, resolvePath })
    const several = spreadExtractor(alone, { spec, paths }, { count: 2, threads: 2, after: 0 })
    try {
      expect(alone.processes).toBeUndefined()
      const expected = await alone.embed(patches)
      expect(await several.embed(patches)).toEqual(expected)
    } finally {
      await several.close()
    }
  })

  it('is opened where there are threads and memory for it, and its network is small enough', async () => {
    expect(countProcesses(undefined, 4)).toBe(1)
    expect(countProcesses(1e6, 1)).toBe(1)
    expect(countProcesses(1e6, 2)).toBe(2)
    expect(countProcesses(1e6, 64)).toBeLessThanOrEqual(8)
    expect(countProcesses(600 * 2 ** 20, 4)).toBe(1)
    const extractor = await openExtractor(
      { name: 'vit:recipes/models/small-vit.json', weights: 'random' },
      { device: 'cpu', threads: 2 },
    )
    expect(extractor.processes).toBe(2)
    await extractor.close()
  })
})
