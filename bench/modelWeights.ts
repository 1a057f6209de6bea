// Checkpoints of known models at full size with made-up values, written tensor by tensor: for figures that do not depend
// on what a model has learnt.

import { open } from 'node:fs/promises'
import { openRandom, sizeOf } from '../src/base/index.ts'
import { catalog, type ModelName, publishedShapes } from '../src/weights/index.ts'

/** Writes a safetensors file as a model's publisher names it; norms and layer scales near 1, all else near 0. */
export async function writeModelWeights(path: string, model: ModelName): Promise<void> {
  const shapes = Object.entries(publishedShapes(catalog[model]))
  const header: Record<string, object> = {}
  let size = 0
  for (const [name, shape] of shapes) {
    const end = size + 4 * sizeOf(shape)
    header[name] = { dtype: 'F32', shape, data_offsets: [size, end] }
    size = end
  }
  const text = JSON.stringify(header)
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  const random = openRandom(0, 'bench weights')
  const noise = Float32Array.from({ length: 1 << 16 }, () => 0.02 * random.normal())
  const file = await open(path, 'w')
  try {
    await file.writeFile(Buffer.concat([length, padded]))
    for (const [name, shape] of shapes) {
      const centre = /norm.*weight|gamma|lambda|ls\d/.test(name) ? 1 : 0
      const values = new Float32Array(sizeOf(shape))
      for (let i = 0; i < values.length; i++) values[i] = centre + noise[(i * 7 + name.length) & 0xffff]
      await file.writeFile(new Uint8Array(values.buffer))
    }
  } finally {
    await file.close()
  }
}
