// HDF5 files by dataset: list, describe, read, write. Reading hands out the library's own memory, so that a
// patch is copied once, when it becomes pixels.

import { stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Metadata } from 'h5wasm/node'
import { DataError } from '../base/index.ts'
import { explainWriteError, openReplacement } from './file.ts'
import { type Hdf5Library, loadHdf5Library, type WriteMetadata } from './hdf5Library.ts'

/** Element kinds by NumPy-like short names; `other` is whatever is not a plain number. */
export type Hdf5Kind =
  | 'f16'
  | 'f32'
  | 'f64'
  | 'u8'
  | 'i8'
  | 'u16'
  | 'i16'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'i64'
  | 'other'

/** What a dataset is, without its values. */
export interface Hdf5Dataset {
  readonly path: string
  readonly kind: Hdf5Kind
  readonly shape: readonly number[]
  /** The length in bytes of its values as `read` gives them: little-endian, row-major. */
  readonly bytes: number
  readonly chunks: readonly number[] | null
  /** The filters' names, e.g. `deflate`. */
  readonly filters: readonly string[]
}

/** A part of a dataset: `count[d]` values from `offset[d]` on along each dimension. */
export interface Hdf5Selection {
  readonly offset: readonly number[]
  readonly count: readonly number[]
}

/** An HDF5 file open for reading; every call is synchronous. */
export interface Hdf5File {
  readonly path: string
  /** The names in a group, in the file's order (by string for files of h5py). */
  list(group: string): string[]
  /** What lies at `path`, or undefined where there is no dataset. */
  describe(path: string): Hdf5Dataset | undefined
  /**
   * The values of a described dataset, or of a part of it, as bytes of the library's memory: they are valid
   * until the next read, and start at a multiple of 8. Throws DataError where they cannot be read.
   */
  read(dataset: Hdf5Dataset, part?: Hdf5Selection): Uint8Array
  /**
   * Reads whole datasets, in any order of its own, and hands the bytes of `datasets[i]` to `visit(i, bytes)`;
   * they are valid until `visit` returns. Rejects with DataError where one cannot be read.
   */
  readEach(datasets: readonly Hdf5Dataset[], visit: (i: number, bytes: Uint8Array) => void): Promise<void>
  /** A small dataset as numbers, or undefined where it is missing. */
  readNumbers(path: string): Float64Array | undefined
  /** A text attribute, or undefined where it is missing or no text. */
  readText(path: string, attribute: string): string | undefined
  close(): void
}

/** Opens a file for reading. Throws DataError where it is missing, truncated or no HDF5 file. */
export async function openHdf5(path: string): Promise<Hdf5File> {
  const size = await fileSize(path)
  const library = await loadHdf5Library()
  const { module } = library
  const { result, complaint } = library.attempt(() => module.open(resolve(path), 0, false, -1, -1))
  if (result === undefined || result < 0n) {
    throw new DataError({
      where: path,
      expected: 'an HDF5 file',
      got: size === 0 ? 'an empty file' : (complaint ?? 'a file that cannot be opened'),
      hint: complaint?.includes('truncated') ? 'download or copy it again' : undefined,
    })
  }
  return makeFile(library, path, result)
}

async function fileSize(path: string): Promise<number> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const got = cause.code === 'ENOENT' ? 'no such file' : cause.message
    throw new DataError({ where: path, expected: 'an HDF5 file', got }, cause)
  })
  if (!found.isFile()) throw new DataError({ where: path, expected: 'an HDF5 file', got: 'a folder' })
  return found.size
}

function makeFile(library: Hdf5Library, path: string, id: bigint): Hdf5File {
  const { module, h5wasm } = library
  let isOpen = true
  const describe = (dataset: string): Hdf5Dataset | undefined => {
    if (module.get_type(id, dataset) !== module.H5G_DATASET) return undefined
    return library.call(`${path}/${dataset}`, () => {
      const filters = module.get_dataset_filters(id, dataset).map(({ name }) => name)
      return describeMetadata(dataset, module.get_dataset_metadata(id, dataset), filters)
    })
  }
  const read = (dataset: Hdf5Dataset, part?: Hdf5Selection): Uint8Array => {
    const { bytes, kind } = dataset
    if (kind === 'other') {
      throw new DataError({ where: `${path}/${dataset.path}`, expected: 'numbers', got: 'another type' })
    }
    const length = part ? sizeOfPart(part) * bytesPerValue[kind] : bytes
    const address = library.reserve(Math.max(length, 8))
    const count = part ? part.count.map(BigInt) : null
    const offset = part ? part.offset.map(BigInt) : null
    const strides = part ? part.count.map(() => 1n) : null
    const { result, complaint } = library.attempt(() =>
      module.get_dataset_data(id, dataset.path, count, offset, strides, BigInt(address)),
    )
    if (result === undefined || result < 0) {
      throw new DataError({
        where: `${path}/${dataset.path}`,
        got: `values that cannot be read (${complaint ?? 'HDF5 error'})`,
        hint: 'the file is damaged: download or copy it again',
      })
    }
    return module.HEAPU8.subarray(address, address + length)
  }
  return {
    path,
    list: (group) => library.call(`${path}${group}`, () => module.get_names(id, group, false)),
    describe,
    read,
    async readEach(datasets, visit) {
      datasets.forEach((dataset, i) => {
        visit(i, read(dataset))
      })
    },
    readNumbers(dataset) {
      const found = describe(dataset)
      return found && toNumbers(found.kind, read(found))
    },
    readText(group, attribute) {
      const names = library.call(path, () => module.get_attribute_names(id, group))
      if (!names.includes(attribute)) return undefined
      const { result } = library.attempt(() => new h5wasm.Group(id, group).get_attribute(attribute, true))
      return typeof result === 'string' ? result : undefined
    },
    close() {
      if (isOpen) module.close_file(id)
      isOpen = false
    },
  }
}

const bytesPerValue: Record<Hdf5Kind, number> = {
  f16: 2,
  f32: 4,
  f64: 8,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  other: 0,
}

function describeMetadata(path: string, metadata: Metadata, filters: readonly string[]): Hdf5Dataset {
  const kind = kindOf(metadata)
  const { shape, chunks, total_size } = metadata
  return { path, kind, shape: shape ?? [], bytes: total_size * bytesPerValue[kind], chunks, filters }
}

function kindOf({ type, size, signed, vlen }: Metadata): Hdf5Kind {
  if (vlen || (type !== 0 && type !== 1)) return 'other'
  const kind = `${type === 1 ? 'f' : signed ? 'i' : 'u'}${size * 8}`
  return Object.hasOwn(bytesPerValue, kind) ? (kind as Hdf5Kind) : 'other'
}

function sizeOfPart({ count }: Hdf5Selection): number {
  return count.reduce((size, side) => size * side, 1)
}

/** Values of `kind` as numbers; 64-bit integers must be below 2^53. `bytes` starts at a multiple of 8. */
export function toNumbers(kind: Hdf5Kind, bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = bytesPerValue[kind]
  const readers: Record<Hdf5Kind, (at: number) => number> = {
    f16: (at) => halfToNumber(view.getUint16(at, true)),
    f32: (at) => view.getFloat32(at, true),
    f64: (at) => view.getFloat64(at, true),
    u8: (at) => view.getUint8(at),
    i8: (at) => view.getInt8(at),
    u16: (at) => view.getUint16(at, true),
    i16: (at) => view.getInt16(at, true),
    u32: (at) => view.getUint32(at, true),
    i32: (at) => view.getInt32(at, true),
    u64: (at) => Number(view.getBigUint64(at, true)),
    i64: (at) => Number(view.getBigInt64(at, true)),
    other: () => Number.NaN,
  }
  const length = size === 0 ? 0 : bytes.length / size
  return Float64Array.from({ length }, (_, i) => readers[kind](i * size))
}

/** The value of an IEEE 754 half-precision number given by its bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** How a dataset is laid out on disk. */
export interface Hdf5Storage {
  readonly chunks?: readonly number[]
  /** Deflate level 1 to 9; needs chunks. */
  readonly deflate?: number
}

/** An HDF5 file being written; it appears at its path only when closed. */
export interface Hdf5Writer {
  createGroup(path: string): void
  /** Writes a whole dataset. Throws DataError where it exists already or the disk is full. */
  writeDataset(
    path: string,
    kind: Hdf5Kind,
    shape: readonly number[],
    values: ArrayBufferView,
    storage?: Hdf5Storage,
  ): void
  writeText(path: string, attribute: string, text: string): void
  close(): Promise<void>
  /** Gives up and removes what was written. */
  discard(): Promise<void>
}

/** Starts a new file that replaces `path` when closed. The same calls give the same bytes. */
export async function createHdf5(path: string): Promise<Hdf5Writer> {
  const replacement = await openReplacement(path)
  const library = await loadHdf5Library()
  const { module, h5wasm } = library
  const write = <T>(where: string, work: () => T) => withoutClock(() => library.call(where, work))
  let id: bigint
  try {
    await writeFile(replacement.temporary, '', { flag: 'wx' }) // says what is wrong with a folder better than HDF5
    id = write(path, () => module.open(resolve(replacement.temporary), module.H5F_ACC_TRUNC, false, -1, -1))
  } catch (cause) {
    await replacement.discard()
    throw explainWriteError(path, cause)
  }
  return {
    createGroup(group) {
      write(`${path}/${group}`, () => module.create_group(id, group, false))
    },
    writeDataset(dataset, kind, shape, values, storage = {}) {
      const address = library.reserve(Math.max(values.byteLength, 8))
      module.HEAPU8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address)
      const metadata = formatMetadata(kind, shape, storage)
      write(`${path}/${dataset}`, () => module.create_dataset(id, dataset, BigInt(address), metadata))
    },
    writeText(group, attribute, text) {
      write(path, () => new h5wasm.Group(id, group).create_attribute(attribute, text))
    },
    async close() {
      write(path, () => module.close_file(id))
      await replacement.commit()
    },
    async discard() {
      library.attempt(() => module.close_file(id))
      await replacement.discard()
    },
  }
}

function formatMetadata(
  kind: Hdf5Kind,
  shape: readonly number[],
  { chunks, deflate }: Hdf5Storage,
): WriteMetadata {
  const sides = shape.map(BigInt)
  const metadata = {
    type: kind.startsWith('f') ? 1 : 0,
    size: bytesPerValue[kind],
    signed: !kind.startsWith('u'),
    littleEndian: true,
    vlen: false,
    shape: sides,
    maxshape: sides,
    chunks: chunks ? chunks.map(BigInt) : null,
    compression: deflate ? 1 : 0,
    compression_opts: deflate ? [deflate] : [],
    track_order: false,
    total_size: shape.reduce((size, side) => size * side, 1),
  }
  return metadata as WriteMetadata
}

// HDF5 stamps each dataset with the time it was made, which would make every file different. The library asks
// Date.now; it runs synchronously, so nobody else sees the clock stand still.
function withoutClock<T>(work: () => T): T {
  const { now } = Date
  Date.now = () => 0
  try {
    return work()
  } finally {
    Date.now = now
  }
}
