// Rows of inputs and targets: checked, gathered into batches, read in runs. Inputs may lie on disk.

import { f32, type NdArray, type RowSource, readBlocks, rowsOf, ShapeError, sizeOf } from '../base/index.ts'

/** Inputs and what should come out: x [rows, ...], y [rows, ...]. */
export interface Samples {
  readonly x: NdArray<'f32'> | RowSource
  readonly y: NdArray<'f32'>
  /** What identifies `x`, where that is known without reading it. */
  readonly key?: string
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
  gather(rows: Uint32Array): Promise<void>
}

/** Arrays for `size` rows of `samples`. */
export function openBatch(samples: Samples, size: number): Batch {
  const part = ({ shape }: { readonly shape: readonly number[] }) => f32([size, ...shape.slice(1)])
  const arrays = { x: part(samples.x), y: part(samples.y) }
  const sources = { x: rowsOf(samples.x), y: rowsOf(samples.y) }
  return {
    arrays,
    async gather(rows) {
      await sources.x.gather(rows, arrays.x.data)
      await sources.y.gather(rows, arrays.y.data)
    },
  }
}

/** A run of samples, as a session takes it. */
export interface SampleRun {
  readonly x: NdArray<'f32'>
  readonly y: NdArray<'f32'>
}

/** Reads the samples in order, in runs of at most 2,048 rows; fewer where rows are long, for activations are too. */
export async function* readRuns({ x, y }: Samples): AsyncGenerator<SampleRun> {
  const targets = sizeOf(y.shape.slice(1))
  let start = 0
  for await (const block of readBlocks(x, { rows: 2048 })) {
    const end = start + block.shape[0]
    const part = y.data.subarray(start * targets, end * targets)
    yield { x: block, y: f32([end - start, ...y.shape.slice(1)], part) }
    start = end
  }
}
