// NumPy's .npy, format version 1.0 (numpy.lib.format).
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { DataError, type Dtype, type DtypeArrays, type NdArray, ndarray, sizeOf } from '../base/index.ts'
import { type FileHead, type WantedFile, wrongFile } from './recognise.ts'

const descriptors: Record<Dtype, string> = {
  f32: '<f4',
  f64: '<f8',
  i32: '<i4',
  i64: '<i8',
  i8: '|i1',
  u8: '|u1',
  bool: '|b1',
}
const arrays: { [D in Dtype]: new (buffer: ArrayBuffer) => DtypeArrays[D] } = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  i64: BigInt64Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
}
const magic = '\x93NUMPY'
const wanted: WantedFile = {
  expected: 'a NumPy .npy file',
  kinds: ['npy'],
  hint: 'save the array with np.save, alone',
}

/** What comes before the values. */
export interface NpyHeader {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** The first axis varies fastest. */
  readonly isFortran: boolean
  /** Where the values start, in bytes. */
  readonly offset: number
}

/** Reads a whole .npy file. Throws DataError naming `where` on other dtypes, Fortran order or missing bytes. */
export function readNpy(bytes: Uint8Array, where = '.npy'): NdArray {
  const { dtype, shape, isFortran, offset } = readNpyHeader({ bytes, size: bytes.length }, where)
  if (isFortran && shape.length > 1) {
    throw new DataError({
      where,
      expected: 'C order',
      got: 'Fortran order',
      hint: 'save np.ascontiguousarray(x)',
    })
  }
  const length = sizeOf(shape) * bytesPerValue(dtype)
  if (bytes.length < offset + length) {
    throw new DataError({ where, expected: `${offset + length} bytes`, got: `${bytes.length}` })
  }
  // A copy, because the values must start at a multiple of their size (a Buffer's own slice would not copy).
  const values = Uint8Array.from(bytes.subarray(offset, offset + length))
  return ndarray(dtype, shape, new arrays[dtype](values.buffer))
}

/** A whole .npy file as bytes; NumPy reads it with `np.load`. */
export function writeNpy(array: NdArray): Uint8Array {
  const header = writeNpyHeader(array.dtype, array.shape)
  const values = new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength)
  const file = new Uint8Array(header.length + values.length)
  file.set(header)
  file.set(values, header.length)
  return file
}

function bytesPerValue(dtype: Dtype): number {
  return Number(descriptors[dtype].slice(2))
}

/** The header of a file of which the first bytes are known. Throws DataError, beginning with `where`, for anything else. */
export function readNpyHeader(head: FileHead, where: string): NpyHeader {
  const { bytes } = head
  if (String.fromCharCode(...bytes.subarray(0, 6)) !== magic) throw wrongFile(where, wanted, head)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isVersion1 = bytes[6] === 1
  const start = isVersion1 ? 10 : 12
  if (bytes.length < start) throw wrongFile(where, wanted, head)
  const offset = start + (isVersion1 ? view.getUint16(8, true) : view.getUint32(8, true))
  const text = String.fromCharCode(...bytes.subarray(start, offset))
  const descriptor = /'descr':\s*'([^']+)'/.exec(text)?.[1]
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1]
  if (descriptor === undefined || shape === undefined) {
    throw new DataError({ where, expected: 'a header with descr and shape', got: `'${text.trim()}'` })
  }
  const dtype = (Object.keys(descriptors) as Dtype[]).find((name) => descriptors[name] === descriptor)
  if (!dtype) {
    throw new DataError({ where, expected: Object.values(descriptors).join(', '), got: descriptor })
  }
  const sides = shape
    .split(',')
    .filter((side) => side.trim() !== '')
    .map(Number)
  if (
    !sides.every((side) => Number.isSafeInteger(side) && side >= 0) ||
    !Number.isSafeInteger(sizeOf(sides) * 8)
  )
    throw new DataError({ where, expected: 'a shape of whole numbers', got: `(${shape})` })
  return {
    dtype,
    shape: sides,
    isFortran: /'fortran_order':\s*True/.test(text),
    offset,
  }
}

/** The bytes before the values, padded to a multiple of `multiple` bytes; NumPy takes 64. */
export function writeNpyHeader(dtype: Dtype, shape: readonly number[], multiple = 64): Uint8Array {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${descriptors[dtype]}', 'fortran_order': False, 'shape': (${sides}), }`
  const length = Math.ceil((10 + text.length + 1) / multiple) * multiple
  const letters = `${magic}\x01\x00\0\0${text.padEnd(length - 11)}\n`
  const header = Uint8Array.from(letters, (letter) => letter.charCodeAt(0))
  new DataView(header.buffer).setUint16(8, length - 10, true)
  return header
}
