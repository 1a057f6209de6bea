// Files as a whole: hashing, and writing that a kill cannot leave half done.

import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DataError } from '../base/index.ts'

/** sha256 (hex) of bytes or text. */
export function hashBytes(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** sha256 (hex) of a file's content, streamed. Throws DataError where it cannot be read. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  } catch (cause) {
    throw new DataError({ where: path, got: (cause as Error).message }, cause)
  }
  return hash.digest('hex')
}

/** Writes a whole file under a temporary name, flushes it, then renames it: it is there whole or not at all. */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await replaceFile(path, async (temporary) => {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/**
 * Lets `write` make a file at a temporary path beside `path`, then renames it to `path`.
 * Where `write` throws, the temporary file is removed. Throws DataError where the folder cannot be written.
 */
export async function replaceFile(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    await write(temporary)
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw isFileSystemError(cause) ? describeWriteError(path, cause) : cause
  }
}

function isFileSystemError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && 'code' in cause && 'syscall' in cause
}

function describeWriteError(path: string, cause: NodeJS.ErrnoException): DataError {
  const hints: Record<string, string> = {
    ENOSPC: 'the disk is full: free some space and run again, finished work is kept',
    EROFS: 'the file system is read-only: choose another --out',
    EACCES: 'the folder cannot be written: choose another --out or change its permissions',
    EPERM: 'the folder cannot be written: choose another --out or change its permissions',
  }
  return new DataError({ where: path, got: cause.message, hint: hints[cause.code ?? ''] }, cause)
}
