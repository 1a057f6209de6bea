// The values of a dataset, whole or a part, from wherever they lie: bytes are read and inflated in Node's thread pool
// while the caller works on those that came before. What was never written is a fault, not zeros.

import { read } from 'node:fs'
import { open } from 'node:fs/promises'
import { listChunks } from './hdf5ChunkIndex.ts'
import type { Segment, StoredDataset } from './hdf5Dataset.ts'
import { undoFilters } from './hdf5Filters.ts'
import { damaged, Hdf5Fault, type Source } from './hdf5Source.ts'
import { bytesPerValue } from './hdf5Values.ts'

/** A part of a dataset: `count[d]` values from `offset[d]` on along each dimension. */
export interface Hdf5Selection {
  readonly offset: readonly number[]
  readonly count: readonly number[]
}

/** Buffers of one worker, reused from dataset to dataset. */
export interface Buffers {
  whole?: Buffer
  packed?: Buffer
}

/** What reading needs of an open file. */
export interface DataFile {
  readonly source: Source
  /** The path of a file that holds values of this one. Throws Hdf5Fault where it may not be read. */
  findBeside(name: string): string
}

/** Throws Hdf5Fault where a part reaches beyond a dataset, or holds chunks that were never written. */
export function checkPart(source: Source, dataset: StoredDataset, part: Hdf5Selection): void {
  checkSides(dataset, part)
  if (dataset.place.layout === 'chunked') findChunks(source, dataset, part)
}

/** Throws Hdf5Fault where any of a dataset's values were never written; takes no memory by its size. */
export function checkWritten(source: Source, { place, shape, chunks, fill }: StoredDataset): void {
  if (fill || place.layout === 'external') return
  if (place.layout === 'contiguous') {
    if (place.address === undefined && !shape.includes(0))
      damaged('values that were never written', neverWritten)
    return
  }
  const written = listChunks(source, place.index).size
  const all = shape.reduce((count, side, d) => count * Math.ceil(side / chunks![d]), 1)
  if (written < all) damaged(`${all - written} of ${all} chunks that were never written`, neverWritten)
}

function checkSides({ shape }: StoredDataset, { offset, count }: Hdf5Selection): void {
  const isInside = count.every((side, d) => offset[d] + side <= shape[d])
  if (!isInside || count.length !== shape.length) damaged(`no part (${count.join(', ')}) of it`)
}

/**
 * The values of a part of a dataset: little-endian, row-major, at a multiple of 8, in `buffers` or in memory of their
 * own. Rejects with Hdf5Fault, also for chunks that were never written.
 */
export async function readData(
  file: DataFile,
  dataset: StoredDataset,
  part: Hdf5Selection,
  buffers: Buffers = {},
): Promise<Buffer> {
  checkSides(dataset, part)
  const values =
    dataset.place.layout === 'chunked'
      ? await readChunked(file.source, dataset, part, buffers)
      : await readRows(file, dataset, part, buffers)
  return dataset.isSwapped ? swap(values, bytesPerValue[dataset.kind]) : values
}

function sizeOfPart({ kind }: StoredDataset, { count }: Hdf5Selection): number {
  return count.reduce((size, side) => size * side, bytesPerValue[kind])
}

// Rows of the first dimension lie together: they are read, and the part is cut out of them.
async function readRows(
  file: DataFile,
  dataset: StoredDataset,
  part: Hdf5Selection,
  buffers: Buffers,
): Promise<Buffer> {
  const { shape, kind, place, fill } = dataset
  const rowBytes = shape.slice(1).reduce((size, side) => size * side, bytesPerValue[kind])
  const [first = 0, rows = 1] = [part.offset[0], part.count[0]]
  const [start, length] = [first * rowBytes, rows * rowBytes]
  buffers.packed = atLeast(buffers.packed, length)
  const bytes = buffers.packed.subarray(0, length)
  if (place.layout === 'external') await readSegments(file, place.segments, bytes, start)
  else if (place.layout === 'contiguous' && place.address !== undefined) {
    await readAt(file.source, bytes, place.address + start)
  } else if (length > 0) fillWith(bytes, fill)
  const isWhole = shape.slice(1).every((side, d) => part.count[d + 1] === side)
  if (isWhole) return bytes
  buffers.whole = atLeast(buffers.whole, sizeOfPart(dataset, part))
  const whole = buffers.whole.subarray(0, sizeOfPart(dataset, part))
  const from = { sides: [rows, ...shape.slice(1)], at: [0, ...part.offset.slice(1)] }
  copyBox(
    bytes,
    from,
    whole,
    { sides: part.count, at: part.count.map(() => 0) },
    part.count,
    bytesPerValue[kind],
  )
  return whole
}

const neverWritten =
  'make the file again, or create the dataset with a fill value if that is what it shall hold'

function fillWith(bytes: Buffer, fill: Buffer | undefined): void {
  if (!fill) damaged('values that were never written', neverWritten)
  bytes.fill(fill)
}

async function readSegments(
  file: DataFile,
  segments: readonly Segment[],
  into: Buffer,
  start: number,
): Promise<void> {
  let position = 0 // of the segment, in the dataset
  let done = 0
  for (const { file: name, offset, bytes } of segments) {
    const from = start + done - position
    const length = Math.min(into.length - done, bytes - from)
    position += bytes
    if (length <= 0) continue
    await readOutside(file.findBeside(name), name, into.subarray(done, done + length), offset + from)
    done += length
  }
  if (done < into.length) damaged('fewer values in its external files than its shape says')
}

async function readOutside(path: string, name: string, into: Buffer, position: number): Promise<void> {
  const handle = await open(path).catch(() => damaged(`an external file '${name}' that cannot be opened`))
  try {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await handle.read(into, done, into.length - done, position + done)
      if (bytesRead === 0) damaged(`an external file '${name}' that ends early`)
      done += bytesRead
    }
  } finally {
    await handle.close()
  }
}

interface PlacedChunk {
  /** Its first value's place in the dataset. */
  readonly offset: readonly number[]
  readonly address: number
  readonly bytes: number
  readonly skippedFilters: number
}

async function readChunked(
  source: Source,
  dataset: StoredDataset,
  part: Hdf5Selection,
  buffers: Buffers,
): Promise<Buffer> {
  const { kind, place, chunks } = dataset
  if (place.layout !== 'chunked' || !chunks) return damaged('no chunks')
  const length = sizeOfPart(dataset, part)
  const { found, missing } = findChunks(source, dataset, part)
  const packed = await readTogether(source, found, length, buffers)
  const { chunkBytes } = place.index
  if (found.length === 1 && missing === 0 && chunkBytes === length) {
    const [chunk] = found
    return aligned(await undoFilters(await packed(chunk), place.filters, chunk.skippedFilters, chunkBytes))
  }
  buffers.whole = atLeast(buffers.whole, length)
  const whole = buffers.whole.subarray(0, length)
  if (missing > 0) fillWith(whole, dataset.fill)
  for (const chunk of found) {
    const values = await undoFilters(await packed(chunk), place.filters, chunk.skippedFilters, chunkBytes)
    placeChunk(values, chunk.offset, chunks, part, whole, bytesPerValue[kind])
  }
  return whole
}

// Kept for datasets of many chunks, which are read part by part.
const chunkLists = new WeakMap<StoredDataset, ReturnType<typeof listChunks>>()

// The chunks that the part touches, in row-major order, and how many were never written, for which a fill value stands.
function findChunks(source: Source, dataset: StoredDataset, { offset, count }: Hdf5Selection) {
  const { place, shape, chunks } = dataset
  if (place.layout !== 'chunked' || !chunks) return damaged('no chunks')
  const list = chunkLists.get(dataset) ?? listChunks(source, place.index)
  if (list.size > 256) chunkLists.set(dataset, list)
  const found: PlacedChunk[] = []
  let missing = 0
  const visit = (d: number, number: number, start: readonly number[]): void => {
    if (d === shape.length) {
      const chunk = list.get(number)
      if (chunk) found.push({ ...chunk, offset: start })
      else missing++
      return
    }
    const first = Math.floor(offset[d] / chunks[d])
    const end = Math.ceil((offset[d] + count[d]) / chunks[d])
    const along = Math.ceil(shape[d] / chunks[d])
    for (let i = first; i < end; i++) visit(d + 1, number * along + i, [...start, i * chunks[d]])
  }
  if (!count.includes(0)) visit(0, 0, [])
  if (missing > 0 && !dataset.fill) {
    damaged(`${missing} of ${missing + found.length} chunks that were never written`, neverWritten)
  }
  return { found, missing }
}

// The chunks of an image were written together and lie together: one read fetches them all.
async function readTogether(
  source: Source,
  chunks: readonly PlacedChunk[],
  length: number,
  buffers: Buffers,
): Promise<(chunk: PlacedChunk) => Promise<Buffer>> {
  const start = chunks.reduce((least, { address }) => Math.min(least, address), Number.POSITIVE_INFINITY)
  const end = chunks.reduce((most, { address, bytes }) => Math.max(most, address + bytes), 0)
  const isTogether = end - start <= 2 * length + 65536
  const largest = chunks.reduce((most, { bytes }) => Math.max(most, bytes), 0)
  buffers.packed = atLeast(buffers.packed, isTogether ? Math.max(0, end - start) : largest)
  const packed = buffers.packed
  if (!isTogether) return ({ address, bytes }) => readAt(source, packed.subarray(0, bytes), address)
  if (chunks.length > 0) await readAt(source, packed.subarray(0, end - start), start)
  return async ({ address, bytes }) => packed.subarray(address - start, address - start + bytes)
}

function atLeast(buffer: Buffer | undefined, bytes: number): Buffer {
  // Not from Node's pool, whose slices start anywhere: floats must start at a multiple of their size.
  return buffer && buffer.length >= bytes ? buffer : Buffer.from(new ArrayBuffer(bytes))
}

function aligned(bytes: Buffer): Buffer {
  return bytes.byteOffset % 8 === 0
    ? bytes
    : Buffer.from(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

const largestRead = 1 << 30
// So little is taken from what describes it, which lies close by, without a trip through the thread pool.
const smallRead = 512

async function readAt(source: Source, into: Buffer, position: number): Promise<Buffer> {
  if (into.length <= smallRead) {
    source.bytes(position, into.length).copy(into)
    return into
  }
  const { descriptor, base } = source
  for (let done = 0; done < into.length; done += largestRead) {
    const length = Math.min(largestRead, into.length - done)
    await new Promise<void>((resolve, reject) => {
      read(descriptor, into, done, length, base + position + done, (error, count) => {
        if (error) reject(error)
        else if (count !== length) reject(new Hdf5Fault('a file that ends early'))
        else resolve()
      })
    })
  }
  return into
}

function placeChunk(
  values: Buffer,
  offset: readonly number[],
  chunks: readonly number[],
  part: Hdf5Selection,
  whole: Buffer,
  size: number,
): void {
  const start = offset.map((at, d) => Math.max(at, part.offset[d]))
  const count = start.map((at, d) => Math.min(offset[d] + chunks[d], part.offset[d] + part.count[d]) - at)
  const from = { sides: chunks, at: start.map((at, d) => at - offset[d]) }
  copyBox(
    values,
    from,
    whole,
    { sides: part.count, at: start.map((at, d) => at - part.offset[d]) },
    count,
    size,
  )
}

interface Box {
  readonly sides: readonly number[]
  readonly at: readonly number[]
}

// Copies `count` values along each dimension from a place in one array to a place in another, row by row.
function copyBox(
  from: Buffer,
  source: Box,
  to: Buffer,
  target: Box,
  count: readonly number[],
  size: number,
): void {
  const last = count.length - 1
  const copyRows = (d: number, fromAt: number, toAt: number): void => {
    const start = fromAt * source.sides[d] + source.at[d]
    const end = toAt * target.sides[d] + target.at[d]
    if (d === last) {
      from.copy(to, end * size, start * size, (start + count[d]) * size)
      return
    }
    for (let i = 0; i < count[d]; i++) copyRows(d + 1, start + i, end + i)
  }
  copyRows(0, 0, 0)
}

function swap(bytes: Buffer, size: number): Buffer {
  if (size === 2) return bytes.swap16()
  if (size === 4) return bytes.swap32()
  return size === 8 ? bytes.swap64() : bytes
}
