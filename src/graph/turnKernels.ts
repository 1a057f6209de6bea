// Kernels turned by half a circle, with inputs and outputs changed about: what makes a convolution of its transpose and the
// other way round.

import { f32, type NdArray, ndarray } from '../base/index.ts'
import { gather, reshape, transpose } from './ops/index.ts'
import { constant, type Value } from './value.ts'

/** [outputs, inputs, h, w] -> [inputs, outputs, h, w], each kernel turned by half a circle. */
export function turnKernels({ shape, data }: NdArray): NdArray<'f32'> {
  const [outputs, inputs, height, width] = shape
  const area = height * width
  const turned = f32([inputs, outputs, height, width])
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let at = 0; at < area; at++)
        turned.data[(i * outputs + o) * area + at] = data[(o * inputs + i) * area + area - 1 - at] as number
    }
  }
  return turned
}

/** The same of kernels that are known when the graph runs. */
export function writeTurned(weight: Value): Value {
  const [outputs, inputs, height, width] = weight.shape as number[]
  const area = height * width
  const backwards = constant(
    ndarray(
      'i64',
      [area],
      BigInt64Array.from({ length: area }, (_, i) => BigInt(area - 1 - i)),
    ),
  )
  const turned = gather(reshape(weight, [outputs, inputs, area]), backwards, 2)
  return reshape(transpose(turned, [1, 0, 2]), [inputs, outputs, height, width])
}
