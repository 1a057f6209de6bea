// Numbers as HDF5 holds them: their kinds, sizes and conversion.

import { halfToNumber } from '../formats/index.ts'

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
  /** The kind, or in words what its values are instead of numbers, e.g. `text`. */
  readonly type: string
  readonly shape: readonly number[]
  /** The length in bytes of its values as `read` gives them: little-endian, row-major. */
  readonly bytes: number
  readonly chunks: readonly number[] | null
  /** The filters' names, e.g. `deflate`. */
  readonly filters: readonly string[]
}

/** The size of one value of a kind; 0 for what is no number. */
export const bytesPerValue: Readonly<Record<Hdf5Kind, number>> = {
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

const valueReaders: Record<Hdf5Kind, (view: DataView, at: number) => number> = {
  f16: (view, at) => halfToNumber(view.getUint16(at, true)),
  f32: (view, at) => view.getFloat32(at, true),
  f64: (view, at) => view.getFloat64(at, true),
  u8: (view, at) => view.getUint8(at),
  i8: (view, at) => view.getInt8(at),
  u16: (view, at) => view.getUint16(at, true),
  i16: (view, at) => view.getInt16(at, true),
  u32: (view, at) => view.getUint32(at, true),
  i32: (view, at) => view.getInt32(at, true),
  u64: (view, at) => Number(view.getBigUint64(at, true)),
  i64: (view, at) => Number(view.getBigInt64(at, true)),
  other: () => Number.NaN,
}

/** Values of `kind` as numbers; 64-bit integers are exact below 2^53. */
export function toNumbers(kind: Hdf5Kind, bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = bytesPerValue[kind]
  const readValue = valueReaders[kind]
  return Array.from({ length: size === 0 ? 0 : bytes.length / size }, (_, i) => readValue(view, i * size))
}
