// Where the chunks of an HDF5 dataset lie: the B-tree of classic files and the five indexes of newer ones.
// Format: HDF5 File Format Specification 3.0, sections III.A.1, IV.A.2.i, VII.A and VII.B.

import type { Add, Chunk, ChunkIndex, IndexType } from './hdf5Chunk.ts'
import { listExtensibleArray, listFixedArray, placeOf, readEntry } from './hdf5ChunkArrays.ts'
import { listLeafKeys } from './hdf5ClassicTrees.ts'
import { damaged, readUint, type Source, unsupported } from './hdf5Source.ts'
import { listTreeRecords } from './hdf5Trees.ts'

const newTypes: readonly IndexType[] = ['single', 'implicit', 'fixedArray', 'extensibleArray', 'newTree']

interface Layout {
  readonly shape: readonly number[]
  readonly maxShape: readonly (number | undefined)[]
  readonly size: number
  readonly filters: readonly unknown[]
}

/** The index that a layout message of version 3 or 4 describes, and the chunks' sides. Throws Hdf5Fault. */
export function readChunkedLayout(
  source: Source,
  at: number,
  version: number,
  { shape, maxShape, size, filters }: Layout,
): { index: ChunkIndex; chunks: readonly number[] } {
  const isOld = version === 3
  const rank = source.u8(at + (isOld ? 2 : 3))
  const width = isOld ? 4 : source.u8(at + 4)
  const sidesAt = at + (isOld ? 11 : 5)
  if (rank !== shape.length + 1 || width < 1 || width > 8)
    damaged('chunks of another rank than their dataset')
  const sides = Array.from({ length: rank }, (_, i) => readUint(source, sidesAt + width * i, width))
  const chunks = sides.slice(0, -1)
  if (sides[rank - 1] !== size || chunks.includes(0)) damaged(`chunks of (${sides.join(', ')})`)
  const chunkBytes = sides.reduce((product, side) => product * side, 1)
  const common = { shape, maxShape, chunks, chunkBytes, isFiltered: filters.length > 0 }
  if (isOld) return { chunks, index: { ...common, type: 'tree', address: source.address(at + 3) } }
  const flags = source.u8(at + 2)
  if (flags & 1) unsupported('chunks at the edge without filters')
  const typeAt = sidesAt + width * rank
  const type = newTypes[source.u8(typeAt) - 1] ?? damaged(`a chunk index of type ${source.u8(typeAt)}`)
  const hasSize = type === 'single' && (flags & 2) !== 0
  const single = hasSize
    ? { bytes: source.u64(typeAt + 1), skippedFilters: source.u32(typeAt + 9) }
    : { bytes: chunkBytes, skippedFilters: 0 }
  const more = {
    single: hasSize ? 12 : 0,
    implicit: 0,
    fixedArray: 1,
    extensibleArray: 5,
    newTree: 6,
    tree: 0,
  }
  const address = source.address(typeAt + 1 + more[type])
  return { chunks, index: { ...common, type, address, single } }
}

/** The chunks that were written, by their number in row-major order. Throws Hdf5Fault. */
export function listChunks(source: Source, index: ChunkIndex): Map<number, Chunk> {
  const found = new Map<number, Chunk>()
  if (index.address === undefined || index.shape.includes(0)) return found
  const counts = index.shape.map((side, d) => Math.ceil(side / index.chunks[d]))
  const add: Add = (place, chunk) => {
    const isInside = place.every((i, d) => i < counts[d])
    if (!isInside) return // left over from when the dataset was larger
    const number = place.reduce((sum, i, d) => sum * counts[d] + i, 0)
    if (found.has(number)) damaged('a chunk that is listed twice')
    if (!(chunk.address + chunk.bytes <= source.size)) damaged('a chunk beyond the end of the file')
    found.set(number, chunk)
  }
  listers[index.type](source, index, index.address, add)
  return found
}

type Lister = (source: Source, index: ChunkIndex, address: number, add: Add) => void

const listers: Readonly<Record<IndexType, Lister>> = {
  tree: listClassicTree,
  single: (_source, { shape, single }, address, add) =>
    add(
      shape.map(() => 0),
      { address, ...single! },
    ),
  implicit: (source, index, address, add) => {
    const counts = index.maxShape.map((side, d) => Math.ceil((side ?? 0) / index.chunks[d]))
    const bytes = index.chunkBytes
    const count = counts.reduce((product, side) => product * side, 1)
    for (let i = 0; i < Math.min(count, source.size / bytes); i++) {
      add(placeOf(i, counts), { address: address + i * bytes, bytes, skippedFilters: 0 })
    }
  },
  fixedArray: listFixedArray,
  extensibleArray: listExtensibleArray,
  newTree: listNewTree,
}

function listClassicTree(source: Source, index: ChunkIndex, address: number, add: Add): void {
  const { chunks } = index
  const keyBytes = 8 + 8 * (chunks.length + 1)
  for (const key of listLeafKeys(source, address, { kind: 1, keyBytes })) {
    const child = source.u64(key + keyBytes)
    const place = chunks.map((side, d) => source.u64(key + 8 + 8 * d) / side)
    if (!place.every(Number.isInteger)) damaged('a chunk between two places')
    add(place, { address: child, bytes: source.u32(key), skippedFilters: source.u32(key + 4) })
  }
}

function listNewTree(source: Source, index: ChunkIndex, address: number, add: Add): void {
  const { addresses, size } = listTreeRecords(source, address)
  const rank = index.chunks.length
  const entryBytes = size - 8 * rank
  for (const at of addresses) {
    const chunk = readEntry(source, index, at, entryBytes)
    if (chunk)
      add(
        Array.from({ length: rank }, (_, d) => source.u64(at + entryBytes + 8 * d)),
        chunk,
      )
  }
}
