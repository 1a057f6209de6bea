// Files and folders as a whole: hashing, reading text, and writing that a kill cannot leave half done.

import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { DataError, describeCause, fullDiskHint, systemCode } from '../base/index.ts'
import { decodeText, type FileHead } from '../formats/index.ts'

/** sha256 (hex) of bytes or text. */
export function hashBytes(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** sha256 (hex) of a text in blocks. */
export function hashBlocks(blocks: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const block of blocks) hash.update(block)
  return hash.digest('hex')
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
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  }
  return hash.digest('hex')
}

/** hashFile for where one cannot wait: the file is read as a whole. */
export function hashFileSync(path: string): string {
  try {
    return hashBytes(readFileSync(path))
  } catch (cause) {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  }
}

/** The whole content of a file. Throws DataError where it cannot be read. */
export async function readBytes(path: string): Promise<Buffer> {
  return readFile(path).catch((cause) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
}

/**
 * The text of a file in UTF-8, without a byte order mark. Throws DataError where it cannot be read or is text in another
 * encoding.
 */
export async function readTextFile(path: string): Promise<string> {
  return decodeText(await readBytes(path), path)
}

/**
 * Makes a folder, and first those above it that are missing, one at a time: Node's own recursive way never ends below
 * /proc. Throws DataError where one cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  const full = resolve(path)
  try {
    await makeSteps(full)
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST')
      throw new DataError(
        { where: full, got: 'a file where a folder is expected', hint: elsewhereHint },
        cause,
      )
    throw explainWriteError(full, cause)
  }
}

async function makeSteps(full: string): Promise<void> {
  try {
    await mkdir(full)
  } catch (cause) {
    if (
      await stat(full).then(
        (found) => found.isDirectory(),
        () => false,
      )
    )
      return
    if (systemCode(cause) !== 'ENOENT' || dirname(full) === full) throw cause
    await makeSteps(dirname(full))
    await mkdir(full).catch(async (again) => {
      // Another process may have made it meanwhile.
      if (systemCode(again) !== 'EEXIST') throw again
    })
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
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  }
}

/**
 * Writes a whole file, or one block of text after the other, under a temporary name, flushes it, then renames it: it is
 * there whole or not at all.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | Iterable<string>,
): Promise<void> {
  const blocks = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
  await replaceFile(path, async (temporary) => {
    const file = await open(temporary, 'wx')
    try {
      for (const block of blocks) await file.writeFile(block)
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

// Temporary files and folders that are being written.
const unfinished = new Set<string>()
process.once('exit', removeUnfinished)

/**
 * Notes a temporary file or folder that is of no use when the process ends before `done` of the result is called: it is
 * removed then, also where a signal or an error ends the process at once.
 */
export function trackUnfinished(path: string): { done(): void } {
  unfinished.add(path)
  return { done: () => void unfinished.delete(path) }
}

// A call to the file system that is under way beside this thread may put a folder back, so it looks again.
function removeUnfinished(): void {
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let round = 0; round < 10; round++) {
    for (const path of unfinished) rmSync(path, { force: true, recursive: true, maxRetries: 3 })
    if (unfinished.size > 0) Atomics.wait(clock, 0, 0, 10)
    if (![...unfinished].some((path) => existsSync(path))) return
  }
}

/** A file being made under a temporary name: `commit` renames it into place, `discard` removes it. */
export interface Replacement {
  readonly temporary: string
  commit(): Promise<void>
  discard(): Promise<void>
}

/**
 * Opens a replacement for `path`, for writers that live longer than one call. Makes the folder it lies in; where `path` is
 * a link, what it points to is replaced. Throws DataError where that is a folder or a special file.
 */
export async function openReplacement(path: string): Promise<Replacement> {
  const target = followLinks(path)
  const temporary = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const explained = (cause: unknown) => Promise.reject(explainWriteError(path, cause))
  await makeFolder(dirname(target)).catch(explained)
  const got = await stat(target).then(describeUnfit, () => undefined)
  if (got) throw new DataError({ where: path, expected: 'a file', got, hint: elsewhereHint })
  const { done } = trackUnfinished(temporary)
  return {
    temporary,
    async commit() {
      await rename(temporary, target).catch(explained)
      done()
    },
    async discard() {
      await rm(temporary, { force: true }).catch(() => {})
      done()
    },
  }
}

/** What stands in the way of replacing this by a file: `a folder`, `a special file`; undefined for a file. */
export function describeUnfit(found: { isFile(): boolean; isDirectory(): boolean }): string | undefined {
  if (found.isFile()) return undefined
  return found.isDirectory() ? 'a folder' : 'a special file, such as a device or a pipe'
}

/** The path that writing to `path` reaches: links are followed, also one to what is not there yet. */
export function followLinks(path: string, links = 0): string {
  try {
    const place = resolve(realpathSync(dirname(path)), readlinkSync(path))
    return links < 40 ? followLinks(place, links + 1) : path
  } catch {
    return path // no link
  }
}

/** Throws DataError where no file can be written at `path`, which is found out by beginning one. */
export async function requireWritable(path: string): Promise<void> {
  const { temporary, discard } = await openReplacement(path)
  try {
    await (await open(temporary, 'wx')).close()
  } catch (cause) {
    throw explainWriteError(path, cause)
  } finally {
    await discard()
  }
}

const permissionHint = 'choose another --out or change its permissions'
const elsewhereHint = 'nothing can be written there: choose another --out'
const writeHints: Record<string, string> = {
  ENOSPC: fullDiskHint,
  EDQUOT: fullDiskHint,
  EROFS: elsewhereHint,
  EACCES: permissionHint,
  EPERM: permissionHint,
  ENOTDIR: elsewhereHint,
  EEXIST: elsewhereHint,
  ENOENT: elsewhereHint,
  EISDIR: elsewhereHint,
  ENAMETOOLONG: elsewhereHint,
}

/** A DataError naming `path` where `cause` came from the file system; any other error as it is. */
export function explainWriteError(path: string, cause: unknown): unknown {
  const code = systemCode(cause)
  if (code === undefined) return cause
  return new DataError({ where: path, got: describeCause(cause), hint: writeHints[code] }, cause)
}
