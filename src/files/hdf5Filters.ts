// The filters through which HDF5 packs chunks: deflate, LZF, shuffle and the Fletcher checksum, undone one by one.
// Format: HDF5 File Format Specification 3.0, section IV.A.2.l; the checksum as H5checksum.c describes it.

import { inflate, inflateSync } from 'node:zlib'
import type { Message } from './hdf5Header.ts'
import { damaged, Hdf5Fault, type Source, unsupported } from './hdf5Source.ts'
import { lzfRatio, unpackLzf } from './lzf.ts'

/** A filter of a dataset's pipeline, in the order in which they were applied. */
export interface Filter {
  readonly id: number
  readonly name: string
  /** For shuffle, the size of an element. */
  readonly values: readonly number[]
}

type Undo = (bytes: Buffer, length: number, filter: Filter) => Buffer | Promise<Buffer>

interface KnownFilter {
  readonly name: string
  /** What it may blow up at most. */
  readonly ratio: number
  /** Gives the `length` bytes that went in. Missing where only the library knows the filter. */
  readonly undo?: Undo
}

const deflateRatio = 1032 // a deflate stream's limit: a code of two bits for 258 bytes

const known: Readonly<Record<number, KnownFilter>> = {
  1: { name: 'deflate', ratio: deflateRatio, undo: inflateBytes },
  2: { name: 'shuffle', ratio: 1, undo: unshuffle },
  3: { name: 'fletcher32', ratio: 1, undo: checkSum },
  5: { name: 'nbit', ratio: 64 },
  6: { name: 'scaleoffset', ratio: deflateRatio },
  32000: { name: 'lzf', ratio: lzfRatio, undo: unlzf },
}

/** The pipeline that a message describes. Throws Hdf5Fault for filters that nobody here knows. */
export function readFilters(source: Source, message: Message | undefined): Filter[] {
  if (!message) return []
  const { at } = message
  const version = source.u8(at)
  if (version !== 1 && version !== 2) unsupported(`a pipeline of filters of version ${version}`)
  let next = at + (version === 1 ? 8 : 2)
  return Array.from({ length: source.u8(at + 1) }, () => {
    const id = source.u16(next)
    const hasName = version === 1 || id >= 256
    const nameBytes = hasName ? source.u16(next + 2) : 0
    const countAt = next + (hasName ? 6 : 4)
    const count = source.u16(countAt)
    const named = source
      .bytes(countAt + 2, nameBytes)
      .toString('latin1')
      .replace(/\0.*$/s, '')
    const valuesAt = countAt + 2 + nameBytes
    const values = Array.from({ length: count }, (_, i) => source.u32(valuesAt + 4 * i))
    next = valuesAt + 4 * (version === 1 ? count + (count % 2) : count)
    const name = known[id]?.name ?? (named.slice(0, 40) || `filter ${id}`)
    if (!known[id]) unsupported(`values packed with ${name}, a filter that is not read`)
    return { id, name, values }
  })
}

/** What chunks packed by `filters` may be blown up to, times their size. */
export function largestRatio(filters: readonly Filter[]): number {
  return filters.reduce((product, { id }) => product * known[id].ratio, 1)
}

/** Whether all of `filters` are undone here; otherwise the library must read. */
export function areUndone(filters: readonly Filter[]): boolean {
  return filters.every(({ id }) => known[id].undo)
}

/**
 * The `length` bytes of a chunk from its `packed` ones; bit i of `skipped` is set where filter i was not applied.
 * Throws Hdf5Fault.
 */
export async function undoFilters(
  packed: Buffer,
  filters: readonly Filter[],
  skipped: number,
  length: number,
): Promise<Buffer> {
  const applied = filters.filter((_, i) => (skipped & (1 << i)) === 0)
  if (length > packed.length * largestRatio(applied)) {
    damaged(`a chunk of ${packed.length} bytes that should hold ${length}`)
  }
  let bytes = packed
  for (let i = applied.length - 1; i >= 0; i--) {
    const sums = applied.slice(0, i).filter(({ id }) => id === 3).length // each makes it 4 bytes longer
    bytes = await known[applied[i].id].undo!(bytes, length + 4 * sums, applied[i])
  }
  return bytes.length === length ? bytes : damaged(`a chunk of ${bytes.length} bytes where ${length} are due`)
}

// A buffer of the size that comes out makes it one step. Small pieces are done on the spot, since a trip through the
// thread pool takes longer.
function inflateBytes(bytes: Buffer, length: number): Buffer | Promise<Buffer> {
  const options = { chunkSize: Math.max(64, length), maxOutputLength: Math.max(1, length) }
  if (length > 32768) {
    return new Promise((resolve, reject) => {
      inflate(bytes, options, (error, result) => (error ? reject(explain(error)) : resolve(result)))
    })
  }
  try {
    return inflateSync(bytes, options)
  } catch (cause) {
    throw explain(cause as Error)
  }
}

function explain(error: Error): Hdf5Fault {
  return new Hdf5Fault(`a chunk that cannot be inflated (${error.message})`)
}

function unlzf(bytes: Buffer, length: number): Buffer {
  return unpackLzf(bytes, length) ?? damaged('a chunk that is no LZF')
}

// Shuffle stores all first bytes, then all second bytes ...
function unshuffle(bytes: Buffer, _length: number, { values: [size = 1] }: Filter): Buffer {
  const count = Math.floor(bytes.length / size)
  if (size <= 1 || count <= 1) return bytes
  const values = Buffer.from(new ArrayBuffer(bytes.length))
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < count; i++) values[i * size + byte] = bytes[byte * count + i]
  }
  bytes.copy(values, count * size, count * size)
  return values
}

function checkSum(bytes: Buffer): Buffer {
  const length = bytes.length - 4
  if (length < 0) damaged('a chunk too short for its checksum')
  const values = bytes.subarray(0, length)
  return fletcher32(values) === bytes.readUInt32LE(length) ? values : damaged('a checksum that is not right')
}

// Fletcher's checksum over big-endian words of 16 bits, folded every 360 words.
function fletcher32(bytes: Buffer): number {
  const fold = (sum: number) => (sum & 0xffff) + (sum >>> 16)
  let [first, second] = [0, 0]
  const even = bytes.length - (bytes.length % 2)
  for (let at = 0; at < even; ) {
    for (const end = Math.min(even, at + 720); at < end; at += 2) {
      first += (bytes[at] << 8) | bytes[at + 1]
      second += first
    }
    ;[first, second] = [fold(first), fold(second)]
  }
  if (bytes.length > even) {
    first = fold(first + (bytes[even] << 8))
    second = fold(second + first)
  }
  ;[first, second] = [fold(first), fold(second)]
  return ((second << 16) | first) >>> 0
}
