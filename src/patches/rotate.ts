// Turning a patch about its middle as Pillow's Image.rotate does: the size stays, what comes from outside is black.
// Reference: Pillow 9.4, Image.py (rotate) and src/libImaging/Geometry.c (affine transforms).

import { type Pixels, pixels } from '../base/index.ts'

/** How a turned pixel takes its colour. */
export type RotateFilter = 'nearest' | 'bilinear'

// Maps an output position (x, y) to (a x + b y + c, d x + e y + f) in the input.
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** Turns every patch counter-clockwise by `degrees`. */
export function rotatePixels(batch: Pixels, degrees: number, filter: RotateFilter): Pixels {
  const { data, count, height, width } = batch
  const turned = new Uint8Array(data.length)
  const map = buildMap(degrees, height, width)
  const size = height * width * 3
  for (let i = 0; i < count; i++) {
    const from = data.subarray(i * size, (i + 1) * size)
    const to = turned.subarray(i * size, (i + 1) * size)
    if (filter === 'nearest') takeNearest(from, to, height, width, map)
    else mixNearest(from, to, height, width, map)
  }
  return pixels(turned, count, height, width)
}

function buildMap(degrees: number, height: number, width: number): Affine {
  const angle = (-(((degrees % 360) + 360) % 360) * Math.PI) / 180
  const round = (value: number) => Number(value.toFixed(15)) // quarters become exact
  const [a, b] = [round(Math.cos(angle)), round(Math.sin(angle))]
  const [d, e] = [round(-Math.sin(angle)), round(Math.cos(angle))]
  const [x, y] = [width / 2, height / 2]
  return [a, b, x - a * x - b * y, d, e, y - d * x - e * y]
}

// Positions in fixed point of 16 bits, added up along a row: the reference's rounding, pixel for pixel.
function takeNearest(from: Uint8Array, to: Uint8Array, height: number, width: number, map: Affine): void {
  const fix = (value: number) => Math.floor(value * 65536 + 0.5)
  const [a, b, c, d, e, f] = map
  const [stepX, stepY] = [fix(a), fix(d)]
  let rowX = fix(c + a * 0.5 + b * 0.5)
  let rowY = fix(f + d * 0.5 + e * 0.5)
  for (let y = 0; y < height; y++, rowX += fix(b), rowY += fix(e)) {
    for (let x = 0; x < width; x++) {
      const column = (rowX + x * stepX) >> 16
      const row = (rowY + x * stepY) >> 16
      if (column < 0 || column >= width || row < 0 || row >= height) continue
      const source = (row * width + column) * 3
      const target = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel++) to[target + channel] = from[source + channel]
    }
  }
}

// Between the four pixels around a position, those beyond the border repeating it; fractions are cut off.
function mixNearest(from: Uint8Array, to: Uint8Array, height: number, width: number, map: Affine): void {
  const [a, b, c, d, e, f] = map
  const within = (value: number, side: number) => Math.max(0, Math.min(side - 1, value))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sourceX = a * (x + 0.5) + b * (y + 0.5) + c
      const sourceY = d * (x + 0.5) + e * (y + 0.5) + f
      if (sourceX < 0 || sourceX >= width || sourceY < 0 || sourceY >= height) continue
      const left = Math.floor(sourceX - 0.5)
      const top = Math.floor(sourceY - 0.5)
      const shareX = sourceX - 0.5 - left
      const shareY = sourceY - 0.5 - top
      const [x0, x1] = [within(left, width), within(left + 1, width)]
      const [y0, y1] = [within(top, height) * width, within(top + 1, height) * width]
      for (let channel = 0; channel < 3; channel++) {
        const at = (pixel: number) => from[pixel * 3 + channel]
        const upper = at(y0 + x0) + (at(y0 + x1) - at(y0 + x0)) * shareX
        const lower = at(y1 + x0) + (at(y1 + x1) - at(y1 + x0)) * shareX
        to[(y * width + x) * 3 + channel] = upper + (lower - upper) * shareY
      }
    }
  }
}
