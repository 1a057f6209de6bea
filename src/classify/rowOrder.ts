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
  look?: BlockLook,
): Promise<Uint32Array> {
  return sortRows(await hashRows(x, look), y)
}

/** Sees a block of rows, and the number of its first row. */
export type BlockLook = (block: NdArray<'f32'>, first: number) => void

/** A hash of each row's bytes. */
export async function hashRows(
  x: NdArray<'f32'> | RowSource,
  look: BlockLook = () => {},
): Promise<BigUint64Array> {
  const hashes = new BigUint64Array(x.shape[0])
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
  return hashes
}

/** Rows by hash, then by label, then by center where centers are given. */
export function sortRows(hashes: BigUint64Array, y: Uint8Array, centers?: Uint16Array): Uint32Array {
  const order = Uint32Array.from(y, (_, row) => row)
  const compareTied = (a: number, b: number) => y[a] - y[b] || (centers ? centers[a] - centers[b] : 0)
  return order.sort((a, b) => (hashes[a] < hashes[b] ? -1 : hashes[a] > hashes[b] ? 1 : compareTied(a, b)))
}

/**
 * The centers numbered anew, 0, 1, ..., by the sum of what their rows hold (hash and label), so that neither a center's name
 * nor its index has a say; centers that still tie are alike in everything.
 */
export function numberCenters(
  hashes: BigUint64Array,
  y: Uint8Array,
  centers: Uint16Array,
): Uint16Array<ArrayBuffer> {
  const sums = new Map<number, bigint>()
  for (const [row, center] of centers.entries()) {
    const sum = (sums.get(center) ?? 0n) + hashes[row] * BigInt(1 + y[row])
    sums.set(center, BigInt.asUintN(64, sum))
  }
  const sorted = [...sums].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
  const numbers = new Map(sorted.map(([center], number) => [center, number]))
  return Uint16Array.from(centers, (center) => numbers.get(center)!)
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
