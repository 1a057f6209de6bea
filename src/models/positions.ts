// Position embeddings for image sizes they were not made for: bicubic resampling of their grid, in each publisher's
// convention. Weights are computed in double precision when the graph is written.
// Sources: facebookresearch/dinov2 interpolate_pos_encoding, torch's upsample_bicubic2d, transformers' Dinov2, timm.

import { f32, type NdArray, ShapeError } from '../base/index.ts'
import * as g from '../graph/index.ts'
import type { VitArchitecture } from './vitShapes.ts'

/** A convention for resampling. */
export type Resampling = VitArchitecture['resampling']

interface Convention {
  /** Added to the new side before the scale is taken, and only there. */
  readonly offset: number
  /** Widens the filter when a side shrinks, and uses a = -0.5 instead of -0.75. */
  readonly antialias: boolean
}

const conventions = {
  hub: { offset: 0.1, antialias: false },
  'hub with registers': { offset: 0, antialias: true },
  huggingface: { offset: 0, antialias: false },
  timm: { offset: 0, antialias: true },
} as const satisfies Record<Exclude<Resampling, 'none'>, Convention>

/**
 * The rows of a position embedding [1, prefix + side^2, width] for a grid of `rows` x `columns` patches: the prefix
 * as it is, the rest resampled unless the grid is the embedding's own. Throws ShapeError where it must not be.
 */
export function resamplePositions(
  positions: g.Value,
  prefix: number,
  [rows, columns]: readonly [number, number],
  resampling: Resampling,
): g.Value {
  const [, count, width] = g.fixedShape('position embedding', positions)
  const side = Math.round(Math.sqrt(count - prefix))
  if (rows === side && columns === side) return positions
  if (resampling === 'none') {
    throw new ShapeError({
      where: 'position embedding',
      expected: `${side} x ${side} patches`,
      got: `${rows} x ${columns}`,
    })
  }
  const down = resamplingMatrix(side, rows, conventions[resampling])
  const across = resamplingMatrix(side, columns, conventions[resampling])
  if (positions.op === 'constant') {
    const { array } = positions.attributes as { readonly array: NdArray }
    return g.constant(resampleArray(array, prefix, side, down, across))
  }
  const grid = g.reshape(g.slice(positions, 1, prefix, count), [side, side * width])
  const tall = g.reshape(g.matmul(matrixValue(down), grid), [rows, side, width])
  const patches = g.reshape(g.matmul(matrixValue(across), tall), [1, rows * columns, width])
  return prefix === 0 ? patches : g.concat([g.slice(positions, 1, 0, prefix), patches], 1)
}

/** Row `to` holds the weights with which the `from` old values make new value `to`. */
function resamplingMatrix(from: number, to: number, { offset, antialias }: Convention): Float64Array[] {
  // torch holds the scale in single precision, and with antialias the centre too: far positions move by more than
  // weights are rounded.
  const scale = Math.fround(from / (to + offset))
  return Array.from({ length: to }, (_, i) =>
    antialias
      ? stretchedWeights(from, Math.fround((i + 0.5) * scale), Math.max(scale, 1), -0.5)
      : clampedWeights(from, (i + 0.5) * scale - 0.5, -0.75),
  )
}

// Four taps around the position; those outside read the edge.
function clampedWeights(from: number, position: number, a: number): Float64Array {
  const weights = new Float64Array(from)
  const first = Math.floor(position) - 1
  for (let tap = first; tap < first + 4; tap++) {
    weights[Math.min(Math.max(tap, 0), from - 1)] += cubic(position - tap, a)
  }
  return weights
}

// All taps under the stretched filter, renormalised; those outside are left out.
function stretchedWeights(from: number, centre: number, stretch: number, a: number): Float64Array {
  const weights = new Float64Array(from)
  const first = Math.max(Math.trunc(centre - 2 * stretch + 0.5), 0)
  const end = Math.min(Math.trunc(centre + 2 * stretch + 0.5), from)
  for (let tap = first; tap < end; tap++) weights[tap] = cubic((tap - centre + 0.5) / stretch, a)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

// Keys 1981, eq. 15 with its a.
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}

function matrixValue(matrix: readonly Float64Array[]): g.Value {
  const columns = matrix[0].length
  const data = new Float32Array(matrix.length * columns)
  for (const [i, row] of matrix.entries()) data.set(row, i * columns)
  return g.constant(f32([matrix.length, columns], data))
}

function resampleArray(
  array: NdArray,
  prefix: number,
  side: number,
  down: readonly Float64Array[],
  across: readonly Float64Array[],
): NdArray {
  const width = array.shape[2]
  const source = array.data as Float32Array
  const [rows, columns] = [down.length, across.length]
  const tall = new Float64Array(rows * side * width)
  const line = side * width
  for (let row = 0; row < rows; row++) {
    for (let from = 0; from < side; from++) {
      const weight = down[row][from]
      if (weight === 0) continue
      const start = (prefix + from * side) * width
      for (let i = 0; i < line; i++) tall[row * line + i] += weight * source[start + i]
    }
  }
  const wide = new Float64Array(rows * columns * width)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const to = (row * columns + column) * width
      for (let from = 0; from < side; from++) {
        const weight = across[column][from]
        if (weight === 0) continue
        const start = (row * side + from) * width
        for (let i = 0; i < width; i++) wide[to + i] += weight * tall[start + i]
      }
    }
  }
  const result = new Float32Array(prefix * width + wide.length)
  result.set(source.subarray(0, prefix * width))
  result.set(wide, prefix * width)
  return f32([1, prefix + rows * columns, width], result)
}
