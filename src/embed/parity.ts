// Whether an extractor gives what its publisher's code gives: an embedding of a fixed patch to look at, and figures of
// how far embeddings are from reference outputs.

import { DataError, type NdArray, type Pixels, pixels } from '../base/index.ts'
import { compareRows } from './agreement.ts'

/** Embeddings beside reference outputs of the same images. */
export interface Parity {
  readonly images: number
  /** The largest difference of a value, and the same over the largest reference value. */
  readonly largest: number
  readonly relative: number
  /** The least cosine between an embedding and its reference. */
  readonly leastCosine: number
  /** Whether `relative` is below 1e-3: other rounding, not another computation. */
  readonly agrees: boolean
}

/**
 * One patch of 96 x 96 pixels that anybody can make again: red, green and blue (channels 0 to 2) of row y and column x
 * are (x (3 + channel) + y (5 - channel)) mod 256.
 */
export function makeSmokePatch(): Pixels {
  const side = 96
  const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % side, Math.floor(i / 3 / side)]
    return (x * (3 + channel) + y * (5 - channel)) % 256
  })
  return pixels(data, 1, side, side)
}

/** Images as NumPy holds them, uint8 [count, height, width, 3], as patches. Throws DataError for another array. */
export function pixelsOfArray({ dtype, shape, data }: NdArray, where: string): Pixels {
  const [count, height, width, channels] = shape
  if (dtype === 'u8' && shape.length === 4 && channels === 3)
    return pixels(data as Uint8Array, count, height, width)
  const expected = 'images as uint8 [count, height, width, 3]'
  throw new DataError({ where, expected, got: `${dtype} [${shape.join(', ')}]` })
}

/** Compares rows with reference outputs [count, dimensions]. Throws DataError where the shapes are not the same. */
export function compareWithReference(
  rows: Float32Array,
  reference: NdArray,
  dimensions: number,
  where: string,
): Parity {
  const images = rows.length / dimensions
  const { shape } = reference
  if (shape.length !== 2 || shape[0] !== images || shape[1] !== dimensions) {
    throw new DataError({
      where,
      expected: `outputs [${images}, ${dimensions}]`,
      got: `[${shape.join(', ')}]`,
      hint: 'give one row for each image, pooled as the model is (or set pooling)',
    })
  }
  const wanted = Float32Array.from(reference.data as ArrayLike<number>, Number)
  const largest = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - rows[i])), 0)
  const relative = largest / wanted.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE)
  const leastCosine = compareRows(rows, wanted, dimensions).min
  return { images, largest, relative, leastCosine, agrees: relative < 1e-3 }
}
