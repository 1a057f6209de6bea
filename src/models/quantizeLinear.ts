// Linear layers with 8-bit weights, for use on processors: each output's row is scaled by its largest weight.

import { f32, type NdArray, ndarray } from '../base/index.ts'

type Arrays = Readonly<Record<string, NdArray>>

// 7 bits of the 8: processors without VNNI add two products in 16 bits, which 8-bit weights would overflow
// (2 x 255 x 127 > 2^15), and an embedding must not depend on which processor it is.
const levels = 63

/**
 * `params` with every linear layer's weight [outputs, inputs] as int8 [inputs, outputs], and its `scale` [outputs] beside
 * it: a weight is about int8 x scale. A linear layer is a matrix `name.weight` with a `name.bias`.
 */
export function quantizeLinear(params: Arrays): Arrays {
  const quantized: Record<string, NdArray> = {}
  for (const [key, array] of Object.entries(params)) {
    const name = key.replace(/\.weight$/, '')
    const isLinear = name !== key && array.shape.length === 2 && `${name}.bias` in params
    Object.assign(quantized, isLinear ? quantizeWeight(name, array as NdArray<'f32'>) : { [key]: array })
  }
  return quantized
}

function quantizeWeight(name: string, { shape: [outputs, inputs], data }: NdArray<'f32'>): Arrays {
  const weight = new Int8Array(inputs * outputs)
  const scale = new Float32Array(outputs)
  for (let row = 0; row < outputs; row++) {
    let largest = 0
    for (let i = 0; i < inputs; i++) largest = Math.max(largest, Math.abs(data[row * inputs + i]))
    scale[row] = largest / levels
    const step = scale[row] || 1
    for (let i = 0; i < inputs; i++) weight[i * outputs + row] = Math.round(data[row * inputs + i] / step)
  }
  return {
    [`${name}.weight`]: ndarray('i8', [inputs, outputs], weight),
    [`${name}.scale`]: f32([outputs], scale),
  }
}
