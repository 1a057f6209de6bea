// What a dataset of an HDF5 file is and where its values lie, read from its object header. Nothing is believed that
// the file cannot hold: a dataset's size is bounded by the file's before anybody reserves memory for it.
// Format: HDF5 File Format Specification 3.0, sections IV.A.2.b, d to f, h, i, l.

import type { ChunkIndex } from './hdf5Chunk.ts'
import { readChunkedLayout } from './hdf5ChunkIndex.ts'
import { openLocalHeap } from './hdf5ClassicTrees.ts'
import { type Filter, largestRatio, readFilters } from './hdf5Filters.ts'
import { findMessage, type Message, readMessages } from './hdf5Header.ts'
import { damaged, type Source, unsupported } from './hdf5Source.ts'
import type { Hdf5Dataset, Hdf5Kind } from './hdf5Values.ts'

/** A part of another file that holds values, by the name that the HDF5 file gives it. */
export interface Segment {
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

/** Where a dataset's values lie; an `address` of undefined means that none were ever written. */
export type Place =
  | { readonly layout: 'contiguous'; readonly address: number | undefined }
  | { readonly layout: 'external'; readonly segments: readonly Segment[] }
  | { readonly layout: 'chunked'; readonly index: ChunkIndex; readonly filters: readonly Filter[] }

/** A dataset and where it lies. */
export interface StoredDataset extends Hdf5Dataset {
  readonly place: Place
  /** Its numbers are big-endian in the file. */
  readonly isSwapped: boolean
  /** What stands for values never written, where whoever made the file said so; else they are a fault. */
  readonly fill: Buffer | undefined
}

/**
 * The dataset whose header is at `header`; undefined where there is none. Throws Hdf5Fault, also for virtual
 * datasets and for layouts before HDF5 1.6.
 */
export function readDataset(source: Source, header: number, path: string): StoredDataset | undefined {
  const messages = readMessages(source, header)
  const [space, datatype, layout] = [0x1, 0x3, 0x8].map((type) => findMessage(source, messages, type))
  if (!space || !datatype || !layout) return undefined
  const { shape, maxShape } = readShape(source, space)
  const type = readType(source, datatype.at)
  const filters = readFilters(source, findMessage(source, messages, 0xb))
  const bytes = shape.reduce((product, side) => product * side, type.size)
  const external = findMessage(source, messages, 0x7)
  const found = readLayout(source, layout, { shape, maxShape, size: type.size, bytes, filters })
  const place: Place = external
    ? { layout: 'external', segments: readSegments(source, external) }
    : found.place
  const fill = readFill(source, messages)
  if (fill && fill.length !== type.size) damaged(`a fill value of ${fill.length} bytes, not ${type.size}`)
  const dataset = {
    path,
    kind: type.kind,
    type: type.name,
    shape,
    bytes,
    chunks: found.chunks,
    filters: found.chunks ? filters.map(({ name }) => name) : [],
    place,
    isSwapped: type.isSwapped,
    fill,
  }
  checkSize(source, dataset)
  return dataset
}

function checkSize(source: Source, { place, bytes, fill, shape, type }: StoredDataset): void {
  const held =
    place.layout === 'external'
      ? place.segments.reduce((sum, segment) => sum + segment.bytes, 0)
      : source.size * Math.max(place.layout === 'chunked' ? largestRatio(place.filters) : 1, fill ? 1032 : 1)
  if (bytes <= held) return
  const size = bytes < 1e15 ? `${bytes} bytes` : 'far more bytes'
  damaged(
    `${type} of shape (${shape.join(', ')}), which are ${size}, in a file that cannot hold more than ${held}`,
  )
}

function readShape(source: Source, { at }: Message): { shape: number[]; maxShape: (number | undefined)[] } {
  const version = source.u8(at)
  if (version !== 1 && version !== 2) unsupported(`a dataspace of version ${version}`)
  if (version === 2 && source.u8(at + 3) === 2) return { shape: [0], maxShape: [0] } // h5py.Empty
  const rank = source.u8(at + 1)
  if (rank > 32) damaged(`${rank} dimensions`)
  const start = at + (version === 1 ? 8 : 4)
  const shape = Array.from({ length: rank }, (_, i) => source.u64(start + 8 * i))
  const hasMost = (source.u8(at + 2) & 1) !== 0
  const maxShape = shape.map((side, i) => (hasMost ? source.address(start + 8 * (rank + i)) : side))
  return { shape, maxShape }
}

/** Exponent bits and bias of the floats that are IEEE 754's. */
const floats: Record<number, readonly [bits: number, bias: number]> = {
  2: [5, 15],
  4: [8, 127],
  8: [11, 1023],
}

const typeNames = [
  'integers of an unusual size',
  'floats of an unusual form',
  'time',
  'text',
  'bit fields',
  'opaque bytes',
  'compound',
  'references',
  'enumeration',
  'variable-length',
  'arrays',
]

interface ElementType {
  readonly kind: Hdf5Kind
  /** The kind, or in words what it is instead of a number. */
  readonly name: string
  readonly size: number
  readonly isSwapped: boolean
}

// An enumeration, as which h5py writes booleans, is the integers that it rests on.
function readType(source: Source, at: number, isBase = false): ElementType {
  const typeClass = source.u8(at) & 0xf
  const flags = source.u8(at + 1)
  const size = source.u32(at + 4)
  if (size === 0) damaged('values of no size')
  if (typeClass === 8 && !isBase) {
    const base = readType(source, at + 8, true)
    return base.size === size ? base : damaged("an enumeration whose size is not its numbers'")
  }
  const isText = typeClass === 9 && (flags & 0xf) === 1
  const name = isText ? 'text' : (typeNames[typeClass] ?? damaged(`a type of class ${typeClass}`))
  const other = { kind: 'other', name, size, isSwapped: false } as const
  const isPlain = typeClass <= 1 && source.u16(at + 8) === 0 && source.u16(at + 10) === 8 * size
  if (!isPlain) return other
  const isSwapped = (flags & 1) !== 0
  if (typeClass === 0) {
    if (![1, 2, 4, 8].includes(size)) return other
    const kind = `${flags & 8 ? 'i' : 'u'}${8 * size}` as Hdf5Kind
    return { kind, name: kind, size, isSwapped }
  }
  const [bits, bias] = floats[size] ?? []
  if (source.u8(at + 13) !== bits || source.u32(at + 16) !== bias || (flags & 0x40) !== 0) return other
  const kind = `f${8 * size}` as Hdf5Kind
  return { kind, name: kind, size, isSwapped }
}

interface Wanted {
  readonly shape: readonly number[]
  readonly maxShape: readonly (number | undefined)[]
  readonly size: number
  readonly bytes: number
  readonly filters: readonly Filter[]
}

function readLayout(
  source: Source,
  { at }: Message,
  wanted: Wanted,
): { place: Place; chunks: readonly number[] | null } {
  const version = source.u8(at)
  if (version !== 3 && version !== 4) unsupported(`a data layout of version ${version}`)
  const layoutClass = source.u8(at + 1)
  if (layoutClass === 3)
    damaged('a virtual dataset, whose values lie in others', 'write its values into a dataset of its own')
  if (layoutClass === 2) {
    const { index, chunks } = readChunkedLayout(source, at, version, wanted)
    return { place: { layout: 'chunked', index, filters: wanted.filters }, chunks }
  }
  if (layoutClass > 1) damaged(`a data layout of class ${layoutClass}`)
  const isCompact = layoutClass === 0
  const address = isCompact ? at + 4 : source.address(at + 2)
  const held = isCompact ? source.u16(at + 2) : source.size - (address ?? 0)
  if (address !== undefined && wanted.bytes > held)
    damaged(`${held} bytes of values where ${wanted.bytes} are due`)
  return { place: { layout: 'contiguous', address }, chunks: null }
}

function readSegments(source: Source, { at }: Message): Segment[] {
  const nameAt = openLocalHeap(source, source.u64(at + 8))
  return Array.from({ length: source.u16(at + 6) }, (_, i) => {
    const slot = at + 16 + 24 * i
    const file = nameAt(source.u64(slot)).toString('utf8')
    const bytes = source.address(slot + 16) ?? Number.POSITIVE_INFINITY // to the file's end
    return { file, offset: source.u64(slot + 8), bytes }
  })
}

// A fill value that is given; HDF5's own, zero, counts as none.
function readFill(source: Source, messages: readonly Message[]): Buffer | undefined {
  const message = findMessage(source, messages, 0x5)
  if (!message) {
    const old = findMessage(source, messages, 0x4)
    return old && readSized(source, old.at)
  }
  const { at } = message
  if (source.u8(at) === 3) return source.u8(at + 1) & 0x20 ? readSized(source, at + 2) : undefined
  return source.u8(at + 3) === 1 || source.u8(at) === 1 ? readSized(source, at + 4) : undefined
}

function readSized(source: Source, at: number): Buffer | undefined {
  const length = source.u32(at)
  if (length > 65536) damaged(`a fill value of ${length} bytes`)
  return length === 0 ? undefined : source.bytes(at + 4, length)
}
