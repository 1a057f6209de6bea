// NumPy's .npy, format version 1.0 (numpy.lib.format), of either byte order and either order of the axes.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import {
  arrayTypes,
  DataError,
  type Dtype,
  gatherStrided,
  type NdArray,
  ndarray,
  sizeOf,
} from '../base/index.ts'
import { widenHalf } from './halfFloat.ts'
import { type FileHead, type WantedFile, wrongFile } from './recognise.ts'

// The dtypes of an NdArray as NumPy writes them on machines of today.
const descriptors: Record<Dtype, string> = {
  f32: '<f4',
  f64: '<f8',
  i32: '<i4',
  i64: '<i8',
  i8: '|i1',
  u8: '|u1',
  bool: '|b1',
}
// All kinds of numbers that NumPy writes, by kind and bytes, as float32.
const conversions: Readonly<Record<string, (buffer: ArrayBuffer) => Float32Array>> = {
  f2: (buffer) => widenHalf(new Uint16Array(buffer)),
  f4: (buffer) => new Float32Array(buffer),
  f8: (buffer) => new Float32Array(new Float64Array(buffer)),
  i1: (buffer) => new Float32Array(new Int8Array(buffer)),
  i2: (buffer) => new Float32Array(new Int16Array(buffer)),
  i4: (buffer) => new Float32Array(new Int32Array(buffer)),
  i8: (buffer) => Float32Array.from(new BigInt64Array(buffer), Number),
  u1: (buffer) => new Float32Array(new Uint8Array(buffer)),
  u2: (buffer) => new Float32Array(new Uint16Array(buffer)),
  u4: (buffer) => new Float32Array(new Uint32Array(buffer)),
  u8: (buffer) => Float32Array.from(new BigUint64Array(buffer), Number),
}
const magic = '\x93NUMPY'
const wanted: WantedFile = {
  expected: 'a NumPy .npy file',
  kinds: ['npy'],
  hint: 'save the array with np.save, alone',
}

/** What comes before the values. */
export interface NpyHeader {
  /** NumPy's name of the dtype: byte order, kind and bytes, e.g. `<f4`. */
  readonly descriptor: string
  readonly shape: readonly number[]
  /** The first axis varies fastest. */
  readonly isFortran: boolean
  /** Where the values start, in bytes. */
  readonly offset: number
}

/** Reads a whole .npy file. Throws DataError naming `where` on dtypes that an NdArray does not have or missing bytes. */
export function readNpy(bytes: Uint8Array, where = '.npy'): NdArray {
  const header = readNpyHeader({ bytes, size: bytes.length }, where)
  const dtypes = Object.keys(descriptors) as Dtype[]
  const dtype = dtypes.find((name) => nameKind(descriptors[name]) === nameKind(header.descriptor))
  if (!dtype) {
    throw new DataError({ where, expected: Object.values(descriptors).join(', '), got: header.descriptor })
  }
  const values = new arrayTypes[dtype](readValues(bytes, header, where))
  return ndarray(dtype, header.shape, orderAxes(values, header))
}

/**
 * Reads a whole .npy file of any float or integer dtype as float32: wider values are rounded, and infinite where float32
 * ends. Throws DataError naming `where` on other dtypes or missing bytes.
 */
export function readNpyFloat32(bytes: Uint8Array, where = '.npy'): NdArray<'f32'> {
  const header = readNpyHeader({ bytes, size: bytes.length }, where)
  const kind = nameKind(header.descriptor)
  if (!Object.hasOwn(conversions, kind)) {
    throw new DataError({
      where,
      expected: `numbers (${Object.keys(conversions).join(', ')})`,
      got: `dtype ${header.descriptor}`,
      hint: "save x.astype('float32')",
    })
  }
  const values = conversions[kind](readValues(bytes, header, where))
  return ndarray('f32', header.shape, orderAxes(values, header))
}

// `<f4` and `>f4` -> `f4`
function nameKind(descriptor: string): string {
  return descriptor.replace(/^[<>|=]/, '')
}

// The values in a buffer of their own, little-endian, in the order of the file.
function readValues(bytes: Uint8Array, header: NpyHeader, where: string): ArrayBuffer {
  const { descriptor, shape, offset } = header
  const size = Number(nameKind(descriptor).slice(1))
  const length = sizeOf(shape) * size
  if (bytes.length < offset + length) {
    throw new DataError({ where, expected: `${offset + length} bytes`, got: `${bytes.length}` })
  }
  // A copy, because the values must start at a multiple of their size (a Buffer's own slice would not copy).
  const values = Uint8Array.from(bytes.subarray(offset, offset + length))
  if (descriptor.startsWith('>'))
    for (let at = 0; at < length; at += size) values.subarray(at, at + size).reverse()
  return values.buffer
}

// The values with the last axis varying fastest, however the file has them.
function orderAxes<A extends NdArray['data']>(values: A, { shape, isFortran }: NpyHeader): A {
  if (!isFortran || shape.length < 2) return values
  const ordered = values.slice() as A
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)))
  gatherStrided<number | bigint>(values, shape, strides, ordered)
  return ordered
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
    descriptor,
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
