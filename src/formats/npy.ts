// NumPy's .npy, format version 1.0 (numpy.lib.format): whole arrays in memory, and float32 matrices that are
// written and read by rows because they need not fit. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { type FileHandle, open, readFile } from 'node:fs/promises'
import {
  DataError,
  type Dtype,
  type DtypeArrays,
  describeCause,
  type NdArray,
  ndarray,
  type RowSource,
  sizeOf,
} from '../base/index.ts'
import { explainWriteError, openReplacement } from './file.ts'
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

interface NpyHeader {
  dtype: Dtype
  shape: number[]
  isFortran: boolean
  /** Where the values start. */
  offset: number
}

/** Reads a whole .npy file. Throws DataError naming `where` on other dtypes, Fortran order or missing bytes. */
export function readNpy(bytes: Uint8Array, where = '.npy'): NdArray {
  const { dtype, shape, isFortran, offset } = parseHeader({ bytes, size: bytes.length }, where)
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

/** Reads a whole .npy file from disk. Throws DataError where it is missing or `readNpy` refuses it. */
export async function readNpyFile(path: string): Promise<NdArray> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  return readNpy(bytes, path)
}

/** A whole .npy file as bytes; NumPy reads it with `np.load`. */
export function writeNpy(array: NdArray): Uint8Array {
  const header = formatHeader(array.dtype, array.shape, 64)
  const values = new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength)
  const file = new Uint8Array(header.length + values.length)
  file.set(header)
  file.set(values, header.length)
  return file
}

/** A float32 matrix being written row by row; it appears at its path only when closed. */
export interface NpyWriter {
  /** Appends whole rows: `rows.length` is a multiple of the columns. */
  append(rows: Float32Array): Promise<void>
  /** Writes the row count, flushes, and renames the file into place. */
  close(): Promise<void>
  /** Gives up and removes what was written. */
  discard(): Promise<void>
}

/** Starts a float32 matrix of `columns` columns whose row count is known only at the end. */
export async function createNpy(path: string, columns: number): Promise<NpyWriter> {
  const replacement = await openReplacement(path)
  const explained = (cause: unknown): never => {
    throw explainWriteError(path, cause)
  }
  const file = await open(replacement.temporary, 'wx').catch(explained)
  let rowCount = 0
  // The header's length never changes: it is written first as a place holder, last with the true shape.
  const writeHeader = () => writeFully(file, formatHeader('f32', [rowCount, columns], 128), 0)
  await writeHeader().catch(explained)
  return {
    async append(rows) {
      if (rows.length % columns !== 0) {
        throw new DataError({
          where: path,
          expected: `rows of ${columns} values`,
          got: `${rows.length} values`,
        })
      }
      const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
      await writeFully(file, bytes, 128 + rowCount * columns * 4).catch(explained)
      rowCount += rows.length / columns
    },
    async close() {
      await writeHeader().catch(explained)
      await file.sync().catch(explained)
      await file.close()
      await replacement.commit()
    },
    async discard() {
      await file.close().catch(() => {})
      await replacement.discard()
    },
  }
}

/** A float32 matrix on disk, read by ranges of rows. */
export interface NpyReader extends RowSource {
  readonly shape: readonly [rows: number, columns: number]
  /** Rows `start` to `start + count`, row-major. Throws DataError beyond the end. */
  readRows(start: number, count: number): Promise<Float32Array>
  close(): Promise<void>
}

/** Opens a 2-D float32 .npy. Throws DataError where it is missing, damaged, or anything else. */
export async function openNpy(path: string): Promise<NpyReader> {
  const file = await open(path, 'r').catch((cause: Error) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  try {
    const [rows, columns, offset] = await readMatrixHeader(file, path)
    return {
      shape: [rows, columns],
      async readRows(start, count) {
        if (start < 0 || count < 0 || start + count > rows) {
          throw new DataError({
            where: path,
            expected: `rows below ${rows}`,
            got: `${start} to ${start + count}`,
          })
        }
        const values = new Float32Array(count * columns)
        await readFully(file, new Uint8Array(values.buffer), offset + start * columns * 4, path)
        return values
      },
      async gather(wanted, into) {
        for (let at = 0; at < wanted.length; ) {
          let end = at + 1 // rows that follow one another are one read
          while (end < wanted.length && wanted[end] === wanted[end - 1] + 1) end++
          const bytes = new Uint8Array(
            into.buffer,
            into.byteOffset + at * columns * 4,
            (end - at) * columns * 4,
          )
          await readFully(file, bytes, offset + wanted[at] * columns * 4, path)
          at = end
        }
      },
      close: () => file.close(),
    }
  } catch (cause) {
    await file.close()
    throw cause
  }
}

async function readMatrixHeader(file: FileHandle, path: string): Promise<[number, number, number]> {
  const { size } = await file.stat()
  const head = new Uint8Array(Math.min(size, 4096))
  await readFully(file, head, 0, path)
  const { dtype, shape, isFortran, offset } = parseHeader({ bytes: head, size }, path)
  if (dtype !== 'f32' || shape.length !== 2 || isFortran) {
    throw new DataError({ where: path, expected: 'a float32 matrix in C order', got: `${dtype} [${shape}]` })
  }
  const expected = offset + sizeOf(shape) * 4
  if (size < expected) throw new DataError({ where: path, expected: `${expected} bytes`, got: `${size}` })
  return [shape[0], shape[1], offset]
}

function bytesPerValue(dtype: Dtype): number {
  return Number(descriptors[dtype].slice(2))
}

function parseHeader(head: FileHead, where: string): NpyHeader {
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

// `multiple`: NumPy pads to 64; the streamed matrix takes 128 so that any row count fits.
function formatHeader(dtype: Dtype, shape: readonly number[], multiple: number): Uint8Array {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${descriptors[dtype]}', 'fortran_order': False, 'shape': (${sides}), }`
  const length = Math.ceil((10 + text.length + 1) / multiple) * multiple
  const header = Buffer.from(`${magic}\x01\x00\0\0${text.padEnd(length - 11)}\n`, 'latin1')
  header.writeUInt16LE(length - 10, 8)
  return header
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

async function readFully(file: FileHandle, into: Uint8Array, position: number, where: string): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done)
    if (bytesRead === 0) throw new DataError({ where, expected: `${into.length} bytes`, got: `${done}` })
    done += bytesRead
  }
}
