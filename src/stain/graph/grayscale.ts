// Grayscale as graph ops: stain/grayscale.ts's luma in whole numbers, in all three channels.

import { lumaBits, lumaHalf, lumaWeights, ndarray } from '../../base/index.ts'
import { add, constant, floor, matmul, mul, type Value } from '../../graph/index.ts'

/** Bytes [n, height, width, 3] (float64) as their luma. */
export function writeGrayscale(bytes: Value): Value {
  const weights = lumaWeights.flatMap((weight) => [weight, weight, weight])
  const sums = matmul(bytes, constant(ndarray('f64', [3, 3], Float64Array.from(weights))))
  return floor(mul(add(sums, lumaHalf), 2 ** -lumaBits))
}
