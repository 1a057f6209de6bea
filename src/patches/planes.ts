// Turns an image as a challenge file holds it (CHW, any of four element kinds) into HWC bytes, and says what
// is wrong with it on the way: one pass, because reading is bound by it.

import type { Hdf5Kind } from '../files/index.ts'
import { halfToNumber } from '../formats/index.ts'

/** The element kinds an image may have. */
export const imageKinds = ['u8', 'f16', 'f32', 'f64'] as const satisfies readonly Hdf5Kind[]
export type ImageKind = (typeof imageKinds)[number]

/** What 1.0 means in a file of floats: full intensity, or one of 255 steps. */
export type Scale = 1 | 255

/** What is wrong with an image's values, or null; `scale`: they run from 0 to 1 where those of the file run to 255. */
export type ValueFault = 'NaN' | 'out of range' | 'scale' | null

/** Values may pass their range by this share of it: resampling and half precision overshoot a little. */
const tolerance = 1e-3

/** Floats that stay below are black by either scale. */
const darkest = 0.1

/**
 * Converts one image of `area` pixels, given as its little-endian bytes (CHW), to HWC bytes at `out[at]`.
 * Floats are multiplied by 255 / scale and rounded; values outside [0, scale] are a fault, and so are fractions that stay
 * below 1 where the scale is 255.
 */
export function planesToPixels(
  kind: ImageKind,
  bytes: Uint8Array,
  area: number,
  scale: Scale,
  out: Uint8Array,
  at: number,
): ValueFault {
  if (kind === 'u8') return interleaveBytes(bytes, area, out, at)
  const fault =
    kind === 'f16'
      ? interleaveHalves(view(Uint16Array, bytes), area, scale, out, at)
      : interleaveFloats(numbersOf(kind, bytes), area, scale, out, at)
  if (fault || scale === 1 || out.subarray(at, at + 3 * area).some((byte) => byte > 1)) return fault
  return isOfScale1(numbersOf(kind, bytes)) ? 'scale' : null
}

// Whether an image is one of 0 to 1, not one of 0 to 255 that is black: its values are fractions, and not all near 0.
function isOfScale1(values: Float32Array | Float64Array): boolean {
  let maximum = 0
  let hasFractions = false
  for (const value of values) {
    if (value > maximum) maximum = value
    hasFractions ||= !Number.isInteger(value)
  }
  return hasFractions && maximum >= darkest && maximum <= 1 + tolerance
}

/** The largest finite value of an image, given as its bytes. */
export function maximumOf(kind: ImageKind, bytes: Uint8Array): number {
  const values = kind === 'u8' ? bytes : numbersOf(kind, bytes)
  let maximum = 0
  for (const value of values) if (value > maximum && value < Number.POSITIVE_INFINITY) maximum = value
  return maximum
}

function numbersOf(kind: Exclude<ImageKind, 'u8'>, bytes: Uint8Array): Float32Array | Float64Array {
  if (kind === 'f16') return Float32Array.from(view(Uint16Array, bytes), halfToNumber)
  return kind === 'f32' ? view(Float32Array, bytes) : view(Float64Array, bytes)
}

function view<T>(
  type: new (buffer: ArrayBufferLike, offset: number, length: number) => T,
  bytes: Uint8Array,
): T {
  const size = (type as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT
  return new type(bytes.buffer, bytes.byteOffset, bytes.length / size)
}

function interleaveBytes(bytes: Uint8Array, area: number, out: Uint8Array, at: number): null {
  for (let pixel = 0; pixel < area; pixel++, at += 3) {
    out[at] = bytes[pixel]
    out[at + 1] = bytes[pixel + area]
    out[at + 2] = bytes[pixel + 2 * area]
  }
  return null
}

function interleaveFloats(
  values: Float32Array | Float64Array,
  area: number,
  scale: Scale,
  out: Uint8Array,
  at: number,
): ValueFault {
  const factor = 255 / scale
  // The rounding and the bounds are folded into one comparison: a byte plus one half lies in [low, high].
  const low = 0.5 - 255 * tolerance
  const high = 255.5 + 255 * tolerance
  let isSound = true
  for (let pixel = 0; pixel < area; pixel++, at += 3) {
    const red = values[pixel] * factor + 0.5
    const green = values[pixel + area] * factor + 0.5
    const blue = values[pixel + 2 * area] * factor + 0.5
    // Written so that NaN fails it.
    if (!(red >= low && red <= high && green >= low && green <= high && blue >= low && blue <= high)) {
      isSound = false
      break
    }
    out[at] = red
    out[at + 1] = green
    out[at + 2] = blue
  }
  return isSound ? null : nameFault(values)
}

function nameFault(values: Iterable<number>): ValueFault {
  for (const value of values) if (Number.isNaN(value)) return 'NaN'
  return 'out of range'
}

const halfTables = new Map<Scale, Int16Array>()

// All 65,536 halves as bytes; -1 where the half lies outside the range or is NaN.
function halfTable(scale: Scale): Int16Array {
  let table = halfTables.get(scale)
  if (!table) {
    table = Int16Array.from({ length: 0x1_0000 }, (_, bits) => {
      const value = halfToNumber(bits) / scale
      if (!(value >= -tolerance && value <= 1 + tolerance)) return -1
      return Math.min(255, Math.max(0, Math.floor(value * 255 + 0.5)))
    })
    halfTables.set(scale, table)
  }
  return table
}

function interleaveHalves(
  halves: Uint16Array,
  area: number,
  scale: Scale,
  out: Uint8Array,
  at: number,
): ValueFault {
  const table = halfTable(scale)
  let signs = 0
  for (let pixel = 0; pixel < area; pixel++, at += 3) {
    const red = table[halves[pixel]]
    const green = table[halves[pixel + area]]
    const blue = table[halves[pixel + 2 * area]]
    signs |= red | green | blue
    out[at] = red
    out[at + 1] = green
    out[at + 2] = blue
  }
  return signs >= 0 ? null : nameFault(Float32Array.from(halves, halfToNumber))
}
