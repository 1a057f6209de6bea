// Rows of inputs and targets in memory: checked, gathered into batches, cut into runs.

import { f32, type NdArray, ShapeError, sizeOf } from '../base/index.ts'

/** Inputs and what should come out: x [rows, ...], y [rows, ...]. */
export interface Samples {
  readonly x: NdArray<'f32'>
  readonly y: NdArray<'f32'>
}

/** Throws ShapeError where x and y have not the same number of rows, or none. */
export function checkSamples(where: string, { x, y }: Samples): void {
  if (x.shape[0] === y.shape[0] && x.shape[0] > 0) return
  throw new ShapeError({
    where,
    expected: 'as many rows of y as of x, at least 1',
    got: `${x.shape[0]} and ${y.shape[0]}`,
  })
}

/** Arrays of one batch, filled anew for each step. */
export interface Batch {
  readonly arrays: { readonly x: NdArray<'f32'>; readonly y: NdArray<'f32'> }
  /** Copies these rows into the arrays. */
  gather(rows: Uint32Array): void
}

/** Arrays for `size` rows of `samples`. */
export function openBatch(samples: Samples, size: number): Batch {
  const part = (array: NdArray<'f32'>) => f32([size, ...array.shape.slice(1)])
  const arrays = { x: part(samples.x), y: part(samples.y) }
  return {
    arrays,
    gather(rows) {
      gatherRows(samples.x, rows, arrays.x)
      gatherRows(samples.y, rows, arrays.y)
    },
  }
}

function gatherRows(from: NdArray<'f32'>, rows: Uint32Array, to: NdArray<'f32'>): void {
  const width = sizeOf(from.shape.slice(1))
  for (let i = 0; i < rows.length; i++) {
    to.data.set(from.data.subarray(rows[i] * width, (rows[i] + 1) * width), i * width)
  }
}

/** The samples in runs of at most `rowsPerRun` rows, sharing their memory. */
export function splitRows({ x, y }: Samples, rowsPerRun: number): Samples[] {
  const chunks: Samples[] = []
  const part = (array: NdArray<'f32'>, start: number, end: number) => {
    const width = sizeOf(array.shape.slice(1))
    return f32([end - start, ...array.shape.slice(1)], array.data.subarray(start * width, end * width))
  }
  for (let start = 0; start < x.shape[0]; start += rowsPerRun) {
    const end = Math.min(x.shape[0], start + rowsPerRun)
    chunks.push({ x: part(x, start, end), y: part(y, start, end) })
  }
  return chunks
}
