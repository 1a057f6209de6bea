// What JPEG does to a patch, without the bytes: YCbCr, 4:2:0, 8x8 DCT, quantisation, and back.
// Tables: ITU-T T.81 Annex K; quality scaling as libjpeg. Own code so that every machine gives the same bytes.

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

// basis[8 * frequency + place], orthonormal.
const basis = Float64Array.from({ length: 64 }, (_, i) => {
  const frequency = i >> 3
  return Math.cos(((2 * (i & 7) + 1) * frequency * Math.PI) / 16) * (frequency === 0 ? Math.SQRT1_2 : 1) * 0.5
})

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
      luma[i] = 0.299 * r + 0.587 * g + 0.114 * b - 128
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
  const half = new Float64Array(64)
  for (let top = 0; top < side; top += 8) {
    for (let left = 0; left < side; left += 8)
      quantiseBlock(plane, top * side + left, side, steps, block, half)
  }
}

// Rows then columns forward, round to the steps, columns then rows back.
function quantiseBlock(
  plane: Float32Array,
  corner: number,
  side: number,
  steps: Float64Array,
  block: Float64Array,
  half: Float64Array,
): void {
  for (let y = 0; y < 8; y++) {
    const from = corner + y * side
    for (let f = 0; f < 64; f += 8) {
      let sum = 0
      for (let x = 0; x < 8; x++) sum += basis[f + x] * plane[from + x]
      half[y * 8 + (f >> 3)] = sum
    }
  }
  block.fill(0)
  for (let v = 0; v < 8; v++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0
      for (let y = 0; y < 8; y++) sum += basis[v * 8 + y] * half[y * 8 + u]
      const step = steps[v * 8 + u]
      block[v * 8 + u] = Math.round(sum / step) * step
    }
  }
  half.fill(0)
  for (let v = 0; v < 8; v++) {
    for (let u = 0; u < 8; u++) {
      const value = block[v * 8 + u]
      if (value === 0) continue // most are: the point of JPEG
      for (let x = 0; x < 8; x++) half[v * 8 + x] += value * basis[u * 8 + x]
    }
  }
  for (let y = 0; y < 8; y++) {
    const to = corner + y * side
    for (let x = 0; x < 8; x++) {
      let sum = 0
      for (let v = 0; v < 8; v++) sum += basis[v * 8 + y] * half[v * 8 + x]
      plane[to + x] = sum
    }
  }
}
