// Smooth random fields for synthetic tissue: cubic B-spline interpolation of a lattice of white noise.
// A B-spline of white noise has no visible lattice, and separates into two cheap passes.

import type { Random } from '../base/index.ts'

/** A square field of `size` x `size` values, row-major. */
export type Field = Float32Array

// Brings the interpolated uniform noise to a standard deviation of about 1 (sqrt(3) / 0.48).
const unitSpread = 3.6

/**
 * A smooth field of mean 0 and standard deviation about 1.
 * `grain` is the lattice spacing in pixels, along x and, where it differs, along y.
 */
export function drawField(random: Random, size: number, grain: number, grainY: number = grain): Field {
  const columns = Math.ceil(size / grain) + 4
  const rows = Math.ceil(size / grainY) + 4
  const across = splineWeights(size, grain)
  const down = splineWeights(size, grainY)
  const stretched = new Float32Array(rows * size)
  const lattice = new Float32Array(columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) lattice[column] = random.uniform() * 2 - 1
    for (let x = 0; x < size; x++) {
      const from = across.starts[x]
      const w = 4 * x
      stretched[row * size + x] =
        across.weights[w] * lattice[from] +
        across.weights[w + 1] * lattice[from + 1] +
        across.weights[w + 2] * lattice[from + 2] +
        across.weights[w + 3] * lattice[from + 3]
    }
  }
  return sumRows(stretched, down, size)
}

function sumRows(stretched: Float32Array, down: Spline, size: number): Field {
  const field = new Float32Array(size * size)
  for (let y = 0; y < size; y++) {
    const from = down.starts[y] * size
    const w0 = down.weights[4 * y] * unitSpread
    const w1 = down.weights[4 * y + 1] * unitSpread
    const w2 = down.weights[4 * y + 2] * unitSpread
    const w3 = down.weights[4 * y + 3] * unitSpread
    for (let x = 0; x < size; x++) {
      const i = from + x
      field[y * size + x] =
        w0 * stretched[i] +
        w1 * stretched[i + size] +
        w2 * stretched[i + 2 * size] +
        w3 * stretched[i + 3 * size]
    }
  }
  return field
}

interface Spline {
  readonly starts: Int32Array
  readonly weights: Float32Array
}

function splineWeights(size: number, grain: number): Spline {
  const starts = new Int32Array(size)
  const weights = new Float32Array(size * 4)
  for (let x = 0; x < size; x++) {
    const at = x / grain
    const t = at - Math.floor(at)
    starts[x] = Math.floor(at)
    const rest = 1 - t
    weights[4 * x] = (rest * rest * rest) / 6
    weights[4 * x + 1] = ((3 * t - 6) * t * t + 4) / 6
    weights[4 * x + 2] = (((3 - 3 * t) * t + 3) * t + 1) / 6
    weights[4 * x + 3] = (t * t * t) / 6
  }
  return { starts, weights }
}

/** Wavy fibres: noise stretched along `angle` (radians) and bent. Mean 0, standard deviation about 1. */
export function drawFibres(random: Random, size: number, angle: number): Field {
  const side = Math.ceil(size * 1.5)
  const straight = drawField(random, side, 26, 3.2)
  const warp = drawField(random, size, 24)
  const bend = 4 // pixels a standard deviation
  const cosine = Math.cos(angle)
  const sine = Math.sin(angle)
  const middle = (size - 1) / 2
  const fibres = new Float32Array(size * size)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const i = y * size + x
      const u = cosine * (x - middle) + sine * (y - middle) + side / 2
      const v = -sine * (x - middle) + cosine * (y - middle) + side / 2 + bend * warp[i]
      fibres[i] = sampleField(straight, side, u, v)
    }
  }
  return fibres
}

// Bilinear, the border repeated.
function sampleField(field: Field, side: number, u: number, v: number): number {
  const limit = side - 1.001
  const x = Math.max(0, Math.min(limit, u))
  const y = Math.max(0, Math.min(limit, v))
  const x0 = x | 0
  const y0 = y | 0
  const i = y0 * side + x0
  const right = x - x0
  const below = y - y0
  const top = field[i] + right * (field[i + 1] - field[i])
  const bottom = field[i + side] + right * (field[i + side + 1] - field[i + side])
  return top + below * (bottom - top)
}

/** The field with each value replaced by `low` to `high` made 0 to 1, smoothly (in place). */
export function rampField(field: Field, low: number, high: number): Field {
  for (let i = 0; i < field.length; i++) field[i] = smoothStep(low, high, field[i])
  return field
}

/** The length of (dx, dy). Math.hypot guards against overflow at twenty times the cost. */
export function measureLength(dx: number, dy: number): number {
  return Math.sqrt(dx * dx + dy * dy)
}

/** 0 below `low`, 1 above `high`, a smooth ramp between. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = Math.max(0, Math.min(1, (value - low) / (high - low)))
  return t * t * (3 - 2 * t)
}
