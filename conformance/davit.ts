// davit_*: MedImageInsight's image encoder against the reference: every convolution and attention, features, embedding.
// Everything is derived from config.json; the checkpoint's text tower is ignored.

import { join } from 'node:path'
import { readNpyFile } from '../src/files/index.ts'
import { constant, input } from '../src/graph/index.ts'
import { type DavitArchitecture, davit } from '../src/models/index.ts'
import { catalog } from '../src/weights/index.ts'
import { compareArrays } from './compare.ts'
import { readParams } from './network.ts'
import type { ConformanceResult } from './result.ts'
import { runGraph } from './runGraph.ts'
import { type Config, describeExpected, readConfig, readInputs, readTensors } from './vitFixture.ts'

/** Runs a fixture's encoder and compares each quantity it gives. Throws DataError for no such fixture. */
export async function checkDavit(folder: string): Promise<ConformanceResult[]> {
  const config = await readConfig(folder)
  const architecture = readArchitecture(config)
  const model = davit(architecture)
  const card = { ...catalog.medimageinsight, architecture }
  const params = await readParams(join(folder, 'weights.safetensors'), card)
  const values = Object.fromEntries(Object.entries(params).map(([name, array]) => [name, constant(array)]))
  const expected = await readTensors(folder, 'outputs.safetensors')
  const results: ConformanceResult[] = []
  for (const [name, images] of Object.entries(await readInputs(folder, config))) {
    const x = input('images', images.shape)
    const { steps, pooled, features, projected, embedding } = model.write(values, x)
    const outputs = {
      ...steps,
      avgpool: pooled,
      forward_features: features,
      image_projection_unnormalised: projected,
      encode_image: embedding,
    }
    const found = await runGraph(outputs, [x], { images })
    for (const [key, reference] of Object.entries(expected)) {
      const quantity = key.slice(name.length + 1)
      if (!key.startsWith(`${name}.`) || quantity.endsWith('size_hw')) continue
      if (!found[quantity]) results.push({ quantity: `${key} (unknown)`, error: Number.NaN, tolerance: 0 })
      else results.push(compareArrays(key, found[quantity], reference, limitOf(key, config)))
    }
    const [of, quantity] = describeExpected(config).split('.')
    if (of !== name) continue
    const reference = await readNpyFile(join(folder, 'expected.npy'))
    const limit = limitOf(`${name}.${quantity}`, config)
    results.push(compareArrays('expected.npy', found[quantity], reference, limit))
  }
  return results
}

// What lies between the blocks has no tolerance of its own: a few times the reference's noise, which grows with it.
function limitOf(key: string, config: Config): { atol: number } {
  if (key.endsWith('encode_image')) return { atol: 3e-6 }
  const noise = config.accuracy[key]?.max_abs_f32_minus_f64 ?? 0
  return { atol: Math.max(2e-5, key.includes('.stage') ? 3 * noise : 0) }
}

function readArchitecture(config: Config): DavitArchitecture {
  const { IMAGE_ENCODER: encoder, UNICL_MODEL: whole } = config.hyper_parameters
  const spec = encoder.SPEC
  return {
    family: 'davit',
    widths: spec.DIM_EMBED,
    depths: spec.DEPTHS,
    heads: spec.NUM_HEADS,
    groups: spec.NUM_GROUPS,
    windowSize: spec.WINDOW_SIZE,
    patchSizes: spec.PATCH_SIZE,
    strides: spec.PATCH_STRIDE,
    paddings: spec.PATCH_PADDING,
    prenorms: spec.PATCH_PRENORM,
    mlpRatio: spec.MLP_RATIO ?? 4,
    projection: whole.DIM_PROJECTION,
    imageSize: encoder.IMAGE_SIZE[0],
    layerNormEps: config.layer_norm_eps,
  }
}
