// Weights that stay in their file: the model says where they lie, and ONNX Runtime maps the file into memory. Nothing of
// them passes through JavaScript.

import { realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { f32, type NdArray, sizeOf } from '../../base/index.ts'
import type { TensorPlace } from '../../formats/onnx/index.ts'
import { concat, constant, input, mul, reshape, type Value } from '../../graph/index.ts'
import { listScaledLayers } from '../../models/index.ts'
import type { Params } from '../../weights/index.ts'
import type { ModelPlan } from './modelOptions.ts'

/** A model's parameters as graph values, and what a session needs to find them. */
export interface PlacedWeights {
  readonly architecture: ModelPlan['architecture']
  readonly values: Readonly<Record<string, Value>>
  readonly placed: Readonly<Record<string, TensorPlace>>
  /** The folder of all the files. */
  readonly folder: string
  /** Nothing is fed. */
  readonly arrays: Readonly<Record<string, NdArray>>
}

/** Places every parameter, or gives null where one must be converted or files lie in several folders. */
export async function placeWeights(
  { architecture }: ModelPlan,
  params: Params,
): Promise<PlacedWeights | null> {
  const values: Record<string, Value> = {}
  const placed: Record<string, TensorPlace> = {}
  const folders = new Set<string>()
  for (const name of Object.keys(params.shapes)) {
    const rows = await params.place(name)
    if (!rows) return null
    // Resampled when the graph is written, so its values are needed here; it is small.
    if (name === 'pos_embed') {
      values[name] = constant(await params.read(name))
      continue
    }
    const parts: Value[] = []
    for (const [i, { shape, place }] of rows.entries()) {
      if (!place) {
        parts.push(constant(f32(shape)))
        continue
      }
      // A cache holds links; ONNX Runtime wants the file itself to be in the folder it is told.
      const path = await realpath(place.path)
      folders.add(dirname(path))
      const part = rows.length === 1 ? name : `${name}:${i}`
      placed[part] = { file: basename(path), offset: place.offset, length: 4 * sizeOf(shape) }
      parts.push(input(part, shape))
    }
    values[name] = parts.length === 1 ? parts[0] : concat(parts, 0)
  }
  if (folders.size !== 1) return null
  const [folder] = folders
  if (architecture.family === 'davit') return { architecture, values, placed, folder, arrays: {} }
  // What follows from constants ONNX Runtime computes once, when the session is opened.
  for (const { layer, gamma } of listScaledLayers(architecture)) {
    const factors = values[gamma]
    values[`${layer}.weight`] = mul(values[`${layer}.weight`], reshape(factors, [-1, 1]))
    values[`${layer}.bias`] = mul(values[`${layer}.bias`], factors)
  }
  return { architecture: { ...architecture, layerScale: false }, values, placed, folder, arrays: {} }
}
