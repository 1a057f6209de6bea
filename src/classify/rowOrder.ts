// The order in which heads see rows: that of their content. Batches are drawn, sums rounded and ties broken by it, so that
// neither ids nor the order in which patches lie in a file has a say in a trained head.

import { type NdArray, type RowSource, readBlocks } from '../base/index.ts'
import { hash64 } from '../files/index.ts'

/**
 * Rows of `x` by a hash of their bytes, then by label `y`: rows that still tie are alike in everything. Reads `x` once, in
 * blocks, each of which `look` is shown with the number of its first row; memory is 12 bytes a row.
 */
export async function orderRows(
  x: NdArray<'f32'> | RowSource,
  y: Uint8Array,
  look: (block: NdArray<'f32'>, first: number) => void = () => {},
): Promise<Uint32Array> {
  const hashes = new BigUint64Array(y.length)
  let first = 0
  for await (const block of readBlocks(x)) {
    look(block, first)
    const [rows, columns] = block.shape
    const { buffer, byteOffset } = block.data
    for (let i = 0; i < rows; i++) {
      hashes[first + i] = hash64(new Uint8Array(buffer, byteOffset + 4 * i * columns, 4 * columns))
    }
    first += rows
  }
  const order = Uint32Array.from(y, (_, row) => row)
  return order.sort((a, b) => (hashes[a] < hashes[b] ? -1 : hashes[a] > hashes[b] ? 1 : y[a] - y[b]))
}

/** Moves the rows of `data`, each of `columns` values, so that row `i` is what row `order[i]` was; in place. */
export function permuteRows(data: Float32Array, columns: number, order: Uint32Array): void {
  const isDone = new Uint8Array(order.length)
  for (let start = 0; start < order.length; start++) {
    if (isDone[start]) continue
    const first = data.slice(start * columns, (start + 1) * columns)
    let row = start
    for (; order[row] !== start; row = order[row]) {
      data.copyWithin(row * columns, order[row] * columns, (order[row] + 1) * columns)
      isDone[row] = 1
    }
    data.set(first, row * columns)
    isDone[row] = 1
  }
}
