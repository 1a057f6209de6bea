// Where the chunks of an HDF5 dataset lie: the B-tree of classic files and the five indexes of newer ones.
// Format: HDF5 File Format Specification 3.0, sections III.A.1, IV.A.2.i and VII.A to VII.D.

import { damaged, expectChecksum, expectSignature, readUint, type Source, unsupported } from './hdf5Source.ts'
import { listTreeRecords } from './hdf5Trees.ts'

type IndexType = 'tree' | 'single' | 'implicit' | 'fixedArray' | 'extensibleArray' | 'newTree'

/** The index of a dataset's chunks, and what it takes to read it. */
export interface ChunkIndex {
  readonly type: IndexType
  /** undefined where no chunk was ever written. */
  readonly address: number | undefined
  readonly shape: readonly number[]
  /** How far each dimension may grow; undefined without end. */
  readonly maxShape: readonly (number | undefined)[]
  readonly chunks: readonly number[]
  /** Bytes of a chunk as it comes out of the filters. */
  readonly chunkBytes: number
  readonly isFiltered: boolean
  /** For `single`: its chunk's bytes in the file and the filters not applied. */
  readonly single?: { readonly bytes: number; readonly skippedFilters: number }
}

/** One chunk as it lies in the file. */
export interface Chunk {
  readonly address: number
  readonly bytes: number
  /** Bit i is set where filter i was not applied. */
  readonly skippedFilters: number
}

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

/** Takes a chunk and its place, counted in chunks along each dimension. */
type Add = (place: readonly number[], chunk: Chunk) => void
type Lister = (source: Source, index: ChunkIndex, address: number, add: Add) => void

const listers: Readonly<Record<IndexType, Lister>> = {
  tree: (source, index, address, add) => walkTree(source, index, address, undefined, add, new Set()),
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

function walkTree(
  source: Source,
  index: ChunkIndex,
  tree: number,
  expected: number | undefined,
  add: Add,
  seen: Set<number>,
): void {
  expectSignature(source, tree, 'TREE')
  if (seen.size === seen.add(tree).size) damaged('a tree that leads in a circle')
  if (source.u8(tree + 4) !== 1) damaged('a tree of another kind')
  const level = source.u8(tree + 5)
  if (expected !== undefined && level !== expected) damaged('a tree whose levels do not fit')
  const { chunks } = index
  const keyBytes = 8 + 8 * (chunks.length + 1)
  const count = source.u16(tree + 6)
  for (let i = 0; i < count; i++) {
    const key = tree + 24 + i * (keyBytes + 8)
    const child = source.u64(key + keyBytes)
    if (level > 0) {
      walkTree(source, index, child, level - 1, add, seen)
      continue
    }
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

// An address and, for filtered chunks, its bytes in the file and the filters not applied; undefined where no chunk is.
function readEntry(source: Source, index: ChunkIndex, at: number, entryBytes: number): Chunk | undefined {
  const address = source.address(at)
  const isRight = index.isFiltered ? entryBytes >= 13 && entryBytes <= 20 : entryBytes === 8
  if (!isRight) damaged(`entries of ${entryBytes} bytes for chunks`)
  if (address === undefined) return undefined
  if (!index.isFiltered) return { address, bytes: index.chunkBytes, skippedFilters: 0 }
  const bytes = readUint(source, at + 8, entryBytes - 12)
  return { address, bytes, skippedFilters: source.u32(at + entryBytes - 4) }
}

// The place of the chunk of a number in row-major order.
function placeOf(number: number, counts: readonly number[]): number[] {
  let rest = number
  const place: number[] = []
  for (let d = counts.length - 1; d >= 0; d--) {
    place[d] = rest % counts[d]
    rest = Math.floor(rest / counts[d])
  }
  return place
}

function listFixedArray(source: Source, index: ChunkIndex, header: number, add: Add): void {
  expectSignature(source, header, 'FAHD')
  expectChecksum(source, header, 24)
  const entryBytes = source.u8(header + 6)
  const pageEntries = 2 ** source.u8(header + 7)
  const count = source.u64(header + 8)
  const block = source.address(header + 16)
  if (block === undefined) return
  expectSignature(source, block, 'FADB')
  const counts = index.maxShape.map((side, d) => Math.ceil((side ?? 0) / index.chunks[d]))
  const take = (number: number, at: number) => {
    const chunk = readEntry(source, index, at, entryBytes)
    if (chunk) add(placeOf(number, counts), chunk)
  }
  const paging = count > pageEntries ? { pageEntries, bitsAt: block + 14 } : undefined
  listEntries(source, { start: 14, block, first: 0, count, entryBytes, paging, isWithBits: true }, take)
}

/** A block of entries: in one piece behind `start` bytes, or in pages, of which bits say which were written. */
interface EntryBlock {
  readonly block: number
  readonly start: number
  readonly first: number
  readonly count: number
  readonly entryBytes: number
  readonly paging: { readonly pageEntries: number; readonly bitsAt: number } | undefined
  /** The bits stand in the block itself. */
  readonly isWithBits: boolean
}

function listEntries(source: Source, block: EntryBlock, take: (number: number, at: number) => void): void {
  const { start, first, count, entryBytes, paging } = block
  if (entryBytes === 0 || count * entryBytes > source.size)
    damaged('more entries for chunks than the file holds')
  if (!paging) {
    expectChecksum(source, block.block, start + count * entryBytes)
    for (let i = 0; i < count; i++) take(first + i, block.block + start + i * entryBytes)
    return
  }
  const { pageEntries, bitsAt } = paging
  const pages = Math.ceil(count / pageEntries)
  const head = start + (block.isWithBits ? Math.ceil(pages / 8) : 0)
  expectChecksum(source, block.block, head)
  for (let page = 0; page < pages; page++) {
    if ((source.u8(bitsAt + (page >> 3)) & (0x80 >> (page & 7))) === 0) continue
    const entries = Math.min(pageEntries, count - page * pageEntries)
    const at = block.block + head + 4 + page * (pageEntries * entryBytes + 4)
    expectChecksum(source, at, entries * entryBytes)
    for (let i = 0; i < entries; i++) take(first + page * pageEntries + i, at + i * entryBytes)
  }
}

// An array that grows: the first entries stand in its index block, the next in data blocks that it points at, the
// rest in data blocks behind super blocks; blocks double in size and in number by turns.
function listExtensibleArray(source: Source, index: ChunkIndex, header: number, add: Add): void {
  expectSignature(source, header, 'EAHD')
  expectChecksum(source, header, 68)
  const [entryBytes, indexBits, indexEntries, leastEntries, leastPointers, pageBits] = [
    6, 7, 8, 9, 10, 11,
  ].map((at) => source.u8(header + at))
  const block = source.address(header + 60)
  if (block === undefined) return
  if (indexBits > 64 || pageBits > 32) damaged('an array of more chunks than can be')
  const place = growingPlaces(index)
  const take = (number: number, at: number) => {
    const chunk = readEntry(source, index, at, entryBytes)
    if (chunk) add(place(number), chunk)
  }
  const offsetBytes = Math.ceil(indexBits / 8)
  const directLevels = 2 * Math.log2(leastPointers)
  const levels = 1 + indexBits - Math.log2(leastEntries)
  if (!Number.isInteger(directLevels) || !Number.isInteger(levels)) damaged('an array whose sizes do not fit')
  expectSignature(source, block, 'EAIB')
  const pointers = 2 * (leastPointers - 1) + levels - directLevels
  expectChecksum(source, block, 14 + indexEntries * entryBytes + 8 * pointers)
  for (let i = 0; i < indexEntries; i++) take(i, block + 14 + i * entryBytes)
  let pointer = block + 14 + indexEntries * entryBytes
  let first = indexEntries
  const listBlock = (at: number, from: number, count: number, paging: EntryBlock['paging']) => {
    expectSignature(source, at, 'EADB')
    const start = 14 + offsetBytes
    listEntries(source, { block: at, start, first: from, count, entryBytes, paging, isWithBits: false }, take)
  }
  for (let level = 0; level < levels; level++) {
    const blocks = 2 ** Math.floor(level / 2)
    const entries = 2 ** Math.floor((level + 1) / 2) * leastEntries
    if (level < directLevels) {
      for (let i = 0; i < blocks; i++, pointer += 8, first += entries) {
        const at = source.address(pointer)
        if (at !== undefined) listBlock(at, first, entries, undefined)
      }
      continue
    }
    const at = source.address(pointer)
    pointer += 8
    if (at !== undefined)
      listSuperBlock(source, at, { blocks, entries, first, offsetBytes, pageBits }, listBlock)
    first += blocks * entries
  }
}

function listSuperBlock(
  source: Source,
  at: number,
  level: { blocks: number; entries: number; first: number; offsetBytes: number; pageBits: number },
  listBlock: (at: number, first: number, count: number, paging: EntryBlock['paging']) => void,
): void {
  const { blocks, entries, first, offsetBytes, pageBits } = level
  expectSignature(source, at, 'EASB')
  const pageEntries = 2 ** pageBits
  const isPaged = entries > pageEntries
  const bitBytes = isPaged ? Math.ceil(entries / pageEntries / 8) : 0
  const bitsAt = at + 14 + offsetBytes
  const pointers = bitsAt + blocks * bitBytes
  expectChecksum(source, at, pointers + 8 * blocks - at)
  for (let i = 0; i < blocks; i++) {
    const block = source.address(pointers + 8 * i)
    const paging = isPaged ? { pageEntries, bitsAt: bitsAt + i * bitBytes } : undefined
    if (block !== undefined) listBlock(block, first + i * entries, entries, paging)
  }
}

// Places in an array that grows along one dimension: that one counts slowest, whichever it is.
function growingPlaces({ maxShape, chunks }: ChunkIndex): (number: number) => number[] {
  const growing = maxShape.indexOf(undefined)
  if (growing < 0) damaged('an array that grows for a dataset that does not')
  const others = maxShape.flatMap((side, d) => (d === growing ? [] : [Math.ceil((side ?? 0) / chunks[d])]))
  return (number) => {
    const [slowest, ...rest] = placeOf(number, [Number.POSITIVE_INFINITY, ...others])
    rest.splice(growing, 0, slowest)
    return rest
  }
}
