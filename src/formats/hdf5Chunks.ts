// Whole datasets of a classic file, several at once: bytes are read and inflated in Node's thread pool while the
// caller works on those that came before.

import { read } from 'node:fs'
import { inflate, inflateSync } from 'node:zlib'
import type { ClassicChunk, ClassicDataset, ClassicFile } from './hdf5Classic.ts'
import { bytesPerValue } from './hdf5Values.ts'

/** Datasets in work at once: enough to keep the thread pool's four threads busy. */
const inFlight = 8

/**
 * Reads datasets, in whatever order they come, and hands the bytes of `datasets[i]` to `visit`. Those that
 * cannot be read this way are returned by their index.
 */
export async function readClassic(
  file: ClassicFile,
  datasets: readonly ClassicDataset[],
  visit: (i: number, bytes: Uint8Array) => void,
): Promise<number[]> {
  const failed: number[] = []
  let next = 0
  const run = async () => {
    const buffers: Buffers = {}
    while (next < datasets.length) {
      const i = next++
      const bytes = await readDataset(file, datasets[i], buffers).catch(() => undefined)
      if (bytes) visit(i, bytes)
      else failed.push(i)
    }
  }
  const runOrStop = () =>
    run().catch((cause) => {
      next = datasets.length // one visitor's error ends the work of all
      throw cause
    })
  await Promise.all(Array.from({ length: Math.min(inFlight, datasets.length) }, runOrStop))
  return failed
}

/** One worker's buffers, reused from dataset to dataset. */
interface Buffers {
  whole?: Buffer
  packed?: Buffer
}

async function readDataset(
  file: ClassicFile,
  dataset: ClassicDataset,
  buffers: Buffers,
): Promise<Buffer | undefined> {
  if (dataset.place.layout === 'chunked') return readChunked(file, dataset, buffers)
  buffers.whole = atLeast(buffers.whole, dataset.bytes)
  return readAt(file.descriptor, buffers.whole, dataset.bytes, dataset.place.address)
}

// The chunks of an image were written together and lie together: one read fetches them all.
async function readChunked(
  file: ClassicFile,
  dataset: ClassicDataset,
  buffers: Buffers,
): Promise<Buffer | undefined> {
  const { bytes, shape, kind } = dataset
  const found = file.chunksOf(dataset)
  const chunks = dataset.chunks ?? []
  const chunkCount = shape.reduce((product, side, d) => product * Math.ceil(side / chunks[d]), 1)
  if (found?.length !== chunkCount) return undefined // chunks never written hold a fill value
  const start = Math.min(...found.map(({ address }) => address))
  const end = Math.max(...found.map((chunk) => chunk.address + chunk.bytes))
  if (end - start > 2 * bytes + 65536) return undefined // scattered
  buffers.packed = atLeast(buffers.packed, end - start)
  const packed = await readAt(file.descriptor, buffers.packed, end - start, start)
  const chunkBytes = chunks.reduce((product, side) => product * side, bytesPerValue[kind])
  buffers.whole = atLeast(buffers.whole, bytes)
  for (const chunk of found) {
    const at = chunk.address - start
    const values = await unpackChunk(packed.subarray(at, at + chunk.bytes), chunk, dataset, chunkBytes)
    if (values.length !== chunkBytes) return undefined
    if (chunkCount === 1 && chunkBytes === bytes) return values
    placeChunk(values, chunk.offset, dataset, buffers.whole)
  }
  return buffers.whole.subarray(0, bytes)
}

async function unpackChunk(
  packed: Buffer,
  { skippedFilters }: ClassicChunk,
  { kind, place }: ClassicDataset,
  chunkBytes: number,
): Promise<Buffer> {
  const filterIds = place.layout === 'chunked' ? place.filterIds : []
  let bytes = packed
  for (let i = filterIds.length - 1; i >= 0; i--) {
    if (skippedFilters & (1 << i)) continue
    bytes = filterIds[i] === 1 ? await inflateBytes(bytes, chunkBytes) : unshuffle(bytes, bytesPerValue[kind])
  }
  return aligned(bytes)
}

function atLeast(buffer: Buffer | undefined, bytes: number): Buffer {
  // Not from Node's pool, whose slices start anywhere: floats must start at a multiple of their size.
  return buffer && buffer.length >= bytes ? buffer : Buffer.from(new ArrayBuffer(bytes))
}

function readAt(descriptor: number, into: Buffer, length: number, position: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    read(descriptor, into, 0, length, position, (error, count) => {
      if (error || count !== length) reject(error ?? new Error('file ends early'))
      else resolve(into.subarray(0, length))
    })
  })
}

// `expected` bytes come out: a buffer of that size makes it one step. Small pieces are done on the spot, since
// a trip through the thread pool takes longer.
async function inflateBytes(bytes: Buffer, expected: number): Promise<Buffer> {
  const options = { chunkSize: Math.max(64, expected) }
  if (expected <= 32768) return inflateSync(bytes, options)
  return new Promise((resolve, reject) => {
    inflate(bytes, options, (error, result) => (error ? reject(error) : resolve(result)))
  })
}

function aligned(bytes: Buffer): Buffer {
  return bytes.byteOffset % 8 === 0
    ? bytes
    : Buffer.from(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

// Shuffle stores all first bytes, then all second bytes ...
function unshuffle(bytes: Buffer, size: number): Buffer {
  const count = Math.floor(bytes.length / size)
  const values = Buffer.from(new ArrayBuffer(bytes.length))
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < count; i++) values[i * size + byte] = bytes[byte * count + i]
  }
  bytes.copy(values, count * size, count * size)
  return values
}

// Copies a chunk to its place, row by row; chunks at an edge reach beyond it.
function placeChunk(
  values: Buffer,
  offset: readonly number[],
  { shape, chunks, kind }: ClassicDataset,
  whole: Buffer,
): void {
  const size = bytesPerValue[kind]
  const rank = shape.length
  const copyRows = (d: number, from: number, to: number): void => {
    const length = Math.min(chunks![d], shape[d] - offset[d])
    if (d === rank - 1) {
      values.copy(whole, (to + offset[d]) * size, from * size, (from + length) * size)
      return
    }
    for (let i = 0; i < length; i++) {
      copyRows(d + 1, (from + i) * chunks![d + 1], (to + offset[d] + i) * shape[d + 1])
    }
  }
  copyRows(0, 0, 0)
}
