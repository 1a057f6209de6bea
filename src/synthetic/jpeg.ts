// What JPEG does to a patch, without the bytes: YCbCr, 4:2:0, 8x8 DCT, quantisation, and back.
// Tables: ITU-T T.81 Annex K; quality scaling as libjpeg. Own code so that every machine gives the same bytes.

import { rec601 } from '../base/index.ts'

const [redShare, greenShare, blueShare] = rec601

const luminanceTable = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
]
const chrominanceTable = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
]

// cosine k is cos(k pi / 16) / 2: the orthonormal 8-point DCT.
const [c1, c2, c3, c4, c5, c6, c7] = [1, 2, 3, 4, 5, 6, 7].map((k) => Math.cos((k * Math.PI) / 16) / 2)

/** Loses what JPEG at `quality` (1 to 100) would lose; `rgb` is HWC of `size` x `size`, changed in place. */
export function degradeAsJpeg(rgb: Uint8Array, size: number, quality: number): void {
  const side = Math.ceil(size / 16) * 16
  const half = side / 2
  const { luma, blue, red } = splitColours(rgb, size, side)
  quantisePlane(luma, side, scaleTable(luminanceTable, quality))
  const chroma = scaleTable(chrominanceTable, quality)
  const smallBlue = halvePlane(blue, side)
  const smallRed = halvePlane(red, side)
  quantisePlane(smallBlue, half, chroma)
  quantisePlane(smallRed, half, chroma)
  joinColours(rgb, size, luma, doublePlane(smallBlue, half), doublePlane(smallRed, half), side)
}

function scaleTable(table: readonly number[], quality: number): Float64Array {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
  return Float64Array.from(table, (step) => Math.min(255, Math.max(1, Math.floor((step * scale + 50) / 100))))
}

// Y, Cb and Cr around 0, padded to `side` by repeating the border.
function splitColours(rgb: Uint8Array, size: number, side: number) {
  const luma = new Float32Array(side * side)
  const blue = new Float32Array(side * side)
  const red = new Float32Array(side * side)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = 3 * (Math.min(y, size - 1) * size + Math.min(x, size - 1))
      const r = rgb[from]
      const g = rgb[from + 1]
      const b = rgb[from + 2]
      const i = y * side + x
      luma[i] = redShare * r + greenShare * g + blueShare * b - 128
      blue[i] = -0.168736 * r - 0.331264 * g + 0.5 * b
      red[i] = 0.5 * r - 0.418688 * g - 0.081312 * b
    }
  }
  return { luma, blue, red }
}

function joinColours(
  rgb: Uint8Array,
  size: number,
  luma: Float32Array,
  blue: Float32Array,
  red: Float32Array,
  side: number,
): void {
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const i = y * side + x
      const to = 3 * (y * size + x)
      const level = luma[i] + 128
      rgb[to] = toByte(level + 1.402 * red[i])
      rgb[to + 1] = toByte(level - 0.344136 * blue[i] - 0.714136 * red[i])
      rgb[to + 2] = toByte(level + 1.772 * blue[i])
    }
  }
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0
}

function halvePlane(plane: Float32Array, side: number): Float32Array {
  const half = side / 2
  const small = new Float32Array(half * half)
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const i = 2 * y * side + 2 * x
      small[y * half + x] = (plane[i] + plane[i + 1] + plane[i + side] + plane[i + side + 1]) / 4
    }
  }
  return small
}

// Triangle interpolation, 3/4 of the nearest sample and 1/4 of the next, as decoders do.
function doublePlane(small: Float32Array, half: number): Float32Array {
  const side = 2 * half
  const wide = new Float32Array(half * side)
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < side; x++) {
      const near = x >> 1
      const next = Math.min(half - 1, Math.max(0, near + (x & 1 ? 1 : -1)))
      wide[y * side + x] = 0.75 * small[y * half + near] + 0.25 * small[y * half + next]
    }
  }
  const plane = new Float32Array(side * side)
  for (let y = 0; y < side; y++) {
    const near = (y >> 1) * side
    const next = Math.min(half - 1, Math.max(0, (y >> 1) + (y & 1 ? 1 : -1))) * side
    for (let x = 0; x < side; x++) plane[y * side + x] = 0.75 * wide[near + x] + 0.25 * wide[next + x]
  }
  return plane
}

function quantisePlane(plane: Float32Array, side: number, steps: Float64Array): void {
  const block = new Float64Array(64)
  for (let top = 0; top < side; top += 8) {
    for (let left = 0; left < side; left += 8) {
      const corner = top * side + left
      for (let i = 0; i < 64; i++) block[i] = plane[corner + (i >> 3) * side + (i & 7)]
      for (let k = 0; k < 8; k++) transformLine(block, 8 * k, 1)
      for (let k = 0; k < 8; k++) transformLine(block, k, 8)
      for (let i = 0; i < 64; i++) block[i] = Math.round(block[i] / steps[i]) * steps[i]
      for (let k = 0; k < 8; k++) restoreLine(block, k, 8)
      for (let k = 0; k < 8; k++) restoreLine(block, 8 * k, 1)
      for (let i = 0; i < 64; i++) plane[corner + (i >> 3) * side + (i & 7)] = block[i]
    }
  }
}

// The DCT of eight values `step` apart, in place: sums feed the even frequencies, differences the odd ones.
function transformLine(v: Float64Array, at: number, step: number): void {
  const end = at + 7 * step
  const s0 = v[at] + v[end]
  const s1 = v[at + step] + v[end - step]
  const s2 = v[at + 2 * step] + v[end - 2 * step]
  const s3 = v[at + 3 * step] + v[end - 3 * step]
  const d0 = v[at] - v[end]
  const d1 = v[at + step] - v[end - step]
  const d2 = v[at + 2 * step] - v[end - 2 * step]
  const d3 = v[at + 3 * step] - v[end - 3 * step]
  v[at] = c4 * (s0 + s1 + s2 + s3)
  v[at + step] = c1 * d0 + c3 * d1 + c5 * d2 + c7 * d3
  v[at + 2 * step] = c2 * (s0 - s3) + c6 * (s1 - s2)
  v[at + 3 * step] = c3 * d0 - c7 * d1 - c1 * d2 - c5 * d3
  v[at + 4 * step] = c4 * (s0 - s1 - s2 + s3)
  v[at + 5 * step] = c5 * d0 - c1 * d1 + c7 * d2 + c3 * d3
  v[at + 6 * step] = c6 * (s0 - s3) - c2 * (s1 - s2)
  v[end] = c7 * d0 - c5 * d1 + c3 * d2 - c1 * d3
}

// The inverse: the transform is orthonormal, so its transpose.
function restoreLine(v: Float64Array, at: number, step: number): void {
  const end = at + 7 * step
  const f0 = c4 * v[at]
  const f1 = v[at + step]
  const f2 = v[at + 2 * step]
  const f3 = v[at + 3 * step]
  const f4 = c4 * v[at + 4 * step]
  const f5 = v[at + 5 * step]
  const f6 = v[at + 6 * step]
  const f7 = v[end]
  const even0 = f0 + f4 + c2 * f2 + c6 * f6
  const even1 = f0 - f4 + c6 * f2 - c2 * f6
  const even2 = f0 - f4 - c6 * f2 + c2 * f6
  const even3 = f0 + f4 - c2 * f2 - c6 * f6
  const odd0 = c1 * f1 + c3 * f3 + c5 * f5 + c7 * f7
  const odd1 = c3 * f1 - c7 * f3 - c1 * f5 - c5 * f7
  const odd2 = c5 * f1 - c1 * f3 + c7 * f5 + c3 * f7
  const odd3 = c7 * f1 - c5 * f3 + c3 * f5 - c1 * f7
  v[at] = even0 + odd0
  v[at + step] = even1 + odd1
  v[at + 2 * step] = even2 + odd2
  v[at + 3 * step] = even3 + odd3
  v[at + 4 * step] = even3 - odd3
  v[at + 5 * step] = even2 - odd2
  v[at + 6 * step] = even1 - odd1
  v[end] = even0 - odd0
}
