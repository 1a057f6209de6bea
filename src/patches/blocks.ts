// Rows of one big chunked dataset, in any order: whole chunks are read, because HDF5 would unpack the chunk again
// for every row of it, and the last ones are kept.

import { DataError } from '../base/index.ts'
import type { Hdf5Dataset, Hdf5File } from '../files/index.ts'

/** One read asks for at most this much, and as much again, three times, is kept. */
const blockBytes = 32 << 20
const blocksKept = 3

/** A dataset (N, ...) of bytes by rows. */
export interface Blocks {
  /** The rows in the order asked, one after the other. */
  read(rows: ArrayLike<number>): Promise<Uint8Array>
}

/** Opens a u8 dataset by blocks of rows that are aligned with its chunks. */
export function openBlocks(file: Hdf5File, dataset: Hdf5Dataset): Blocks {
  const [count, ...rest] = dataset.shape
  const rowBytes = rest.reduce((size, side) => size * side, 1)
  const blockRows = chooseBlockRows(dataset, rowBytes)
  const kept = new Map<number, Uint8Array>() // in order of last use
  const loadBlock = async (block: number): Promise<Uint8Array> => {
    const found = kept.get(block)
    kept.delete(block)
    const start = block * blockRows
    const part = {
      offset: [start, ...rest.map(() => 0)],
      count: [Math.min(blockRows, count - start), ...rest],
    }
    const bytes = found ?? (await file.read(dataset, part))
    kept.set(block, bytes)
    if (kept.size > blocksKept) kept.delete(kept.keys().next().value!)
    return bytes
  }
  return {
    async read(rows) {
      const out = new Uint8Array(rows.length * rowBytes)
      // By block, so that each is unpacked once however the rows are shuffled.
      const places = Array.from(rows, (_, place) => place).sort((a, b) => rows[a] - rows[b])
      for (const place of places) {
        const row = rows[place]
        if (row >= count)
          throw new DataError({ where: file.path, expected: `rows below ${count}`, got: `${row}` })
        const at = (row % blockRows) * rowBytes
        const block = await loadBlock(Math.floor(row / blockRows))
        out.set(block.subarray(at, at + rowBytes), place * rowBytes)
      }
      return out
    },
  }
}

// Contiguous data costs nothing to read row by row; chunked data is read by whole chunks, several where small.
function chooseBlockRows({ chunks, shape }: Hdf5Dataset, rowBytes: number): number {
  const most = Math.max(1, Math.floor(blockBytes / rowBytes))
  if (!chunks) return Math.min(4, most)
  return Math.min(shape[0], chunks[0], most)
}
