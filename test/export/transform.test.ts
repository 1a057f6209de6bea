// The ops before a network, against what `patches` and `stain` do to the same bytes: equal bit for bit.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imageNet, openRandom, type Pixels, pixels } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { writeTransform } from '../../src/export/index.ts'
import { cast, emitModel, input, transpose } from '../../src/graph/index.ts'
import { type ImageTransform, resizeFilters, toTensor, transformPixels } from '../../src/patches/index.ts'

// Noise, black and white: bytes at which a filter with negative lobes leaves 0..255.
function drawPixels(count: number, height: number, width: number, seed: number): Pixels {
  const random = openRandom(seed, 'bytes')
  const level = () => [0, 255, random.integer(256)][random.integer(3)]
  const data = Uint8Array.from({ length: count * height * width * 3 }, level)
  return pixels(data, count, height, width)
}

async function runTransform(batch: Pixels, transform: ImageTransform): Promise<Float32Array> {
  const { count, height, width, data } = batch
  const patches = input('patches', ['n', height, width, 3], 'u8')
  const images = writeTransform(transpose(cast(patches, 'f64'), [0, 3, 1, 2]), transform)
  const session = await openSession(emitModel({ images }), { provider: 'cpu' })
  try {
    const fed = { patches: { dtype: 'u8', shape: [count, height, width, 3], data } } as const
    return (await session.run(fed)).images.data as Float32Array
  } finally {
    await session.close()
  }
}

const side = fc.integer({ min: 1, max: 40 })
const sides = fc.record({ height: side, width: side })

describe('writeTransform', () => {
  it('makes the numbers that the extractors make, for every filter, size and crop', async () => {
    const transforms = fc.record({
      resize: fc.oneof(
        fc.constant(null),
        sides,
        fc.record({ side, edge: fc.constantFrom('shorter', 'both') }),
      ),
      filter: fc.constantFrom(...(Object.keys(resizeFilters) as (keyof typeof resizeFilters)[])),
      crop: fc.oneof(fc.constant(null), side, sides),
      mean: fc.constantFrom(null, imageNet.mean),
      std: fc.constantFrom(null, imageNet.std),
    }) as fc.Arbitrary<ImageTransform>
    await fc.assert(
      fc.asyncProperty(transforms, sides, fc.nat(1e6), async (transform, { height, width }, seed) => {
        const batch = drawPixels(2, height, width, seed)
        const expected = toTensor(transformPixels(batch, transform), transform.mean, transform.std)
        expect(await runTransform(batch, transform)).toEqual(expected.data)
      }),
      { numRuns: 150, seed: 4 },
    )
  })
})
