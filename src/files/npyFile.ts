// .npy in files: whole arrays, and float32 matrices that are written and read by rows because they need not fit into
// memory.

import { type FileHandle, open } from 'node:fs/promises'
import { DataError, describeCause, type NdArray, type RowSource, sizeOf } from '../base/index.ts'
import { readNpy, readNpyFloat32, readNpyHeader, writeNpyHeader } from '../formats/index.ts'
import { explainWriteError, openReplacement, readBytes } from './file.ts'
import { readInto } from './positionedRead.ts'

// Padded so far, the header of a matrix has room for any number of rows.
const headerBytes = 128

/** Reads a whole .npy file from disk. Throws DataError where it is missing or `readNpy` refuses it. */
export async function readNpyFile(path: string): Promise<NdArray> {
  return readNpy(await readBytes(path), path)
}

/**
 * Reads a whole matrix [rows, columns] of any float or integer dtype as float32. Throws DataError where it is missing, has
 * other dimensions, or `readNpyFloat32` refuses it.
 */
export async function readMatrixFile(path: string): Promise<NdArray<'f32'>> {
  const matrix = readNpyFloat32(await readBytes(path), path)
  if (matrix.shape.length === 2) return matrix
  throw new DataError({ where: path, expected: 'a matrix [rows, columns]', got: `[${matrix.shape}]` })
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
  const writeHeader = () => writeFully(file, writeNpyHeader('f32', [rowCount, columns], headerBytes), 0)
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
      await writeFully(file, bytes, headerBytes + rowCount * columns * 4).catch(explained)
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
        await readInto(file, new Uint8Array(values.buffer), offset + start * columns * 4, path)
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
          await readInto(file, bytes, offset + wanted[at] * columns * 4, path)
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
  await readInto(file, head, 0, path)
  const { descriptor, shape, isFortran, offset } = readNpyHeader({ bytes: head, size }, path)
  if (descriptor !== '<f4' || shape.length !== 2 || isFortran) {
    const got = `${descriptor} [${shape}]${isFortran ? ' in Fortran order' : ''}`
    throw new DataError({ where: path, expected: 'a float32 matrix in C order', got })
  }
  const expected = offset + sizeOf(shape) * 4
  if (size < expected) throw new DataError({ where: path, expected: `${expected} bytes`, got: `${size}` })
  return [shape[0], shape[1], offset]
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}
