// A writer of TIFF files of the kinds that scanners, microscopes and libraries write, for the tests of their reader.

import { deflateSync } from 'node:zlib'

/** How a page is laid out; strips of 5 rows, plain, little-endian and interleaved unless said otherwise. */
export interface TiffLayout {
  readonly width: number
  readonly height: number
  readonly samples?: number
  readonly kind?: 'u8' | 'u16' | 'f32' | 'f64'
  readonly photometric?: number
  readonly tile?: readonly [width: number, height: number]
  readonly packing?: 'none' | 'deflate' | 'packbits'
  readonly predictor?: 1 | 2 | 3
  readonly isPlanar?: boolean
  readonly isBigEndian?: boolean
  readonly isBigTiff?: boolean
  /** More tags, by number: one SHORT each. */
  readonly tags?: Readonly<Record<number, number>>
}

const sizes = { u8: 1, u16: 2, f32: 4, f64: 8 }
const packings = { none: 1, deflate: 8, packbits: 32773 }

/** A TIFF file with one page for each list of samples, which are interleaved and row by row. */
export function writeTiff(layout: TiffLayout, ...pages: readonly ArrayLike<number>[]): Uint8Array {
  const { isBigEndian = false, isBigTiff = false } = layout
  const wide = isBigTiff ? 8 : 4
  const parts: Uint8Array[] = []
  let length = 0
  const append = (bytes: Uint8Array) => {
    const at = length
    const padded = new Uint8Array(bytes.length + (bytes.length % 2))
    padded.set(bytes)
    parts.push(padded)
    length += padded.length
    return at
  }
  const number = (value: number, size: number) => {
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i++) bytes[isBigEndian ? size - 1 - i : i] = Math.floor(value / 256 ** i) % 256
    return bytes
  }
  const join = (...lists: Uint8Array[]) => Uint8Array.from(lists.flatMap((list) => [...list]))
  const order = new TextEncoder().encode(isBigEndian ? 'MM' : 'II')
  append(isBigTiff ? join(order, number(43, 2), number(8, 2), number(0, 2)) : join(order, number(42, 2)))
  let link = append(number(0, wide))
  const patch = (at: number, bytes: Uint8Array) => {
    let start = 0
    for (const part of parts) {
      if (at >= start && at < start + part.length) part.set(bytes, at - start)
      start += part.length
    }
  }
  for (const samples of pages) {
    const chunks = cutChunks(layout, samples)
    const offsets = chunks.map(append)
    const entries = describeTags(
      layout,
      offsets,
      chunks.map((chunk) => chunk.length),
    )
    const fields = entries.map(([tag, size, values]) => {
      const bytes = join(...values.map((value) => number(value, size)))
      const type = { 2: 3, 4: 4, 8: 16 }[size]!
      const place =
        bytes.length > wide ? number(append(bytes), wide) : join(bytes, new Uint8Array(wide - bytes.length))
      return join(number(tag, 2), number(type, 2), number(values.length, wide), place)
    })
    const count = number(entries.length, isBigTiff ? 8 : 2)
    const at = append(join(count, ...fields, number(0, wide)))
    patch(link, number(at, wide))
    link = at + count.length + fields.length * fields[0].length
  }
  return join(...parts)
}

type Tag = [tag: number, size: 2 | 4 | 8, values: number[]]

function describeTags(layout: TiffLayout, offsets: number[], counts: number[]): Tag[] {
  const { width, height, samples = 3, kind = 'u8', tile, packing = 'none', predictor = 1, isPlanar } = layout
  const short = (tag: number, ...values: number[]): Tag => [tag, 2, values]
  const size = layout.isBigTiff ? 8 : 4
  const places: Tag[] = tile
    ? [short(322, tile[0]), short(323, tile[1]), [324, size, offsets], [325, 4, counts]]
    : [[273, size, offsets], short(278, 5), [279, 4, counts]]
  return [
    short(256, width),
    short(257, height),
    short(258, ...new Array(samples).fill(8 * sizes[kind])),
    short(259, packings[packing]),
    short(262, layout.photometric ?? (samples > 2 ? 2 : 1)),
    short(277, samples),
    short(284, isPlanar ? 2 : 1),
    short(317, predictor),
    short(339, kind.startsWith('f') ? 3 : 1),
    ...places,
    ...Object.entries(layout.tags ?? {}).map(([tag, value]) => short(Number(tag), value)),
  ].sort(([a], [b]) => a - b)
}

function cutChunks(layout: TiffLayout, values: ArrayLike<number>): Uint8Array[] {
  const { width, height, samples = 3, tile, isPlanar } = layout
  const [across, down] = tile ?? [width, 5]
  const chunks: Uint8Array[] = []
  for (let plane = 0; plane < (isPlanar ? samples : 1); plane++) {
    for (let top = 0; top < height; top += down) {
      for (let left = 0; left < width; left += across) {
        const rows = Array.from({ length: tile ? down : Math.min(down, height - top) }, (_, y) =>
          Array.from({ length: across }, (_, x) =>
            Array.from({ length: isPlanar ? 1 : samples }, (_, sample) => {
              const isInside = top + y < height && left + x < width
              return isInside ? values[((top + y) * width + left + x) * samples + plane + sample] : 99
            }),
          ).flat(),
        )
        chunks.push(packRows(layout, rows, isPlanar ? 1 : samples))
      }
    }
  }
  return chunks
}

function packRows(layout: TiffLayout, rows: readonly number[][], step: number): Uint8Array {
  const { kind = 'u8', predictor = 1, packing = 'none', isBigEndian = false } = layout
  const bytes = rows.flatMap((row) => {
    if (predictor === 3) return splitBytes(row, sizes[kind], step)
    const told = predictor === 2 ? row.map((value, x) => value - (row[x - step] ?? 0)) : row
    return told.flatMap((value) => encode(value, kind, isBigEndian))
  })
  const plain = Uint8Array.from(bytes)
  if (packing === 'deflate') return deflateSync(plain)
  return packing === 'packbits' ? packBits(plain) : plain
}

function encode(value: number, kind: keyof typeof sizes, isBigEndian: boolean): number[] {
  const view = new DataView(new ArrayBuffer(sizes[kind]))
  if (kind === 'u8') view.setUint8(0, value)
  if (kind === 'u16') view.setUint16(0, value, !isBigEndian)
  if (kind === 'f32') view.setFloat32(0, value, !isBigEndian)
  if (kind === 'f64') view.setFloat64(0, value, !isBigEndian)
  return [...new Uint8Array(view.buffer)]
}

function splitBytes(row: readonly number[], size: number, step: number): number[] {
  const values = row.map((value) => encode(value, size === 4 ? 'f32' : 'f64', true))
  const planes = Array.from({ length: size }, (_, byte) => values.map((bytes) => bytes[byte])).flat()
  return planes.map((byte, x) => byte - (planes[x - step] ?? 0))
}

// Runs of equal bytes as runs, others one by one.
function packBits(plain: Uint8Array): Uint8Array {
  const packed: number[] = []
  for (let at = 0; at < plain.length; ) {
    let run = 1
    while (run < 128 && plain[at + run] === plain[at]) run++
    packed.push(run > 1 ? 257 - run : 0, plain[at])
    at += run
  }
  return Uint8Array.from(packed)
}
