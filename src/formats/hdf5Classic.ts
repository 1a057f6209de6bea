// Reads the classic HDF5 file format (superblock 0, symbol-table groups, version 1 object headers: what h5py and
// the C library before 2.0 write unless told otherwise) straight from the file. The library opens a group and
// three datasets again for every patch; here that is a few reads of 8 KB, ten times faster, and images are read
// and inflated in the thread pool. Whatever is not understood is answered with `undefined` and left to the library.
// Format: HDF5 File Format Specification 3.0, sections II.A, III.A to III.D, IV.A.

import { closeSync, openSync } from 'node:fs'
import { openSource, type Source, Unsupported, unsupported } from './hdf5Source.ts'
import type { Hdf5Dataset, Hdf5Kind } from './hdf5Values.ts'

/** Where a dataset's values lie. */
export type ClassicPlace =
  | { readonly layout: 'contiguous'; readonly address: number }
  | { readonly layout: 'chunked'; readonly tree: number; readonly filterIds: readonly number[] }

/** A dataset and where it lies. */
export interface ClassicDataset extends Hdf5Dataset {
  readonly place: ClassicPlace
}

/** One chunk of a dataset as it lies in the file. */
export interface ClassicChunk {
  /** Its first element's place in the dataset. */
  readonly offset: readonly number[]
  readonly address: number
  readonly bytes: number
  /** Bit i is set where filter i was not applied. */
  readonly skippedFilters: number
}

/** A classic file; every answer `undefined` means: ask the library. */
export interface ClassicFile {
  readonly descriptor: number
  list(group: string): string[] | undefined
  /** null where there certainly is no such dataset. */
  describe(path: string): ClassicDataset | null | undefined
  /** The values of a small, unfiltered dataset. */
  readSmall(dataset: ClassicDataset): Uint8Array | undefined
  /** A text attribute of the root group; null where there certainly is none. */
  readText(group: string, attribute: string): string | null | undefined
  chunksOf(dataset: ClassicDataset): ClassicChunk[] | undefined
  close(): void
}

/** A group's or dataset's entry: the address of its object header, and its symbol table where that is cached. */
interface Entry {
  readonly header: number
  readonly table: SymbolTable | undefined
}
interface SymbolTable {
  readonly tree: number
  readonly heap: number
}
interface Message {
  readonly type: number
  readonly at: number
  readonly size: number
}

/** Opens a file of the classic format; undefined where it is none. */
export function openClassic(path: string): ClassicFile | undefined {
  const descriptor = openSync(path, 'r')
  const source = openSource(descriptor)
  const root = attempt(() => readSuperblock(source))
  if (!root) {
    closeSync(descriptor)
    return undefined
  }
  const groups = new GroupCache(source, root)
  let isOpen = true
  return {
    descriptor,
    list: (group) => attempt(() => [...(groups.find(group)?.keys() ?? unsupported())]),
    describe: (dataset) => attempt(() => describe(source, groups, dataset)),
    readSmall: ({ place, bytes }) =>
      place.layout === 'contiguous' && bytes <= 4096
        ? attempt(() => source.bytes(place.address, bytes))
        : undefined,
    readText: (group, attribute) =>
      group === '/' ? attempt(() => readText(source, root.header, attribute)) : undefined,
    chunksOf: (dataset) => attempt(() => listChunks(source, dataset)),
    close() {
      if (isOpen) closeSync(descriptor)
      isOpen = false
    },
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (cause) {
    // A RangeError comes of a damaged file whose addresses lead out of it or in a circle.
    const isTheFiles = cause instanceof Unsupported || cause instanceof RangeError
    if (isTheFiles || (cause as NodeJS.ErrnoException).code !== undefined) return undefined
    throw cause
  }
}

function expectSignature(source: Source, position: number, signature: string): void {
  for (let i = 0; i < 4; i++) if (source.u8(position + i) !== signature.charCodeAt(i)) unsupported()
}

function readSuperblock(source: Source): Entry {
  const head = source.bytes(0, 96)
  const isClassic = head.subarray(0, 8).toString('latin1') === '\x89HDF\r\n\x1a\n' && head[8] === 0
  const hasWideOffsets = head[13] === 8 && head[14] === 8
  if (!isClassic || !hasWideOffsets || source.u64(24) !== 0) unsupported()
  if (source.u64(40) > source.size) unsupported() // truncated: the library says so
  return readEntry(source, 56)
}

function readEntry(source: Source, at: number): Entry {
  const hasTable = source.u32(at + 16) === 1
  return {
    header: source.u64(at + 8),
    table: hasTable ? { tree: source.u64(at + 24), heap: source.u64(at + 32) } : undefined,
  }
}

/** Groups by path. The root and the group last asked for are kept: patches are asked for group by group. */
class GroupCache {
  readonly #source: Source
  readonly #root: Map<string, Entry>
  #last: { name: string; entries: Map<string, Entry> | undefined } | undefined

  constructor(source: Source, root: Entry) {
    this.#source = source
    this.#root = readGroup(source, root) ?? unsupported()
  }

  /** The entries of a group; undefined where there is no group of that name. */
  find(path: string): Map<string, Entry> | undefined {
    const name = path.replace(/^\/+|\/+$/g, '')
    if (name === '') return this.#root
    if (name.includes('/')) unsupported()
    if (this.#last?.name !== name) {
      const entry = this.#root.get(name)
      this.#last = { name, entries: entry && readGroup(this.#source, entry) }
    }
    return this.#last.entries
  }
}

function readGroup(source: Source, entry: Entry): Map<string, Entry> | undefined {
  const table = entry.table ?? findSymbolTable(source, entry.header)
  if (!table) return undefined
  expectSignature(source, table.heap, 'HEAP')
  const names = { at: source.u64(table.heap + 24), size: source.u64(table.heap + 8) }
  const entries = new Map<string, Entry>()
  const heap = source.bytes(names.at, names.size)
  for (const node of listNodes(source, table.tree)) {
    expectSignature(source, node, 'SNOD')
    const count = source.u16(node + 6)
    for (let i = 0; i < count; i++) {
      const at = node + 8 + 40 * i
      if (source.u32(at + 16) === 2) unsupported() // a soft link
      const start = source.u64(at)
      entries.set(heap.toString('utf8', start, heap.indexOf(0, start)), readEntry(source, at))
    }
  }
  return entries
}

function findSymbolTable(source: Source, header: number): SymbolTable | undefined {
  const message = readMessages(source, header).find(({ type }) => type === 0x11)
  return message && { tree: source.u64(message.at), heap: source.u64(message.at + 8) }
}

// The leaves of a group's B-tree, in order of names.
function* listNodes(source: Source, tree: number): Generator<number> {
  expectSignature(source, tree, 'TREE')
  const level = source.u8(tree + 5)
  const count = source.u16(tree + 6)
  for (let i = 0; i < count; i++) {
    const child = source.u64(tree + 24 + 8 + 16 * i)
    if (level === 0) yield child
    else yield* listNodes(source, child)
  }
}

function readMessages(source: Source, header: number): Message[] {
  if (source.u8(header) !== 1) unsupported()
  const count = source.u16(header + 2)
  const blocks = [{ at: header + 16, size: source.u32(header + 8) }]
  const messages: Message[] = []
  for (const block of blocks) {
    let at = block.at
    while (messages.length < count && at + 8 <= block.at + block.size) {
      const [type, size] = [source.u16(at), source.u16(at + 2)]
      const isShared = (source.u8(at + 4) & 2) !== 0
      if (isShared && type !== 0) unsupported()
      if (type === 0x10) blocks.push({ at: source.u64(at + 8), size: source.u64(at + 16) })
      messages.push({ type, at: at + 8, size })
      at += 8 + size
    }
  }
  return messages
}

function describe(source: Source, groups: GroupCache, path: string): ClassicDataset | null {
  const parts = path.replace(/^\/+/, '').split('/')
  const name = parts.pop()!
  const entry = groups.find(parts.join('/'))?.get(name)
  if (!entry) return null
  const messages = readMessages(source, entry.header)
  const find = (type: number) => messages.find((message) => message.type === type)
  const [space, datatype, layout] = [find(0x1), find(0x3), find(0x8)]
  if (find(0x7)) unsupported() // values in another file
  if (!space || !datatype || !layout) return null
  const shape = readShape(source, space)
  const { kind, size } = readKind(source, datatype)
  const { place, chunks, filters } = readLayout(source, layout, find(0xb), shape.length, size)
  const bytes = shape.reduce((product, side) => product * side, size)
  return { path, kind, shape, bytes, chunks, filters, place }
}

function readShape(source: Source, { at }: Message): number[] {
  const version = source.u8(at)
  const rank = source.u8(at + 1)
  if (version !== 1 && !(version === 2 && source.u8(at + 3) !== 2)) unsupported()
  const start = at + (version === 1 ? 8 : 4)
  return Array.from({ length: rank }, (_, i) => source.u64(start + 8 * i))
}

/** Exponent bits and bias of the floats that are IEEE 754's. */
const floats: Record<number, readonly [bits: number, bias: number]> = {
  2: [5, 15],
  4: [8, 127],
  8: [11, 1023],
}

function readKind(source: Source, { at }: Message): { kind: Hdf5Kind; size: number } {
  const typeClass = source.u8(at) & 0xf
  const flags = source.u8(at + 1)
  const size = source.u32(at + 4)
  const isPlain = source.u16(at + 8) === 0 && source.u16(at + 10) === 8 * size && (flags & 1) === 0
  if (typeClass > 1 || !isPlain) unsupported()
  if (typeClass === 0) {
    if (![1, 2, 4, 8].includes(size)) unsupported()
    return { kind: `${flags & 8 ? 'i' : 'u'}${8 * size}` as Hdf5Kind, size }
  }
  const [bits, bias] = floats[size] ?? unsupported()
  const isStandard = source.u8(at + 13) === bits && source.u32(at + 16) === bias && (flags & 0x40) === 0
  return isStandard ? { kind: `f${8 * size}` as Hdf5Kind, size } : unsupported()
}

interface Layout {
  place: ClassicPlace
  chunks: number[] | null
  filters: string[]
}

function readLayout(
  source: Source,
  { at }: Message,
  pipeline: Message | undefined,
  rank: number,
  size: number,
): Layout {
  if (source.u8(at) !== 3) unsupported()
  const layoutClass = source.u8(at + 1)
  if (layoutClass === 0)
    return { place: { layout: 'contiguous', address: at + 4 }, chunks: null, filters: [] }
  if (layoutClass === 1) {
    return { place: { layout: 'contiguous', address: source.u64(at + 2) }, chunks: null, filters: [] }
  }
  const sides = Array.from({ length: rank + 1 }, (_, i) => source.u32(at + 11 + 4 * i))
  if (layoutClass !== 2 || source.u8(at + 2) !== rank + 1 || sides[rank] !== size) unsupported()
  const filterIds = pipeline ? readFilters(source, pipeline) : []
  return {
    place: { layout: 'chunked', tree: source.u64(at + 3), filterIds },
    chunks: sides.slice(0, rank),
    filters: filterIds.map((id) => knownFilters[id]),
  }
}

const knownFilters: Record<number, string> = { 1: 'deflate', 2: 'shuffle' }

function readFilters(source: Source, { at }: Message): number[] {
  const version = source.u8(at)
  const count = source.u8(at + 1)
  if (version !== 1 && version !== 2) unsupported()
  let next = at + (version === 1 ? 8 : 2)
  return Array.from({ length: count }, () => {
    const id = source.u16(next)
    if (!Object.hasOwn(knownFilters, id)) unsupported()
    const nameBytes = version === 1 ? source.u16(next + 2) : 0
    const values = source.u16(next + (version === 1 ? 6 : 4))
    const padded = version === 1 ? values + (values % 2) : values
    next += (version === 1 ? 8 : 6) + nameBytes + 4 * padded
    return id
  })
}

function listChunks(source: Source, { place, shape }: ClassicDataset): ClassicChunk[] {
  if (place.layout !== 'chunked') unsupported()
  return [...walkChunks(source, place.tree, shape.length)]
}

function* walkChunks(source: Source, tree: number, rank: number): Generator<ClassicChunk> {
  expectSignature(source, tree, 'TREE')
  if (source.u8(tree + 4) !== 1) unsupported()
  const level = source.u8(tree + 5)
  const count = source.u16(tree + 6)
  const keyBytes = 8 + 8 * (rank + 1)
  for (let i = 0; i < count; i++) {
    const key = tree + 24 + i * (keyBytes + 8)
    const child = source.u64(key + keyBytes)
    if (level > 0) {
      yield* walkChunks(source, child, rank)
      continue
    }
    yield {
      offset: Array.from({ length: rank }, (_, d) => source.u64(key + 8 + 8 * d)),
      address: child,
      bytes: source.u32(key),
      skippedFilters: source.u32(key + 4),
    }
  }
}

// Attributes of version 1 that hold a text of fixed length; others are left to the library.
function readText(source: Source, header: number, attribute: string): string | null {
  const messages = readMessages(source, header)
  if (messages.some(({ type }) => type === 0x15)) unsupported() // stored apart
  for (const { type, at } of messages) {
    if (type !== 0xc) continue
    if (source.u8(at) !== 1) unsupported()
    const [nameBytes, typeBytes, spaceBytes] = [2, 4, 6].map((offset) => source.u16(at + offset))
    const typeAt = at + 8 + padded(nameBytes)
    if (readString(source, at + 8, nameBytes) !== attribute) continue
    const isFixedText = (source.u8(typeAt) & 0xf) === 3
    const spaceAt = typeAt + padded(typeBytes)
    if (!isFixedText || source.u8(spaceAt) !== 1 || source.u8(spaceAt + 1) !== 0) unsupported()
    return readString(source, spaceAt + padded(spaceBytes), source.u32(typeAt + 4))
  }
  return null
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

function readString(source: Source, at: number, length: number): string {
  return source.bytes(at, length).toString('utf8').replace(/\0.*$/s, '')
}
