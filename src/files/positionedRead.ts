// Reading a range of an open file, of any length: one system call reads at most 2 GiB.

import type { FileHandle } from 'node:fs/promises'
import { DataError } from '../base/index.ts'

const largestRead = 1 << 30

/** Fills `into` from `position` on. Throws DataError, beginning with `where`, where the file ends before. */
export async function readInto(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  where: string,
): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const length = Math.min(largestRead, into.length - done)
    const { bytesRead } = await file.read(into, done, length, position + done)
    if (bytesRead === 0) {
      throw new DataError({
        where,
        expected: `${into.length} bytes at ${position}`,
        got: `${done}`,
        hint: 'the file is truncated: fetch it again',
      })
    }
    done += bytesRead
  }
}

/** The `length` bytes from `position` on, in memory of their own. Throws as readInto. */
export async function readRange(
  file: FileHandle,
  position: number,
  length: number,
  where: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  await readInto(file, bytes, position, where)
  return bytes
}
