// TIFF and BigTIFF as samples: strips and tiles, in either byte order, whole or in planes, plain or packed by LZW,
// Deflate or PackBits, with either predictor. Colours are no matter of this file. TIFF 6.0 (Adobe, 1992); Adobe
// Photoshop TIFF Technical Note 3 (floating-point predictor); the BigTIFF proposal.

import { inflateSync } from 'node:zlib'
import { unpackBits, unpackLzw } from './tiffPacking.ts'

/** One picture of a TIFF file, as its tags state it. */
export interface TiffPage {
  readonly width: number
  readonly height: number
  /** Samples a pixel, alpha and others included. */
  readonly samples: number
  /** Bits a sample; 0 where the samples of a pixel differ. */
  readonly bits: number
  readonly kind: 'unsigned' | 'signed' | 'float' | 'other'
  /** PhotometricInterpretation: 0 and 1 gray, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr, 8 CIELAB. */
  readonly photometric: number
  readonly compression: number
  readonly predictor: number
  /** Whether each sample has a plane of its own. */
  readonly isPlanar: boolean
  /** MaxSampleValue, where it is stated. */
  readonly largest: number | undefined
  /** A thumbnail or a mask of another page. */
  readonly isSecondary: boolean
  /** Sides of a strip or tile. */
  readonly chunk: { readonly width: number; readonly height: number; readonly isTile: boolean }
  readonly offsets: readonly number[]
  readonly byteCounts: readonly number[]
}

/** Samples of a page, row by row and interleaved: `height * width * samples` of them. */
export type TiffSamples = Uint8Array | Uint16Array | Float32Array | Float64Array

const tagNames = {
  254: 'subfile',
  256: 'width',
  257: 'height',
  258: 'bits',
  259: 'compression',
  262: 'photometric',
  273: 'stripOffsets',
  277: 'samples',
  278: 'rowsPerStrip',
  279: 'stripByteCounts',
  281: 'largest',
  284: 'planar',
  317: 'predictor',
  322: 'tileWidth',
  323: 'tileHeight',
  324: 'tileOffsets',
  325: 'tileByteCounts',
  339: 'format',
} as const
type Tags = Partial<Record<(typeof tagNames)[keyof typeof tagNames], number[]>>

/** Whether bytes begin as TIFF or BigTIFF do. */
export function isTiff(bytes: Uint8Array): boolean {
  return /^(II[*+]\0|MM\0[*+])$/.test(String.fromCharCode(...bytes.subarray(0, 4)))
}

/** The pages of a TIFF file. Throws RangeError where it ends before its tags do. */
export function readTiffPages(bytes: Uint8Array): TiffPage[] {
  const file = openTags(bytes)
  const pages: TiffPage[] = []
  const seen = new Set<number>()
  for (let at = file.first; at !== 0 && !seen.has(at); ) {
    seen.add(at)
    const { tags, next } = file.readDirectory(at)
    pages.push(describePage(tags, bytes.length))
    at = next
  }
  return pages
}

function openTags(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = bytes[0] === 0x49
  const isBig = view.getUint16(2, little) === 43
  const width = isBig ? 8 : 4
  const readOffset = (at: number) =>
    isBig ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little)
  const readValues = (type: number, count: number, at: number): number[] => {
    const read = valueReaders[type]
    if (!read) return []
    const [size, get] = read
    const from = size * count > width ? readOffset(at) : at
    if (from + size * count > bytes.length) throw new RangeError('tags beyond the end of the file')
    return Array.from({ length: count }, (_, i) => get(view, from + i * size, little))
  }
  const readDirectory = (at: number): { tags: Tags; next: number } => {
    const count = isBig ? Number(view.getBigUint64(at, little)) : view.getUint16(at, little)
    const start = at + (isBig ? 8 : 2)
    const step = 4 + 2 * width
    if (start + count * step > bytes.length) throw new RangeError('tags beyond the end of the file')
    const tags: Tags = {}
    for (let entry = start; entry < start + count * step; entry += step) {
      const name = tagNames[view.getUint16(entry, little) as keyof typeof tagNames]
      if (name)
        tags[name] = readValues(view.getUint16(entry + 2, little), readOffset(entry + 4), entry + 4 + width)
    }
    return { tags, next: readOffset(start + count * step) }
  }
  return { first: readOffset(isBig ? 8 : 4), readDirectory }
}

// BYTE, SHORT, LONG and BigTIFF's LONG8: all that the tags read here may be of.
type ValueReader = readonly [size: number, get: (view: DataView, at: number, little: boolean) => number]
const valueReaders: Readonly<Record<number, ValueReader>> = {
  1: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getUint16(at, little)],
  4: [4, (view, at, little) => view.getUint32(at, little)],
  16: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
}

const kinds = { 1: 'unsigned', 2: 'signed', 3: 'float' } as const

function describePage(tags: Tags, size: number): TiffPage {
  const value = (name: keyof Tags, usual: number) => tags[name]?.[0] ?? usual
  const [width, height] = [value('width', 0), value('height', 0)]
  const bits = tags.bits ?? [1]
  const isTile = tags.tileOffsets !== undefined
  const chunk = isTile
    ? { width: value('tileWidth', 0), height: value('tileHeight', 0), isTile }
    : { width, height: Math.min(height, value('rowsPerStrip', height)), isTile }
  if (!(width > 0 && height > 0 && chunk.width > 0 && chunk.height > 0))
    throw new RangeError('a picture without pixels')
  const offsets = tags.tileOffsets ?? tags.stripOffsets ?? []
  return {
    width,
    height,
    samples: value('samples', 1),
    bits: bits.every((other) => other === bits[0]) ? (bits[0] ?? 0) : 0,
    kind: kinds[value('format', 1) as keyof typeof kinds] ?? 'other',
    photometric: value('photometric', -1),
    compression: value('compression', 1),
    predictor: value('predictor', 1),
    isPlanar: value('planar', 1) === 2,
    largest: tags.largest && Math.max(...tags.largest),
    isSecondary: (value('subfile', 0) & 5) !== 0,
    chunk,
    offsets,
    byteCounts: tags.tileByteCounts ?? tags.stripByteCounts ?? offsets.map((offset) => size - offset),
  }
}

// What unpacks a strip or tile into at most `length` bytes, by Compression.
const unpackers: Readonly<Record<number, (packed: Uint8Array, length: number) => Uint8Array>> = {
  1: (packed) => packed,
  5: unpackLzw,
  8: (packed, length) => inflateSync(packed, { maxOutputLength: length }),
  32773: unpackBits,
  32946: (packed, length) => inflateSync(packed, { maxOutputLength: length }),
}

/** The longest run of bytes that one packed byte can stand for in any of the packings here. */
const largestGain = 4096

/** Whether `readTiffSamples` reads a page. */
export function knowsTiff({ bits, kind, compression, predictor }: TiffPage): boolean {
  const isNumber =
    kind === 'unsigned' ? bits === 8 || bits === 16 : kind === 'float' && (bits === 32 || bits === 64)
  return isNumber && compression in unpackers && predictor <= (kind === 'float' ? 3 : 2)
}

/** The samples of a page that `knowsTiff`. Throws Error where the file does not hold them all. */
export function readTiffSamples(bytes: Uint8Array, page: TiffPage): TiffSamples {
  const { width, height, samples, bits, isPlanar, chunk, offsets, byteCounts } = page
  const total = width * height * samples
  if (!(samples > 0) || (total * bits) / 8 > largestGain * bytes.length)
    throw new RangeError('fewer bytes than its sides ask for')
  const across = Math.ceil(width / chunk.width)
  const perPlane = across * Math.ceil(height / chunk.height)
  if (offsets.length < perPlane * (isPlanar ? samples : 1) || byteCounts.length < offsets.length)
    throw new RangeError('strips or tiles are missing')
  const out = makeSamples(page, total)
  const step = isPlanar ? 1 : samples
  for (let i = 0; i < perPlane * (isPlanar ? samples : 1); i++) {
    const plane = Math.floor(i / perPlane)
    const left = ((i % perPlane) % across) * chunk.width
    const top = Math.floor((i % perPlane) / across) * chunk.height
    const rows = Math.min(chunk.height, height - top)
    const row = step * Math.min(chunk.width, width - left)
    const values = readChunk(bytes, page, i, chunk.isTile ? chunk.height : rows, step)
    for (let y = 0; y < rows; y++) {
      const from = y * chunk.width * step
      const to = ((top + y) * width + left) * samples + plane
      if (!isPlanar) out.set(values.subarray(from, from + row) as never, to)
      else for (let x = 0; x < row; x++) out[to + x * samples] = values[from + x]
    }
  }
  return out
}

function makeSamples({ kind, bits }: TiffPage, length: number): TiffSamples {
  if (kind === 'float') return bits === 32 ? new Float32Array(length) : new Float64Array(length)
  return bits === 8 ? new Uint8Array(length) : new Uint16Array(length)
}

// The values of a strip or tile, its predictor undone; `step` samples a pixel.
function readChunk(bytes: Uint8Array, page: TiffPage, i: number, rows: number, step: number): TiffSamples {
  const { offsets, byteCounts, compression, predictor, chunk, bits } = page
  const row = chunk.width * step
  const length = (rows * row * bits) / 8
  const most = (chunk.height * row * bits) / 8
  if (most > largestGain * (byteCounts[i] + 1)) throw new RangeError('a strip or tile that ends early')
  if (offsets[i] + byteCounts[i] > bytes.length) throw new RangeError('pixels beyond the end of the file')
  const packed = bytes.subarray(offsets[i], offsets[i] + byteCounts[i])
  const unpacked = unpackers[compression](packed, most)
  if (unpacked.length < length) throw new RangeError('a strip or tile that ends early')
  const plain = predictor === 3 ? joinBytes(unpacked, rows, row, step, bits / 8) : unpacked
  const values = toValues(plain, page, rows * row, predictor === 3 || bytes[0] !== 0x49)
  if (predictor === 2) addLeft(values, row, step)
  return values
}

function toValues(bytes: Uint8Array, page: TiffPage, count: number, isBigEndian: boolean): TiffSamples {
  if (page.kind === 'unsigned' && page.bits === 8) return Uint8Array.from(bytes.subarray(0, count))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = makeSamples(page, count)
  const { bits } = page
  for (let i = 0; i < count; i++) {
    if (bits === 16) values[i] = view.getUint16(2 * i, !isBigEndian)
    else values[i] = bits === 32 ? view.getFloat32(4 * i, !isBigEndian) : view.getFloat64(8 * i, !isBigEndian)
  }
  return values
}

// Predictor 2: each sample is the difference to that of the pixel to its left; typed arrays wrap as it asks for.
function addLeft(values: TiffSamples, row: number, step: number): void {
  for (let start = 0; start < values.length; start += row) {
    for (let x = step; x < row; x++) values[start + x] += values[start + x - step]
  }
}

// Predictor 3: each row is differenced byte by byte, and holds first all highest bytes, then all second ones ...
function joinBytes(bytes: Uint8Array, rows: number, row: number, step: number, size: number): Uint8Array {
  const joined = new Uint8Array(rows * row * size)
  for (let start = 0; start < joined.length; start += row * size) {
    const line = Uint8Array.from(bytes.subarray(start, start + row * size))
    for (let x = step; x < line.length; x++) line[x] += line[x - step]
    for (let x = 0; x < row; x++) {
      for (let byte = 0; byte < size; byte++) joined[start + x * size + byte] = line[byte * row + x]
    }
  }
  return joined
}
