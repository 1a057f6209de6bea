// A checkpoint of DINOv2 small with made-up values, as published: for tests of what needs a whole model.

import { f32, sizeOf } from '../../src/base/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import { publishedVitShapes } from '../../src/models/index.ts'
import { catalog } from '../../src/weights/index.ts'

/** The bytes of a safetensors file; norms and layer scales are near 1, all else near 0. */
export function drawVitWeights(): Uint8Array {
  const { architecture } = catalog['dinov2-small']
  if (architecture.family !== 'vit') throw new TypeError('dinov2-small is a ViT')
  const tensors = Object.entries(publishedVitShapes(architecture, 'dinov2')).map(([name, shape]) => {
    const values = new Float32Array(sizeOf(shape))
    const centre = /norm\d?\.weight|gamma/.test(name) ? 1 : 0
    for (let i = 0; i < values.length; i++) values[i] = centre + ((i * 7919) % 1009) / 10_000 - 0.05
    return [name, f32(shape, values)] as const
  })
  return writeSafetensors(Object.fromEntries(tensors))
}
