// Files as a whole: hashing, and writing that a kill cannot leave half done.

import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DataError } from '../base/index.ts'
import type { FileHead } from './recognise.ts'

/** sha256 (hex) of bytes or text. */
export function hashBytes(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * The first 64 bits of sha256 of bytes: a short name for content, for a list of one a patch. Among a million different
 * contents two share a name with a probability of 3e-8.
 */
export function hash64(bytes: Uint8Array): bigint {
  return createHash('sha256').update(bytes).digest().readBigUInt64BE()
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

/** hashFile for where one cannot wait: the file is read as a whole. */
export function hashFileSync(path: string): string {
  try {
    return hashBytes(readFileSync(path))
  } catch (cause) {
    throw new DataError({ where: path, got: (cause as Error).message }, cause)
  }
}

/** The first 64 KB of a file and its size, for recognising it. Throws DataError where it cannot be read. */
export async function readHead(path: string): Promise<FileHead> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const bytes = new Uint8Array(Math.min(size, 1 << 16))
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
      return { bytes: bytes.subarray(0, bytesRead), size }
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new DataError({ where: path, got: (cause as Error).message }, cause)
  }
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
  const replacement = await openReplacement(path)
  try {
    await write(replacement.temporary)
    await replacement.commit()
  } catch (cause) {
    await replacement.discard()
    throw explainWriteError(path, cause)
  }
}

/** A file being made under a temporary name: `commit` renames it into place, `discard` removes it. */
export interface Replacement {
  readonly temporary: string
  commit(): Promise<void>
  discard(): Promise<void>
}

/** Opens a replacement for `path`, for writers that live longer than one call. Makes the folder it lies in. */
export async function openReplacement(path: string): Promise<Replacement> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const explained = (cause: unknown) => Promise.reject(explainWriteError(path, cause))
  await mkdir(dirname(path), { recursive: true }).catch(explained)
  return {
    temporary,
    commit: () => rename(temporary, path).catch(explained),
    discard: () => rm(temporary, { force: true }).catch(() => {}),
  }
}

/** What to do about a full disk. */
export const fullDiskHint = 'the disk is full: free some space and run again, finished work is kept'

const writeHints: Record<string, string> = {
  ENOSPC: fullDiskHint,
  EROFS: 'the file system is read-only: choose another --out',
  EACCES: 'the folder cannot be written: choose another --out or change its permissions',
  EPERM: 'the folder cannot be written: choose another --out or change its permissions',
}

/** A DataError naming `path` where `cause` came from the file system; any other error as it is. */
export function explainWriteError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'code' in cause && 'syscall' in cause)) return cause
  return new DataError({ where: path, got: cause.message, hint: writeHints[String(cause.code)] }, cause)
}
