// Chunk indexes that are arrays: of a fixed length, or growing along one dimension.
// Format: HDF5 File Format Specification 3.0, sections VII.C and VII.D.

import type { Add, Chunk, ChunkIndex } from './hdf5Chunk.ts'
import { damaged, expectChecksum, expectSignature, readUint, type Source } from './hdf5Source.ts'

/**
 * A chunk from an entry of an index: an address and, for filtered chunks, its bytes in the file and the filters not
 * applied; undefined where none was written. Throws Hdf5Fault.
 */
export function readEntry(
  source: Source,
  index: ChunkIndex,
  at: number,
  entryBytes: number,
): Chunk | undefined {
  const address = source.address(at)
  const isRight = index.isFiltered ? entryBytes >= 13 && entryBytes <= 20 : entryBytes === 8
  if (!isRight) damaged(`entries of ${entryBytes} bytes for chunks`)
  if (address === undefined) return undefined
  if (!index.isFiltered) return { address, bytes: index.chunkBytes, skippedFilters: 0 }
  const bytes = readUint(source, at + 8, entryBytes - 12)
  return { address, bytes, skippedFilters: source.u32(at + entryBytes - 4) }
}

/** The place of the chunk of a number in row-major order, of `counts` chunks along each dimension. */
export function placeOf(number: number, counts: readonly number[]): number[] {
  let rest = number
  const place: number[] = []
  for (let d = counts.length - 1; d >= 0; d--) {
    place[d] = rest % counts[d]
    rest = Math.floor(rest / counts[d])
  }
  return place
}

/** Adds the chunks of an array of a fixed length. Throws Hdf5Fault. */
export function listFixedArray(source: Source, index: ChunkIndex, header: number, add: Add): void {
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

/**
 * Adds the chunks of an array that grows: the first entries stand in its index block, the next in data blocks that it
 * points at, the rest in data blocks behind super blocks; blocks double in size and in number by turns. Throws
 * Hdf5Fault.
 */
export function listExtensibleArray(source: Source, index: ChunkIndex, header: number, add: Add): void {
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
