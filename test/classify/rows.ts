// Made-up embeddings: two classes that overlap, in dimensions of very different size, one of them constant.

import { f32, openRandom } from '../../src/base/index.ts'
import type { LabelledEmbeddings } from '../../src/classify/index.ts'

/** `rows` labelled embeddings; `shift` moves all of them, as another center would. */
export function makeRows(rows: number, dimensions = 12, seed = 1, shift = 0): LabelledEmbeddings {
  const random = openRandom(seed, 'rows')
  const y = Uint8Array.from({ length: rows }, (_, row) => row % 2)
  const x = f32([rows, dimensions])
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < dimensions; column++) {
      const signal = column < 4 ? (y[row] === 1 ? 0.8 : -0.8) : 0
      x.data[row * dimensions + column] = (signal + random.normal() + shift) * 10 ** (column % 5) + column
    }
    x.data[row * dimensions + dimensions - 1] = 0.3
  }
  return { x, y }
}

/** The share of probabilities on the right side of .5. */
export function measureAccuracy(probabilities: Float32Array, y: Uint8Array): number {
  return probabilities.reduce((right, p, row) => right + Number(p >= 0.5 === (y[row] === 1)), 0) / y.length
}

/** The rows in another order. */
export function reorderRows({ x, y }: LabelledEmbeddings, order: ArrayLike<number>): LabelledEmbeddings {
  const columns = x.shape[1]
  const rows = Array.from(order)
  return {
    x: f32(
      [rows.length, columns],
      rows.flatMap((row) => [...x.data.subarray(row * columns, (row + 1) * columns)]),
    ),
    y: Uint8Array.from(rows, (row) => y[row]),
  }
}

/** The center of each of so many rows, one center after the other. */
export function makeCenters(sizes: readonly number[]): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(sizes.flatMap((size, center) => Array(size).fill(center)))
}
