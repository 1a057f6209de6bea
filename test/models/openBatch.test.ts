// Networks whose batch is named: one model for any number of images, with the numbers of a fixed one.

import { describe, expect, it } from 'vitest'
import { f32, type NdArray, sizeOf } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { constant, emitModel, input } from '../../src/graph/index.ts'
import { type DavitArchitecture, davit, type VitArchitecture, vit } from '../../src/models/index.ts'
import { inferencePass, type Model } from '../../src/nn/index.ts'
import { initParams } from '../../src/train/index.ts'

const plain: VitArchitecture = {
  family: 'vit',
  width: 8,
  depth: 2,
  heads: 2,
  patchSize: 4,
  imageSize: 16,
  mlp: { kind: 'swiglu', hidden: 16 },
  registers: 2,
  layerScale: true,
  positions: 'class and patches',
  maskToken: false,
  layerNormEps: 1e-6,
  resampling: 'hub with registers',
}
const windows: DavitArchitecture = {
  family: 'davit',
  widths: [8, 16],
  depths: [1, 1],
  heads: [2, 4],
  groups: [2, 4],
  windowSize: 3, // does not divide the map: windows are padded
  patchSizes: [7, 3],
  strides: [4, 2],
  paddings: [3, 1],
  prenorms: [false, true],
  mlpRatio: 2,
  projection: 6,
  imageSize: 32,
  layerNormEps: 1e-5,
}

async function run(model: Model, batch: number | string, images: NdArray<'f32'>) {
  const params = initParams(model.params, 1)
  const values = Object.fromEntries(Object.entries(params).map(([name, array]) => [name, constant(array)]))
  const x = input('x', [batch, ...images.shape.slice(1)])
  const session = await openSession(emitModel({ y: model.apply(values, x, inferencePass) }), {
    provider: 'cpu',
  })
  try {
    return (await session.run({ x: images })).y
  } finally {
    await session.close()
  }
}

describe('a batch whose size is named', () => {
  it.each([
    ['a ViT', vit(plain), 16],
    ['a ViT with positions for all tokens', vit({ ...plain, positions: 'all' }), 16],
    ['a ViT with positions for patches', vit({ ...plain, positions: 'patches' }), 16],
    ['a ViT with rotary positions', vit({ ...plain, positions: 'rotary' }), 16],
    ['a DaViT', davit(windows), 32],
  ] as const)('gives what a fixed one gives: %s', async (_, model, side) => {
    for (const count of [1, 3]) {
      const shape = [count, 3, side, side]
      const images = f32(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * i)),
      )
      const [fixed, named] = [await run(model, count, images), await run(model, 'n', images)]
      expect(named.shape).toEqual(fixed.shape)
      const errors = Array.from(fixed.data as Float32Array, (value, i) =>
        Math.abs(value - Number(named.data[i])),
      )
      expect(Math.max(...errors)).toBeLessThan(1e-5)
    }
  })
})
