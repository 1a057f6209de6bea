// A convolution of 3x3 pixels as Winograd's F(4x4, 3x3): tiles of 6x6 pixels and the kernels are brought to a basis in
// which a convolution is 36 products of matrices for 16 pixels each, a quarter of the multiplications. All of it ordinary
// products, so that gradients follow by themselves and are cheaper too.
// Lavin & Gray 2016, section 4; bases after Cook and Toom, as Blahut 2010, section 5.2, writes them.

import { f32 } from '../base/index.ts'
import { matmul, reshape, transpose } from './ops/index.ts'
import { padPositions } from './padPositions.ts'
import {
  type ConvAttributes,
  constant,
  multiplySide,
  type OpAttributes,
  type Side,
  type Value,
} from './value.ts'

const [positions, pixels, taps] = [6, 4, 3]

// Where the polynomials of tile and kernel are multiplied, infinity aside. Of sets of small fractions the one that was found
// to round least (Barabasz et al. 2020 say why it matters): .44 times the usual 0, 1, -1, 2, -2, 4.5 times the plain sum.
const points = [0, 2 / 3, -2 / 3, 3 / 2, -3 / 2]

const powers = (point: number, count: number) => Array.from({ length: count }, (_, i) => point ** i)
const lastOf = (count: number) => powers(0, count).reverse()

// Rows: what each position adds to a tile's 4 pixels (A).
const pixelBasis = [...points.map((point) => powers(point, pixels)), lastOf(pixels)]

// Rows: a kernel's 3 pixels in each position (G).
const kernelBasis = [
  ...points.map((point) => {
    const scale = points.reduce(
      (product, other) => (other === point ? product : product * (point - other)),
      1,
    )
    return powers(point, taps).map((power) => power / scale)
  }),
  lastOf(taps),
]

// Rows: a tile's 6 pixels in each position (the transpose of B): the polynomial that is 0 at all points but this one.
const tileBasis = [
  ...points.map((point) => [...polynomialOf(points.filter((other) => other !== point)), 0]),
  polynomialOf(points),
]

// The coefficients of the product of (x - root), lowest power first.
function polynomialOf(roots: readonly number[]): number[] {
  return roots.reduce<number[]>(
    (product, root) => product.concat(0).map((value, i) => (product[i - 1] ?? 0) - root * value),
    [1],
  )
}

/** A convolution that can be written in Winograd's form, a padding before it counted in. */
export interface UnstridedConvolution {
  /** What is convolved, [N,C,H,W], not yet padded. */
  readonly image: Value
  readonly weight: Value
  readonly images: Side
  readonly channels: number
  readonly outputs: number
  readonly rows: Axis
  readonly columns: Axis
}

// One direction of an image: for each position of the padded image the pixel that is read there, none beyond zeros.
interface Axis {
  readonly size: number
  readonly reads: readonly (number | null)[]
}

/** Whether a convolution has no stride, dilation and groups. */
export function isPlain({ strides, dilations, groups }: ConvAttributes): boolean {
  return [...strides, ...dilations, groups].every((one) => one === 1)
}

/** Reads a convolution of 3x3 pixels without stride, dilation and groups; undefined for others. */
export function readUnstrided(value: Value): UnstridedConvolution | undefined {
  if (value.op !== 'conv' || value.dtype !== 'f32') return undefined
  const attributes = value.attributes as OpAttributes['conv']
  const { pads } = attributes
  const [from, weight] = value.inputs
  const [outputs, channels, height, width] = weight.shape as number[]
  if (!isPlain(attributes) || height !== 3 || width !== 3) return undefined
  const padding = readPadding(from)
  const image = padding ? from.inputs[0] : from
  const axis = (at: 0 | 1): Axis => {
    const size = image.shape[at + 2] as number
    const inner = padding
      ? padPositions(size, padding.before[at + 2], padding.after[at + 2], padding.mode)
      : [...Array(size).keys()]
    const zeros = (count: number) => new Array<null>(count).fill(null)
    return { size, reads: [...zeros(pads[at]), ...inner, ...zeros(pads[at + 2])] }
  }
  return { image, weight, images: image.shape[0], channels, outputs, rows: axis(0), columns: axis(1) }
}

function readPadding({ op, attributes, inputs }: Value): OpAttributes['pad'] | undefined {
  if (op !== 'pad' || inputs[0].shape.length !== 4) return undefined
  const padding = attributes as OpAttributes['pad']
  const { before, after } = padding
  return [before[0], after[0], before[1], after[1]].every((size) => size === 0) ? padding : undefined
}

const countPixels = ({ reads }: Axis) => reads.length - 2
const countTiles = (axis: Axis) => Math.ceil(countPixels(axis) / pixels)

/**
 * Whether the form saves at least a third of the multiplications. Changing the basis costs a product with a whole axis: too
 * much where the image is large or the channels are few.
 */
export function isWorthIt({ channels, outputs, rows, columns }: UnstridedConvolution): boolean {
  const [high, wide] = [positions * countTiles(rows), positions * countTiles(columns)]
  const [height, width] = [countPixels(rows), countPixels(columns)]
  const plain = 9 * height * width * channels * outputs
  const into = high * rows.size * columns.size + high * wide * columns.size
  const back = high * wide * width + high * height * width
  const quick = high * wide * channels * outputs + into * channels + back * outputs
  return quick < (2 / 3) * plain
}

/**
 * The convolution of `laid`, which is [H,W,N,C], with what kernelsInBasis made of the weight, as [H,W,N,C]: a change of basis
 * is then one product with a matrix, and moving positions together moves long rows.
 */
export function writeWinograd(
  laid: Value,
  kernels: Value,
  { images, channels, outputs, rows, columns }: UnstridedConvolution,
): Value {
  const [high, wide] = [countTiles(rows), countTiles(columns)]
  const [height, width] = [countPixels(rows), countPixels(columns)]
  const left = { transposeA: true }
  const perImage = (count: number) => multiplySide(images, count)

  const alongRows = matmul(
    tileMatrix(rows),
    reshape(laid, [rows.size, perImage(columns.size * channels)]),
    left,
  )
  const apart = reshape(alongRows, [positions * high, columns.size, perImage(channels)])
  const tiles = matmul(tileMatrix(columns), apart, left)
  const sorted = swapInner(tiles, [positions, high, positions, perImage(wide * channels)])
  const inner = reshape(sorted, [positions ** 2, perImage(high * wide), channels])

  const products = matmul(inner, kernels, { transposeB: true })

  const moved = swapInner(products, [positions, positions, high, perImage(wide * outputs)])
  const together = reshape(moved, [positions * high, positions * wide, perImage(outputs)])
  const alongColumns = matmul(pixelMatrix(wide, width), together, left)
  const flat = reshape(alongColumns, [positions * high, perImage(width * outputs)])
  return reshape(matmul(pixelMatrix(high, height), flat, left), [height, width, images, outputs])
}

function swapInner(x: Value, shape: readonly Side[]): Value {
  return transpose(reshape(x, shape), [0, 2, 1, 3])
}

/** A weight [outputs, channels, 3, 3] in the basis of tiles, [36, outputs, channels]. */
export function kernelsInBasis(weight: Value): Value {
  const [outputs, channels] = weight.shape as number[]
  const basis = matrix(positions ** 2, taps ** 2, (row, column) => {
    const [p, q] = [Math.floor(row / positions), row % positions]
    return kernelBasis[p][Math.floor(column / taps)] * kernelBasis[q][column % taps]
  })
  const kernels = matmul(basis, reshape(weight, [outputs * channels, 9]), { transposeB: true })
  return reshape(kernels, [positions ** 2, outputs, channels])
}

// [size, 6 tiles], all first positions first: an axis, padded, in tiles that overlap by two.
function tileMatrix(axis: Axis): Value {
  const tiles = countTiles(axis)
  const data = new Float32Array(axis.size * positions * tiles)
  for (let tile = 0; tile < tiles; tile++) {
    for (let i = 0; i < positions; i++) {
      const from = axis.reads[pixels * tile + i] ?? null
      if (from === null) continue
      for (let p = 0; p < positions; p++) data[from * positions * tiles + p * tiles + tile] += tileBasis[p][i]
    }
  }
  return constant(f32([axis.size, positions * tiles], data))
}

// [6 tiles, size]: tiles' positions as pixels; what a last tile has too much is left out.
function pixelMatrix(tiles: number, size: number): Value {
  return matrix(positions * tiles, size, (row, column) =>
    Math.floor(column / pixels) === row % tiles ? pixelBasis[Math.floor(row / tiles)][column % pixels] : 0,
  )
}

function matrix(rows: number, columns: number, value: (row: number, column: number) => number): Value {
  const data = Float32Array.from({ length: rows * columns }, (_, i) =>
    value(Math.floor(i / columns), i % columns),
  )
  return constant(f32([rows, columns], data))
}
