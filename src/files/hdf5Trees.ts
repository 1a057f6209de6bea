// HDF5's B-trees of version 2 and its fractal heap: how newer files keep the links of large groups, and chunks of
// datasets that grow in several directions.
// Format: HDF5 File Format Specification 3.0, sections III.A.2 and III.G.

import { lookup3 } from '../base/index.ts'
import { damaged, expectChecksum, expectSignature, readUint, type Source, unsupported } from './hdf5Source.ts'

/** The addresses of a B-tree's records, in order, and their size. */
export interface TreeRecords {
  readonly addresses: readonly number[]
  readonly size: number
}

/** All records of the version 2 B-tree whose header is at `header`. Throws Hdf5Fault. */
export function listTreeRecords(source: Source, header: number): TreeRecords {
  expectSignature(source, header, 'BTHD')
  expectChecksum(source, header, 34)
  const nodeBytes = source.u32(header + 6)
  const size = source.u16(header + 10)
  const depth = source.u16(header + 12)
  const root = source.address(header + 16)
  const addresses: number[] = []
  if (root === undefined || size === 0) return { addresses, size }
  const widths = pointerWidths(nodeBytes, size, depth)
  const seen = new Set<number>()
  const walk = (node: number, count: number, level: number): void => {
    if (seen.size === seen.add(node).size) damaged('a tree that leads in a circle')
    expectSignature(source, node, level === 0 ? 'BTLF' : 'BTIN')
    const { counts, totals } = widths[level]
    const pointers = node + 6 + count * size
    const pointerBytes = 8 + counts + totals
    const used = 6 + count * size + (level === 0 ? 0 : (count + 1) * pointerBytes)
    if (used + 4 > nodeBytes) damaged('a node of a tree with more records than it has room for')
    expectChecksum(source, node, used)
    for (let i = 0; i <= count; i++) {
      const pointer = pointers + i * pointerBytes
      if (level > 0) walk(source.u64(pointer), readUint(source, pointer + 8, counts), level - 1)
      if (i < count) addresses.push(node + 6 + i * size)
    }
  }
  walk(root, source.u16(header + 24), depth)
  return { addresses, size }
}

// How many bytes a pointer to a child spends on the number of its records, and of all below it, at each level.
function pointerWidths(nodeBytes: number, recordBytes: number, depth: number) {
  if (depth > 32) damaged(`a tree of ${depth} levels`)
  const leafRecords = Math.floor((nodeBytes - 10) / recordBytes)
  const counts = bytesToHold(leafRecords)
  const widths = [{ counts: 0, totals: 0 }]
  let all = leafRecords
  for (let level = 1; level <= depth; level++) {
    const totals = level === 1 ? 0 : bytesToHold(all)
    const pointerBytes = 8 + counts + totals
    const records = Math.floor((nodeBytes - 10 - pointerBytes) / (recordBytes + pointerBytes))
    all = (records + 1) * all + records
    widths.push({ counts, totals })
  }
  return widths
}

function bytesToHold(value: number): number {
  return Math.floor(Math.log2(Math.max(1, value)) / 8) + 1
}

/** The doubling table by which a fractal heap finds its blocks: rows of `width` blocks, twice as large row by row. */
interface BlockTable {
  readonly width: number
  readonly start: number
  readonly largest: number
  readonly offsetBytes: number
  readonly root: number
  readonly rows: number
}

/** Opens the fractal heap whose header is at `header`: the function gives the object whose id is at an address. */
export function openFractalHeap(source: Source, header: number): (idAt: number) => Buffer {
  expectSignature(source, header, 'FRHP')
  if (source.u16(header + 7) !== 0) unsupported('a heap with filters')
  expectChecksum(source, header, 142)
  const table = readBlockTable(source, header)
  const isChecked = (source.u8(header + 9) & 2) !== 0
  const lengthBytes = Math.min(Math.ceil(Math.log2(table.largest) / 8), bytesToHold(source.u32(header + 10)))
  const blocks = new Map<number, Buffer>()
  const indirect = new Set<number>()
  return (idAt) => {
    if (source.u8(idAt) >> 4 !== 0) unsupported('a heap with huge objects')
    const offset = readUint(source, idAt + 1, table.offsetBytes)
    const length = readUint(source, idAt + 1 + table.offsetBytes, lengthBytes)
    const { address, start, size } = findBlock(source, table, offset, indirect)
    const block = blocks.get(address) ?? readBlock(source, address, size, isChecked ? table : undefined)
    blocks.set(address, block)
    const at = offset - start
    return at + length <= size ? block.subarray(at, at + length) : damaged('an object beyond its block')
  }
}

function readBlockTable(source: Source, header: number): BlockTable {
  const table = {
    width: source.u16(header + 110),
    start: source.u64(header + 112),
    largest: source.u64(header + 120),
    offsetBytes: Math.ceil(source.u16(header + 128) / 8),
    root: source.u64(header + 132),
    rows: source.u16(header + 140),
  }
  const isWhole = [table.width, table.start, table.largest].every((size) => Number.isInteger(Math.log2(size)))
  return isWhole && table.offsetBytes <= 8 ? table : damaged('a heap whose sizes are not powers of two')
}

function readBlock(source: Source, address: number, size: number, table: BlockTable | undefined): Buffer {
  expectSignature(source, address, 'FHDB')
  if (size > 1 << 26) damaged('a block of more than 64 MB')
  const block = source.bytes(address, size)
  if (!table) return block
  const at = 13 + table.offsetBytes // its checksum, which counts as zero in it
  const checksum = block.readUInt32LE(at)
  block.fill(0, at, at + 4)
  return lookup3(block) === checksum ? block : damaged('a checksum that is not right')
}

// The direct block that holds `offset`; the indirect blocks on the way are checked once.
function findBlock(source: Source, table: BlockTable, offset: number, checked: Set<number>) {
  const { width, start, largest, offsetBytes } = table
  let { root: address, rows } = table
  if (rows === 0) return { address, start: 0, size: start }
  const directRows = Math.log2(largest / start) + 2
  for (let base = 0; ; ) {
    const entries = address + 13 + offsetBytes
    if (!checked.has(address)) {
      expectSignature(source, address, 'FHIB')
      expectChecksum(source, address, entries + 8 * rows * width - address)
      checked.add(address)
    }
    const row = Math.max(0, Math.floor(Math.log2((offset - base) / (start * width))) + 1)
    if (row >= rows) damaged('an object beyond its heap')
    const size = row < 2 ? start : start * 2 ** (row - 1)
    const rowStart = row === 0 ? 0 : start * width * 2 ** (row - 1)
    const column = Math.floor((offset - base - rowStart) / size)
    address = source.u64(entries + 8 * (row * width + column))
    base += rowStart + column * size
    if (row < directRows) return { address, start: base, size }
    rows = Math.log2(size / (start * width)) + 1
    if (!(rows > 0)) damaged('a heap whose sizes do not fit')
  }
}
