// From a network's output to one row a patch.

import { DataError, type NdArray } from '../../base/index.ts'
import type { ReadoutPlan } from '../../models/index.ts'
import type { Pooling } from './onnxOptions.ts'

/** The length of an embedding pooled from an output of `shape`. */
export function pooledSize(shape: readonly number[], pooling: Pooling): number {
  const width = shape.length === 3 ? shape[2] : shape[1]
  return pooling === 'cls+mean' ? 2 * width : width
}

/**
 * Writes the embeddings of the first `count` entries of an output into `rows` from row `first` on.
 * Tokens are [batch, token, width], of which the first `prefixTokens` are no patch tokens; maps are
 * [batch, channel, height, width]. Throws DataError, beginning with `where`, where a value is not finite.
 */
export function poolOutput(
  where: string,
  output: NdArray,
  { pooling, prefixTokens }: ReadoutPlan,
  count: number,
  rows: Float32Array,
  first: number,
): void {
  const data = output.data as Float32Array
  const size = pooledSize(output.shape, pooling)
  const stride = data.length / output.shape[0]
  for (let i = 0; i < count; i++) {
    const values = data.subarray(i * stride, (i + 1) * stride)
    const row = rows.subarray((first + i) * size, (first + i + 1) * size)
    if (pooling === 'output') row.set(values)
    else if (output.shape.length === 4) averageMaps(values, row)
    else {
      const width = output.shape[2]
      if (pooling !== 'mean') row.set(values.subarray(0, width))
      if (pooling !== 'cls') averageTokens(values, width, prefixTokens, row.subarray(size - width))
    }
    const wrong = row.find((value) => !Number.isFinite(value))
    if (wrong === undefined) continue
    throw new DataError({
      where: `${where} embedding`,
      expected: 'finite values',
      got: `${wrong} in patch ${first + i} of its batch`,
      hint: 'check the weights and the range of the input (mean, std); half precision ends at 65,504',
    })
  }
}

function averageTokens(values: Float32Array, width: number, prefixTokens: number, row: Float32Array): void {
  const tokens = values.length / width - prefixTokens
  const sums = new Float64Array(width)
  for (let at = prefixTokens * width; at < values.length; at += width) {
    for (let i = 0; i < width; i++) sums[i] += values[at + i]
  }
  for (let i = 0; i < width; i++) row[i] = sums[i] / tokens
}

function averageMaps(values: Float32Array, row: Float32Array): void {
  const area = values.length / row.length
  for (let channel = 0; channel < row.length; channel++) {
    let sum = 0
    for (let i = channel * area; i < (channel + 1) * area; i++) sum += values[i]
    row[channel] = sum / area
  }
}
