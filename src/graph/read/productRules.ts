// Reading ONNX matrix products, convolutions and poolings.

import { f32, ndarray } from '../../base/index.ts'
import * as ops from '../ops/index.ts'
import { type ConvAttributes, constant, fixedShape, type Value } from '../value.ts'
import type { OpenNode } from './node.ts'
import type { ReadRules } from './rule.ts'

/** Rules for products, convolutions and poolings. */
export const productRules: ReadRules = {
  MatMul: (node) => multiplyRanks(node.value(0), node.value(1)),
  'com.microsoft.FusedMatMul': readProduct,
  Gemm: (node) => {
    const product = readProduct(node)
    return node.has(2) ? ops.add(product, scale(node.value(2), node.float('beta', 1))) : product
  },
  Conv: (node) =>
    addBias(
      node,
      inTwoAxes(node, node.value(0), (x, weight) => readConv(node, x, weight)),
    ),
  ConvTranspose: (node) =>
    addBias(
      node,
      inTwoAxes(node, node.value(0), (x, weight) => readConvTranspose(node, x, weight)),
    ),
  MaxPool: readMaxPool,
  AveragePool: readAveragePool,
}

// What Gemm and its fused form share: either factor may be turned, and the product scaled.
function readProduct(node: OpenNode): Value {
  const product = ops.matmul(node.value(0), node.value(1), {
    transposeA: node.int('transA', 0) === 1,
    transposeB: node.int('transB', 0) === 1,
  })
  return scale(product, node.float('alpha', 1))
}

function scale(x: Value, factor: number): Value {
  return factor === 1 ? x : ops.mul(x, factor)
}

// NumPy's matmul: a vector is a row on the left and a column on the right.
function multiplyRanks(a: Value, b: Value): Value {
  const left = a.shape.length === 1 ? ops.addAxes(a, [0]) : a
  const right = b.shape.length === 1 ? ops.addAxes(b, [1]) : b
  const product = ops.matmul(left, right)
  const shape = [...product.shape]
  if (b.shape.length === 1) shape.splice(-1, 1)
  if (a.shape.length === 1) shape.splice(b.shape.length === 1 ? -1 : -2, 1)
  return ops.reshape(product, shape)
}

function addBias(node: OpenNode, image: Value): Value {
  if (!node.has(2)) return image
  const bias = node.value(2)
  return ops.add(image, ops.reshape(bias, [bias.shape[0], ...image.shape.slice(2).map(() => 1)]))
}

// A convolution along one axis is one over images of height 1.
function inTwoAxes(node: OpenNode, x: Value, write: (x: Value, weight: Value) => Value): Value {
  const weight = node.value(1)
  if (x.shape.length === 4) return write(x, weight)
  if (x.shape.length !== 3) throw node.refuse('images of one or two axes', `[${x.shape}]`)
  const image = write(ops.addAxes(x, [2]), ops.addAxes(weight, [2]))
  return ops.reshape(image, [image.shape[0], image.shape[1], image.shape[3]])
}

type Pair = readonly [number, number]

// An attribute of one or two numbers; that of one axis gets `other` for the axis put in.
function readPair(node: OpenNode, name: string, other: number): Pair {
  const given = node.ints(name) ?? [other, other]
  return given.length === 1 ? [other, given[0]] : [given[0], given[1]]
}

interface Window {
  readonly kernel: Pair
  readonly strides: Pair
  readonly dilations: Pair
  /** top, left, bottom, right */
  readonly pads: ConvAttributes['pads']
}

function readWindow(node: OpenNode, kernel: Pair, inside: Pair): Window {
  const strides = readPair(node, 'strides', 1)
  const dilations = readPair(node, 'dilations', 1)
  const mode = node.string('auto_pad', 'NOTSET')
  if (mode === 'NOTSET' || mode === 'VALID') {
    const given = mode === 'VALID' ? null : node.ints('pads')
    const [top, left, bottom, right] =
      given === null ? [0, 0, 0, 0] : given.length === 2 ? [0, given[0], 0, given[1]] : given
    return { kernel, strides, dilations, pads: [top, left, bottom, right] }
  }
  const missing = [0, 1].map((i) => {
    const reach = dilations[i] * (kernel[i] - 1) + 1
    return Math.max(0, (Math.ceil(inside[i] / strides[i]) - 1) * strides[i] + reach - inside[i])
  })
  const low = missing.map((size) => (mode === 'SAME_LOWER' ? Math.ceil(size / 2) : Math.floor(size / 2)))
  return { kernel, strides, dilations, pads: [low[0], low[1], missing[0] - low[0], missing[1] - low[1]] }
}

function imageSides(node: OpenNode, x: Value): Pair {
  const [height, width] = fixedShape(node.where, { ...x, shape: x.shape.slice(2) })
  return [height, width]
}

function readConv(node: OpenNode, x: Value, weight: Value): Value {
  const inside = imageSides(node, x)
  const [outputs, perGroup, ...kernel] = fixedShape(node.where, weight)
  const { strides, dilations, pads } = readWindow(node, [kernel[0], kernel[1]], inside)
  const groups = node.int('group', 1)
  if (x.shape[1] !== perGroup * groups || outputs % groups !== 0)
    throw node.refuse(`${perGroup * groups} channels`, `${x.shape[1]}`)
  const sides = slide(inside, { kernel: [kernel[0], kernel[1]], strides, dilations, pads }, false)
  return ops.writeConv(x, weight, { strides, pads, dilations, groups }, sides)
}

// How often a window fits; with `ceil` a last window that begins inside may end beyond the padding.
function slide(inside: Pair, { kernel, strides, dilations, pads }: Window, ceil: boolean): Pair {
  const count = (i: 0 | 1) => {
    const room = inside[i] + pads[i] + pads[i + 2] - (dilations[i] * (kernel[i] - 1) + 1)
    if (!ceil) return Math.floor(room / strides[i]) + 1
    const steps = Math.ceil(room / strides[i])
    return steps * strides[i] >= inside[i] + pads[i] ? steps : steps + 1
  }
  return [count(0), count(1)]
}

function readConvTranspose(node: OpenNode, x: Value, weight: Value): Value {
  const [, , ...kernel] = fixedShape(node.where, weight)
  if (node.string('auto_pad', 'NOTSET') !== 'NOTSET' || node.ints('output_shape'))
    throw node.refuse('padding given by numbers', 'auto_pad or output_shape')
  const { strides, dilations, pads } = readWindow(node, [kernel[0], kernel[1]], imageSides(node, x))
  const groups = node.int('group', 1)
  return ops.writeConvTranspose(
    x,
    weight,
    { strides, pads, dilations, groups },
    readPair(node, 'output_padding', 0),
  )
}

// Padding that a last, overhanging window needs is added behind.
function readPool(node: OpenNode): { x: Value; window: Window; sides: Pair } {
  const x = node.value(0)
  if (x.shape.length !== 4) throw node.refuse('images [N, C, H, W]', `[${x.shape}]`)
  const inside = imageSides(node, x)
  const given = readWindow(node, readPair(node, 'kernel_shape', 1), inside)
  const sides = slide(inside, given, node.int('ceil_mode', 0) === 1)
  const pads = [...given.pads] as [number, number, number, number]
  for (const i of [0, 1] as const) {
    const reach = given.dilations[i] * (given.kernel[i] - 1) + 1
    const used = (sides[i] - 1) * given.strides[i] + reach - inside[i] - pads[i]
    pads[i + 2] = Math.max(pads[i + 2], used)
  }
  return { x, window: { ...given, pads }, sides }
}

function readMaxPool(node: OpenNode): Value {
  if (node.outputs.filter(Boolean).length > 1) throw node.refuse('one output', 'the indices too')
  const { x, window } = readPool(node)
  return ops.maxPool(x, window)
}

// A mean under a moving window is a convolution of each channel by itself, whose weights are equal; where padding
// does not count, each place is divided by the pixels that it covers.
function readAveragePool(node: OpenNode): Value {
  const { x, window, sides } = readPool(node)
  const { kernel, pads, strides, dilations } = window
  const [height, width] = imageSides(node, x)
  const channels = x.shape[1] as number
  const area = kernel[0] * kernel[1]
  const weight = constant(f32([channels, 1, ...kernel], new Float32Array(channels * area).fill(1)))
  const attributes = { strides, pads, dilations, groups: channels }
  const sum = ops.writeConv(x, weight, attributes, sides)
  const given = node.ints('pads') ?? [0, 0, 0, 0]
  const isPadCounted = node.int('count_include_pad', 0) === 1
  const covers = countCovered(window, sides, [height, width], isPadCounted ? given : [0, 0, 0, 0])
  const isSame = covers.every((count) => count === area)
  const divisor = isSame ? f32([], [area]) : ndarray('f32', [1, 1, ...sides], covers)
  return ops.div(sum, constant(divisor))
}

function countCovered(
  { kernel, strides, dilations, pads }: Window,
  sides: Pair,
  inside: Pair,
  counted: readonly number[],
): Float32Array {
  const along = (i: 0 | 1, at: number) => {
    let count = 0
    for (let tap = 0; tap < kernel[i]; tap++) {
      const position = at * strides[i] - pads[i] + tap * dilations[i]
      if (position >= -counted[i] && position < inside[i] + counted[i + 2]) count++
    }
    return count
  }
  return Float32Array.from(
    { length: sides[0] * sides[1] },
    (_, at) => along(0, Math.floor(at / sides[1])) * along(1, at % sides[1]),
  )
}
