// One file of the hub into the cache: what is it, fetch the bytes that are missing, verify, move into place.
// A download that was cut, by either side or by a kill, goes on where it stopped.

import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Progress, parseDecimal, WeightsError } from '../base/index.ts'
import { explainWriteError, makeFolder } from '../files/index.ts'
import { describeFailure, type Hub, type HubFile, HubUnreachableError, request, retry } from './hubRequest.ts'

/** What the hub says of a file before it is fetched. */
export interface HubFileInfo {
  readonly commit: string
  /** The content's sha256 (files in LFS) or git hash: the name of its blob. */
  readonly hash: string
  /** Bytes, or null where the hub does not say. */
  readonly size: number | null
}

/** Asks what `file` is. Throws as `request`, and WeightsError where the answer is not a hub's. */
export async function describeFile(hub: Hub, file: HubFile): Promise<HubFileInfo> {
  const isDescribed = ({ headers }: Response) => headers.has('x-repo-commit')
  const { status, headers } = await retry(hub, () =>
    request(hub, 'HEAD', file, AbortSignal.timeout(hub.stallTimeout), {}, isDescribed),
  )
  const commit = headers.get('x-repo-commit') ?? ''
  const hash = (headers.get('x-linked-etag') ?? headers.get('etag') ?? '').replace(/^W\/|"/g, '')
  const size = parseDecimal(
    headers.get('x-linked-size') ?? (status < 300 ? headers.get('content-length') : null) ?? '',
  )
  if (!/^[0-9a-f]{40}$/.test(commit) || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) {
    throw new WeightsError({
      where: `${file.repo}/${file.file}`,
      expected: "a hub's answer (X-Repo-Commit, ETag)",
      got: `commit '${commit}', etag '${hash}'`,
      hint: `is ${hub.endpoint} a hub or a mirror of one?`,
    })
  }
  return { commit, hash, size: size ?? null }
}

/**
 * Fetches a file to `path`, going on with `path`.incomplete where it is there, and verifies its hash.
 * Throws WeightsError where it does not arrive whole or its hash is wrong (it is removed then), or there is no
 * room; DataError where it cannot be written.
 */
export async function downloadFile(
  hub: Hub,
  file: HubFile,
  { hash, size }: HubFileInfo,
  path: string,
  progress: Progress,
): Promise<void> {
  const incomplete = `${path}.incomplete`
  const where = `${file.repo}/${file.file}`
  await makeFolder(dirname(path))
  let done = await sizeOfFile(incomplete)
  if (size !== null && done > size) {
    await discard(incomplete)
    done = 0
  }
  if (size !== null) await checkRoom(dirname(path), size - done, where)
  if (done !== size) {
    const onBytes = (count: number) => {
      done = count
      progress(done, size ?? undefined, file.file)
    }
    await retry(
      hub,
      () => fetchRest(hub, file, size, incomplete, onBytes),
      () => done,
    )
  }
  // Another process may have fetched the same file meanwhile: both wrote the same bytes to the same places.
  const isThere = await sizeOfFile(path).then((bytes) => bytes > 0)
  if (isThere) return discard(incomplete)
  await verify(incomplete, hash, where)
  await rename(incomplete, path).catch((cause) => {
    throw explainWriteError(path, cause)
  })
  await rm(`${incomplete}.validator`, { force: true })
}

// One connection: asks for what is missing and writes it where it belongs.
async function fetchRest(
  hub: Hub,
  file: HubFile,
  size: number | null,
  path: string,
  onBytes: (done: number) => void,
): Promise<void> {
  const start = await sizeOfFile(path)
  const validator = await readFile(`${path}.validator`, 'utf8').catch(() => '')
  const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {}
  if (start > 0 && validator) headers['if-range'] = validator
  const watch = watchStall(hub.stallTimeout)
  try {
    const response = await request(hub, 'GET', file, watch.signal, headers)
    // An answer other than 206 is the whole file: the part on disk is of no use.
    const isRest =
      response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${start}-`)
    await writeValidator(path, response.headers.get('etag'))
    const length = parseDecimal(response.headers.get('content-length') ?? '')
    const expected = size ?? (length === undefined ? null : length + (isRest ? start : 0))
    const end = await writeBody(response, path, isRest ? start : 0, (done) => {
      watch.reset()
      onBytes(done)
    })
    if (expected !== null && end < expected) throw cutShort(file, end, expected)
  } finally {
    watch.stop()
  }
}

async function writeBody(
  response: Response,
  path: string,
  start: number,
  onBytes: (done: number) => void,
): Promise<number> {
  const explained = (cause: unknown): never => {
    throw explainWriteError(path, cause)
  }
  const out = await open(path, constants.O_RDWR | constants.O_CREAT).catch(explained)
  let position = start
  try {
    if (start === 0) await out.truncate(0).catch(() => {}) // not every file can be, e.g. a device
    for await (const chunk of readBody(response)) {
      await writeAt(out, chunk, position).catch(explained)
      position += chunk.length
      onBytes(position)
    }
    await out.sync().catch(() => {})
  } finally {
    await out.close()
  }
  return position
}

async function writeAt(out: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await out.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

async function* readBody(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: Error) => {
        throw new HubUnreachableError(new URL(response.url).host, describeFailure(cause), undefined, cause)
      })
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function cutShort(file: HubFile, got: number, expected: number): HubUnreachableError {
  return new HubUnreachableError(`${file.repo}/${file.file}`, `${got} of ${expected} bytes`)
}

// Aborts when no byte came for `timeout` milliseconds.
function watchStall(timeout: number) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DOMException('stalled', 'TimeoutError')), timeout)
  return {
    signal: controller.signal,
    reset: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  }
}

// The ETag of the host that sends the bytes: it need not be the hub's, but a range is only of the same content
// while it stays. A weak one does not promise that.
async function writeValidator(path: string, etag: string | null): Promise<void> {
  if (etag && !etag.startsWith('W/')) await writeFile(`${path}.validator`, etag).catch(() => {})
}

async function verify(path: string, hash: string, where: string): Promise<void> {
  const got = await hashContent(path, hash.length === 64 ? 'sha256' : 'git')
  if (got === hash) return
  await discard(path)
  throw new WeightsError({
    where,
    expected: `content of hash ${hash}`,
    got,
    hint: 'what was fetched is damaged and was removed: run again; if that does not help, use another mirror',
  })
}

/** sha256, or git's hash of a blob (sha1 over a header and the content), of a file, in hex. */
export async function hashContent(path: string, kind: 'sha256' | 'git'): Promise<string> {
  const hash = createHash(kind === 'git' ? 'sha1' : 'sha256')
  if (kind === 'git') hash.update(`blob ${await sizeOfFile(path)}\0`)
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}

async function discard(incomplete: string): Promise<void> {
  await rm(incomplete, { force: true })
  await rm(`${incomplete}.validator`, { force: true })
}

async function sizeOfFile(path: string): Promise<number> {
  return stat(path).then(
    (info) => info.size,
    () => 0,
  )
}

async function checkRoom(folder: string, bytes: number, where: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= bytes) return
  const inGib = (count: number) => `${(count / 2 ** 30).toFixed(2)} GiB`
  throw new WeightsError({
    where,
    expected: `${inGib(bytes)} of room in ${folder}`,
    got: inGib(bavail * bsize),
    hint: 'free some space, or set HF_HUB_CACHE to a folder on another disk',
  })
}
