// Derivatives of convolutions. The weight's gradient is one matrix product a kernel tap: on CPU that is about
// twice as fast as a convolution with swapped roles. The input's gradient is the transposed convolution.

import { sizeOf } from '../base/index.ts'
import {
  concat,
  matmul,
  pad,
  reduceSum,
  reshape,
  slice,
  transpose,
  writeConv,
  writeConvTranspose,
} from './ops/index.ts'
import { writeTurned } from './turnKernels.ts'
import type { ConvAttributes } from './value.ts'
import { fixedShape, type Value } from './value.ts'

/** Gradients of conv in [x, weight]. */
export function gradConv(g: Value, x: Value, weight: Value, attributes: ConvAttributes): Value[] {
  const inside = fixedShape('gradient of conv', x).slice(2)
  const outside = fixedShape('gradient of conv', g).slice(2)
  const kernel = fixedShape('gradient of conv', weight).slice(2)
  const missing = [0, 1].map((i) => {
    const reach = attributes.dilations[i] * (kernel[i] - 1) + 1
    const covered = (outside[i] - 1) * attributes.strides[i] + reach
    return inside[i] + attributes.pads[i] + attributes.pads[i + 2] - covered
  })
  return [
    writeTurnedConv(g, weight, attributes, inside) ??
      writeConvTranspose(g, weight, attributes, [missing[0], missing[1]]),
    correlate(g, x, kernel, attributes),
  ]
}

// The transpose of an unstrided convolution to few channels, as a convolution: its columns are few, those of the transpose are
// as many as its outputs, for every pixel of the kernel.
function writeTurnedConv(
  g: Value,
  weight: Value,
  { strides, pads, dilations, groups }: ConvAttributes,
  inside: readonly number[],
): Value | null {
  const [outputs, inputs, ...kernel] = weight.shape as number[]
  const sides = g.shape.slice(2) as number[]
  const before = [0, 1].map((i) => dilations[i] * (kernel[i] - 1) - pads[i])
  const after = [0, 1].map((i) => inside[i] + pads[i] - sides[i])
  const isPlain = groups === 1 && strides.every((stride) => stride === 1)
  if (!isPlain || outputs > narrow || outputs >= inputs || [...before, ...after].some((size) => size < 0))
    return null
  const turned = { strides, dilations, groups, pads: [before[0], before[1], after[0], after[1]] } as const
  return writeConv(g, writeTurned(weight), turned, inside)
}

/** Gradients of convTranspose in [x, weight]: the same with the roles of image and gradient swapped. */
export function gradConvTranspose(g: Value, x: Value, weight: Value, attributes: ConvAttributes): Value[] {
  const { strides, pads, dilations, groups } = attributes
  const plain = { strides, pads, dilations, groups }
  const kernel = fixedShape('gradient of convTranspose', weight).slice(2)
  const sides = fixedShape('gradient of convTranspose', x).slice(2)
  return [writeConv(g, weight, plain, sides), correlate(x, g, kernel, plain)]
}

/**
 * For each tap of `kernel`: the products of `small` [N,O,h,w] with the pixels of `large` [N,C,H,W] that the tap
 * meets, summed over images and positions: [O, C/groups, kh, kw]. Whichever has fewer channels is moved over the other.
 */
function correlate(small: Value, large: Value, kernel: readonly number[], attributes: ConvAttributes): Value {
  const { strides, pads, dilations, groups } = attributes
  const [count, outputs, ...sides] = fixedShape('correlate', small)
  const channels = (large.shape[1] as number) / groups
  const padded = padImage(large, pads)
  const reach = [0, 1].map((axis) => dilations[axis] * (kernel[axis] - 1))
  const movesSmall = groups === 1 && outputs < channels && strides.every((stride) => stride === 1)
  const area = movesSmall ? sides.map((side, axis) => side + reach[axis]) : sides
  const moved = movesSmall ? padImage(small, [...reach, ...reach]) : padded
  const still = movesSmall
    ? [0, 1].reduce((image, axis) => slice(image, axis + 2, 0, area[axis]), padded)
    : small
  const [moving, standing] = movesSmall ? [outputs, channels] : [channels, outputs / groups]
  const meet = (image: Value, axis: number, tap: number) => {
    const start = dilations[axis] * (movesSmall ? kernel[axis] - 1 - tap : tap)
    return slice(image, axis + 2, start, start + (area[axis] - 1) * strides[axis] + 1, strides[axis])
  }
  const flatten = (image: Value, rows: number) => reshape(image, [count, groups, rows, sizeOf(area)])
  const rows = flatten(still, standing)
  const taps = Array.from({ length: kernel[0] }, (_, i) => meet(moved, 0, i)).flatMap((band) =>
    Array.from({ length: kernel[1] }, (_, j) => flatten(meet(band, 1, j), moving)),
  )
  // A product of few columns takes as long as one of many.
  const parts = moving <= narrow ? [concat(taps, 2)] : taps
  // More rows than columns: such products have the same bits on any number of threads (stableThreads).
  const movedFirst = (parts[0].shape[2] as number) >= standing
  const products = parts.map((part) => matmul(...order(movedFirst, part, rows), { transposeB: true }))
  const stacked = products.length === 1 ? products[0] : concat(products, movedFirst ? 2 : 3)
  const [tap, [mover, stander]] = movedFirst ? [2, [3, 4]] : [3, [4, 2]]
  const laid = movedFirst ? [taps.length, moving, standing] : [standing, taps.length, moving]
  const ordered = transpose(reshape(stacked, [count, groups, ...laid]), [
    0,
    1,
    ...order(movesSmall, mover, stander),
    tap,
  ])
  const shape = [outputs, channels, kernel[0], kernel[1]]
  const images = reshape(ordered, [count, sizeOf(shape)])
  return reshape(count === 1 ? images : reduceSum(images, { axes: [0] }), shape)
}

// Channels, at most, of which a product or a convolution is no faster than one of more.
const narrow = 8

const padImage = (image: Value, [top, left, bottom, right]: readonly number[]): Value =>
  top + left + bottom + right > 0 ? pad(image, [0, 0, top, left], [0, 0, bottom, right]) : image

const order = <T>(isFirst: boolean, a: T, b: T): [T, T] => (isFirst ? [a, b] : [b, a])
