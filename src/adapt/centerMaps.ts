// What is done to the embeddings of a center: an affine map, one a center.

import { f32, type NdArray, type RowSource, rowsOf } from '../base/index.ts'
import { openProduct } from './product.ts'

/** `y = ((x - shift) * scale) turn`; without `turn` each dimension stands by itself. */
export interface CenterMap {
  /** [dimensions] */
  readonly shift: Float32Array
  /** [dimensions]; 0 silences a dimension that does not vary. */
  readonly scale: Float32Array
  /** [dimensions, dimensions]; null for the identity. */
  readonly turn: NdArray<'f32'> | null
}

/** Rows as the maps of their centers leave them; close it when done. */
export interface MappedRows extends RowSource {
  close(): Promise<void>
}

// Rows of a product, always as many: what a row comes to must not depend on how many are asked for.
const rowsPerProduct = 256

/** Opens the rows of x as `maps[centerOf[row]]` leaves each; they are read and mapped when they are gathered. */
export async function openMappedRows(
  x: NdArray<'f32'> | RowSource,
  centerOf: ArrayLike<number>,
  maps: readonly CenterMap[],
  threads?: number,
): Promise<MappedRows> {
  const source = rowsOf(x)
  const columns = source.shape[1]
  const turner = maps.some(({ turn }) => turn) ? await openTurner(columns, threads) : null
  return {
    shape: source.shape,
    async gather(rows, into) {
      await source.gather(rows, into)
      const rowAt = (i: number) => into.subarray(i * columns, (i + 1) * columns)
      for (let i = 0; i < rows.length; i++) moveRow(rowAt(i), maps[centerOf[rows[i]]])
      for (const map of turner ? maps : []) {
        const own = Array.from(rows.keys()).filter((i) => maps[centerOf[rows[i]]] === map)
        if (map.turn) await turner!.turn(own.map(rowAt), map.turn)
      }
    },
    close: async () => turner?.close(),
  }
}

// In place.
function moveRow(row: Float32Array, { shift, scale }: CenterMap): void {
  for (let k = 0; k < row.length; k++) row[k] = (row[k] - shift[k]) * scale[k]
}

async function openTurner(columns: number, threads?: number) {
  const product = await openProduct(threads)
  const block = f32([columns, rowsPerProduct])
  return {
    /** In place. */
    async turn(rows: readonly Float32Array[], turn: NdArray<'f32'>): Promise<void> {
      for (let start = 0; start < rows.length; start += rowsPerProduct) {
        const some = rows.slice(start, start + rowsPerProduct)
        block.data.fill(0)
        for (const [i, row] of some.entries()) {
          for (let k = 0; k < columns; k++) block.data[k * rowsPerProduct + i] = row[k]
        }
        const { data } = await product.run(block, turn)
        for (const [i, row] of some.entries()) row.set(data.subarray(i * columns, (i + 1) * columns))
      }
    },
    close: product.close,
  }
}
