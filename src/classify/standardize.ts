// Standardisation of embeddings: each dimension less its mean, over its standard deviation, both of train only.

import { f32, type NdArray, ndarray } from '../base/index.ts'

/** Per dimension: `z = clip((x - mean) * scale, -limit, limit)`. A scale of 0 silences a dimension. */
export interface Standardization {
  readonly mean: Float32Array
  readonly scale: Float32Array
}

/**
 * Standardised values end here, in standard deviations: a dimension that hardly varies in the training centers
 * (the share of black pixels, say) may lie hundreds of them away in a new one and must not decide alone.
 */
export const standardizationLimit = 10

/** The standardisation of x [rows, dimensions]; a dimension that does not vary beyond rounding gets scale 0. */
export function fitStandardization(x: NdArray<'f32'>): Standardization {
  const [rows, columns] = x.shape
  const mean = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) mean[column] += x.data[row * columns + column] / rows
  }
  const variance = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      variance[column] += (x.data[row * columns + column] - mean[column]) ** 2 / rows
    }
  }
  const scale = variance.map((value, column) => {
    const sd = Math.sqrt(value)
    return sd <= 1e-7 * Math.abs(mean[column]) ? 0 : 1 / sd
  })
  return { mean: Float32Array.from(mean), scale: Float32Array.from(scale) }
}

/** Standardised rows in `z`, a new array or that of `x` itself; the same float32 arithmetic as in head.onnx. */
export function standardizeRows(
  x: NdArray<'f32'>,
  { mean, scale }: Standardization,
  z: Float32Array = new Float32Array(x.data.length),
): NdArray<'f32'> {
  const columns = x.shape[1]
  const { data } = x
  for (let start = 0; start < z.length; start += columns) {
    for (let column = 0; column < columns; column++) {
      const value = Math.fround(Math.fround(data[start + column] - mean[column]) * scale[column])
      z[start + column] =
        value > standardizationLimit
          ? standardizationLimit
          : value < -standardizationLimit
            ? -standardizationLimit
            : value
    }
  }
  return f32(x.shape, z)
}

/** A standardisation as the tensors of head.safetensors. */
export function listStandardization(standardization: Standardization | null): Record<string, NdArray> {
  if (!standardization) return {}
  const { mean, scale } = standardization
  return {
    'standardization.mean': ndarray('f32', [mean.length], mean),
    'standardization.scale': ndarray('f32', [scale.length], scale),
  }
}

/** The standardisation among the tensors of head.safetensors, or null. */
export function readStandardization(tensors: Readonly<Record<string, NdArray>>): Standardization | null {
  const mean = tensors['standardization.mean']
  const scale = tensors['standardization.scale']
  return mean && scale ? { mean: mean.data as Float32Array, scale: scale.data as Float32Array } : null
}
