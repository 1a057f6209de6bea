// A float32 matrix that is read by rows, so that it need not lie in memory: tokens of every training patch do not.

import { f32, type NdArray, sizeOf } from './ndarray.ts'

/** Rows [count, columns] that lie somewhere: in a file, or in memory. */
export interface RowSource {
  readonly shape: readonly number[]
  /** What identifies the content, where that is known without reading it. */
  readonly key?: string
  /** Copies `rows`, in the order given, into `into` (rows.length x columns). */
  gather(rows: Uint32Array, into: Float32Array): Promise<void>
}

/** An array as a source; a source as it is. */
export function rowsOf(x: NdArray<'f32'> | RowSource): RowSource {
  if ('gather' in x) return x
  const columns = x.data.length / x.shape[0]
  return {
    shape: x.shape,
    async gather(rows, into) {
      for (let i = 0; i < rows.length; i++) {
        into.set(x.data.subarray(rows[i] * columns, (rows[i] + 1) * columns), i * columns)
      }
    },
  }
}

/** A source whose row `i` is row `order[i]` of `x`; nothing is read. */
export function reorderRows(x: NdArray<'f32'> | RowSource, order: Uint32Array): RowSource {
  const source = rowsOf(x)
  const { key } = source
  return {
    shape: [order.length, ...source.shape.slice(1)],
    ...(key !== undefined && { key }),
    gather: (rows, into) =>
      source.gather(
        rows.map((row) => order[row]),
        into,
      ),
  }
}

/** The rows of several sources, one after the other, none for none; nothing is read. */
export function joinRows(sources: readonly RowSource[]): RowSource {
  if (sources.length === 1) return sources[0]
  const columns = sources[0]?.shape[1] ?? 0
  return {
    shape: [sources.reduce((sum, { shape }) => sum + shape[0], 0), columns],
    async gather(rows, into) {
      let first = 0
      for (const source of sources) {
        const [from, to] = [first, first + source.shape[0]]
        const places = Array.from(rows.keys()).filter((i) => rows[i] >= from && rows[i] < to)
        const part = new Float32Array(places.length * columns)
        await source.gather(
          Uint32Array.from(places, (i) => rows[i] - from),
          part,
        )
        for (const [at, i] of places.entries()) {
          into.set(part.subarray(at * columns, (at + 1) * columns), i * columns)
        }
        first = to
      }
    },
  }
}

/** A whole source in memory; an array as it is. */
export async function loadRows(x: NdArray<'f32'> | RowSource): Promise<NdArray<'f32'>> {
  if (!('gather' in x)) return x
  const array = f32(x.shape)
  await x.gather(
    Uint32Array.from({ length: x.shape[0] }, (_, row) => row),
    array.data,
  )
  return array
}

/**
 * The rows in order, in blocks of at most so many rows and values (but one row at least), the last one shorter. Blocks are for
 * reading: those of an array are views of it, those of a source share one memory.
 */
export async function* readBlocks(
  source: NdArray<'f32'> | RowSource,
  { rows: mostRows = Number.POSITIVE_INFINITY, values = 2 ** 22 } = {},
): AsyncGenerator<NdArray<'f32'>> {
  const [count, ...rest] = source.shape
  const columns = sizeOf(rest)
  const blockRows = Math.min(mostRows, Math.max(1, Math.floor(values / columns)))
  const memory = 'gather' in source ? new Float32Array(Math.min(blockRows, count) * columns) : source.data
  for (let start = 0; start < count; start += blockRows) {
    const length = Math.min(blockRows, count - start)
    const first = 'gather' in source ? 0 : start
    const data = memory.subarray(first * columns, (first + length) * columns)
    if ('gather' in source)
      await source.gather(
        Uint32Array.from({ length }, (_, i) => start + i),
        data,
      )
    yield f32([length, ...rest], data)
  }
}
