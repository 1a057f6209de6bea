// Distances as dot products: training rows and new rows are each prepared once, so that one matrix product ranks
// every pair, and a distance is read from its dot product.

import { f32, type NdArray } from '../base/index.ts'

/** How rows are prepared, and how a dot product of prepared rows becomes a distance; larger means nearer. */
export interface Metric {
  prepareMemory(x: NdArray<'f32'>): NdArray<'f32'>
  prepareQuery(x: NdArray<'f32'>): NdArray<'f32'>
  toDistance(product: number): number
}

/** The metrics by name. */
export const metrics = {
  // 1 - cosine of the angle: rows of length 1
  cosine: {
    prepareMemory: normalizeRows,
    prepareQuery: normalizeRows,
    toDistance: (product) => Math.max(0, 1 - product),
  },
  // |x - m|: [x, 1, -|x|^2/2] . [m, -|m|^2/2, 1] = -|x - m|^2 / 2
  euclidean: {
    prepareMemory: (x) => appendColumns(x, (square) => [-square / 2, 1]),
    prepareQuery: (x) => appendColumns(x, (square) => [1, -square / 2]),
    toDistance: (product) => Math.sqrt(Math.max(0, -2 * product)),
  },
} satisfies Record<string, Metric>

/** The name of a metric. */
export type MetricName = keyof typeof metrics

// Rows of length 1; a row of zeros stays.
function normalizeRows(x: NdArray<'f32'>): NdArray<'f32'> {
  const [rows, columns] = x.shape
  const data = new Float32Array(x.data.length)
  for (let row = 0; row < rows; row++) {
    const length = Math.sqrt(squareRow(x, row)) || 1
    for (let i = row * columns; i < (row + 1) * columns; i++) data[i] = x.data[i] / length
  }
  return f32(x.shape, data)
}

function appendColumns(x: NdArray<'f32'>, values: (square: number) => [number, number]): NdArray<'f32'> {
  const [rows, columns] = x.shape
  const data = new Float32Array(rows * (columns + 2))
  for (let row = 0; row < rows; row++) {
    data.set(x.data.subarray(row * columns, (row + 1) * columns), row * (columns + 2))
    data.set(values(squareRow(x, row)), row * (columns + 2) + columns)
  }
  return f32([rows, columns + 2], data)
}

function squareRow({ data, shape }: NdArray<'f32'>, row: number): number {
  const columns = shape[1]
  let square = 0
  for (let i = row * columns; i < (row + 1) * columns; i++) square += data[i] ** 2
  return square
}
