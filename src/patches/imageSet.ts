// A patch set whose patches are image files, one each: what WILDS, Histopathologic Cancer Detection and plain
// folders have in common.

import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { DataError, describeCause, type Pixels, pixels } from '../base/index.ts'
import { decodeImage, hashFile } from '../files/index.ts'
import type { OpenedPatchSet } from './reader.ts'

/** How many images are read and decoded at once: more do not decode faster, but hold their bytes. */
const inFlight = 16

/** Whether a published set's table and folder of images lie in the folder `path`. */
export async function holds(path: string, table: string, images: string): Promise<boolean> {
  const [file, folder] = await Promise.all(
    [table, images].map((name) => stat(join(path, name)).catch(() => undefined)),
  )
  return Boolean(file?.isFile() && folder?.isDirectory())
}

/** What a reader of image files knows of its patches; all lists are parallel. */
export interface ImageList
  extends Pick<
    OpenedPatchSet,
    | 'format'
    | 'source'
    | 'origin'
    | 'licence'
    | 'dataset'
    | 'parts'
    | 'faults'
    | 'leftOut'
    | 'layout'
    | 'doubt'
    | 'ids'
    | 'centers'
    | 'slides'
    | 'patients'
    | 'labels'
  > {
  readonly files: readonly string[]
}

/**
 * Opens a list of image files; the first that can be read decides the size. Throws DataError where none of the first
 * sixteen and of sixty-four spread over the list can.
 */
export async function openImageSet(list: ImageList): Promise<OpenedPatchSet> {
  const { files, ...known } = list
  const { height, width } = await decodeFirst(list)
  const read = async (rows: ArrayLike<number>): Promise<Pixels> => {
    const size = height * width * 3
    const data = new Uint8Array(rows.length * size)
    await eachInFlight(rows.length, async (i) => {
      const file = files[rows[i]]
      if (file === undefined)
        throw new DataError({ where: list.source, expected: `rows below ${files.length}`, got: `${rows[i]}` })
      const image = await readImage(file)
      if (image.height !== height || image.width !== width) {
        throw new DataError({
          where: file,
          expected: `${height}x${width} pixels`,
          got: `${image.height}x${image.width}`,
        })
      }
      data.set(image.data, i * size)
    })
    return pixels(data, rows.length, height, width)
  }
  return {
    ...known,
    storage: `${describeTypes(files)} files`,
    dtype: 'u8',
    count: files.length,
    height,
    width,
    read,
    fingerprint: () => fingerprintFiles(list),
    files,
    close: async () => {},
  }
}

async function readImage(file: string): Promise<Pixels> {
  const explain = (cause: unknown): never => {
    throw new DataError({ where: file, got: describeCause(cause) }, cause)
  }
  const found = await stat(file).catch(explain)
  // A table may name anything, and a device or a pipe may have no end.
  if (!found.isFile()) {
    throw new DataError({
      where: file,
      expected: 'a picture',
      got: found.isDirectory() ? 'a folder' : 'a device',
    })
  }
  return decodeImage(await readFile(file).catch(explain), file)
}

async function decodeFirst({ files, source }: ImageList): Promise<Pixels> {
  let failure: unknown = new DataError({ where: source, expected: 'image files', got: 'none' })
  const step = Math.max(1, Math.floor(files.length / 64))
  for (const file of files.filter((_, i) => i < 16 || i % step === 0)) {
    try {
      return await readImage(file)
    } catch (cause) {
      failure = cause
    }
  }
  throw failure
}

function describeTypes(files: readonly string[]): string {
  const types = new Set(files.map((file) => extname(file).slice(1).toLowerCase()))
  return [...types].sort().join(', ')
}

/** Runs `work(0)` to `work(count - 1)`, at most sixteen at once; rejects with the first failure. */
async function eachInFlight(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const run = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, run))
}

async function fingerprintFiles({ files, ids, centers, slides, labels }: ImageList): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([ids, centers, slides, labels && Array.from(labels)]))
  for (let start = 0; start < files.length; start += 1024) {
    const some = files.slice(start, start + 1024)
    const hashes: string[] = []
    await eachInFlight(some.length, async (i) => {
      hashes[i] = await hashFile(some[i])
    })
    hash.update(hashes.join())
  }
  return hash.digest('hex')
}
