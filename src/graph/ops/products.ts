// Matrix products and convolutions: where the time goes.

import { ndarray, ShapeError } from '../../base/index.ts'
import {
  type ConvAttributes,
  constant,
  fixedShape,
  makeValue,
  type PoolAttributes,
  type Shape,
  type Side,
  showShape,
  type Value,
} from '../value.ts'
import { broadcastShapes } from './elementwise.ts'
import { addAxes, reshape, transpose } from './movement.ts'

/** Whether a factor's last two axes are read in the other order (no copy is made). */
export interface MatmulOptions {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

/** The matrix product over the last two axes; leading axes broadcast. Both factors have rank 2 or more. */
export function matmul(
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: MatmulOptions = {},
): Value {
  const mismatch = (expected: string) =>
    new ShapeError({ where: 'matmul', expected, got: `${showShape(a.shape)} and ${showShape(b.shape)}` })
  if (a.shape.length < 2 || b.shape.length < 2) throw mismatch('two matrices or stacks of them')
  const [rows, innerA] = matrixSides(a.shape, transposeA)
  const [innerB, columns] = matrixSides(b.shape, transposeB)
  if (innerA !== innerB || a.dtype !== b.dtype) throw mismatch('equal inner sides and dtypes')
  const stack = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return makeValue('matmul', [a, b], { transposeA, transposeB }, a.dtype, [...stack, rows, columns])
}

function matrixSides(shape: Shape, transposed: boolean): [Side, Side] {
  const [rows, columns] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

/**
 * x with one axis multiplied by a matrix: x [.., from, ..] and matrix [from, to] give [.., to, ..], whichever axis it is.
 * Multiplied where it lies for the last two axes; another is moved to the end and back.
 */
export function mapAxis(x: Value, axis: number, matrix: Value): Value {
  const rank = x.shape.length
  if (rank === 1) return reshape(matmul(addAxes(x, [0]), matrix), [matrix.shape[1]])
  if (axis === rank - 1) return matmul(x, matrix)
  if (axis === rank - 2) return matmul(matrix, x, { transposeA: true })
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis)
  const mapped = matmul(transpose(x, order), matrix)
  return transpose(
    mapped,
    order.map((_, i) => order.indexOf(i)),
  )
}

/**
 * x [.., inputs] times int8 weights [inputs, outputs], each column with a scale of its own (f32 [outputs]), plus a bias
 * [outputs]. x becomes 8 bits as a whole, by the range that it has when it runs. For use on processors; it has no gradient.
 */
export function quantizedMatmul(x: Value, weight: Value, scale: Value, bias: Value): Value {
  const [inputs, outputs] = fixedShape('quantizedMatmul weight', weight)
  const isVector = ({ shape }: Value) => shape.length === 1 && shape[0] === outputs
  if (
    x.shape[x.shape.length - 1] !== inputs ||
    weight.dtype !== 'i8' ||
    !isVector(scale) ||
    !isVector(bias)
  ) {
    throw new ShapeError({
      where: 'quantizedMatmul',
      expected: 'x [.., inputs], i8 weights [inputs, outputs], scale and bias [outputs]',
      got: [x, weight, scale, bias].map((value) => `${value.dtype} ${showShape(value.shape)}`).join(', '),
    })
  }
  const zero = constant(ndarray('i8', [outputs], new Int8Array(outputs)))
  const shape = [...x.shape.slice(0, -1), outputs]
  return makeValue('quantizedMatmul', [x, weight, scale, zero, bias], {}, x.dtype, shape)
}

/** A convolution's geometry; what is left out is stride 1, no padding, no dilation, one group. */
export interface ConvOptions {
  readonly stride?: number
  readonly padding?: number
  readonly dilation?: number
  readonly groups?: number
}

function readGeometry({ stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions): ConvAttributes {
  return {
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    dilations: [dilation, dilation],
    groups,
  }
}

/** The convolution of x [N,C,H,W] with weight [O,C/groups,kh,kw] (cross-correlation), as torch's conv2d without bias. */
export function conv(x: Value, weight: Value, options: ConvOptions = {}): Value {
  const attributes = readGeometry(options)
  const [outputs, perGroup, ...kernel] = fixedShape('conv weight', weight)
  if (
    x.shape.length !== 4 ||
    x.shape[1] !== perGroup * attributes.groups ||
    outputs % attributes.groups !== 0
  ) {
    throw new ShapeError({
      where: 'conv',
      expected: `x of [N,${perGroup * attributes.groups},H,W]`,
      got: showShape(x.shape),
    })
  }
  const sides = [0, 1].map((i) => {
    const side = fixedSide('conv', x, i)
    const padded = side + attributes.pads[i] + attributes.pads[i + 2]
    const reach = attributes.dilations[i] * (kernel[i] - 1) + 1
    if (reach > padded)
      throw new ShapeError({ where: 'conv', expected: `an image of at least ${reach}`, got: `${padded}` })
    return Math.floor((padded - reach) / attributes.strides[i]) + 1
  })
  return makeValue('conv', [x, weight], attributes, x.dtype, [x.shape[0], outputs, ...sides])
}

/** The transposed convolution of x [N,C,H,W] with weight [C,O/groups,kh,kw], as torch's conv_transpose2d without bias. */
export function convTranspose(
  x: Value,
  weight: Value,
  options: ConvOptions & { readonly outputPadding?: number } = {},
): Value {
  const padding = options.outputPadding ?? 0
  return writeConvTranspose(x, weight, readGeometry(options), [padding, padding])
}

/** convTranspose with full attributes, as gradient rules need it. */
export function writeConvTranspose(
  x: Value,
  weight: Value,
  attributes: ConvAttributes,
  outputPadding: readonly [number, number],
): Value {
  const [inputs, perGroup, ...kernel] = fixedShape('convTranspose weight', weight)
  if (x.shape.length !== 4 || x.shape[1] !== inputs) {
    throw new ShapeError({
      where: 'convTranspose',
      expected: `x of [N,${inputs},H,W]`,
      got: showShape(x.shape),
    })
  }
  const sides = [0, 1].map((i) => {
    const side = fixedSide('convTranspose', x, i)
    const reach = attributes.dilations[i] * (kernel[i] - 1) + 1
    const pads = attributes.pads[i] + attributes.pads[i + 2]
    return (side - 1) * attributes.strides[i] + reach - pads + outputPadding[i]
  })
  const shape = [x.shape[0], perGroup * attributes.groups, ...sides]
  return makeValue('convTranspose', [x, weight], { ...attributes, outputPadding }, x.dtype, shape)
}

/** conv with full attributes, as gradient rules need it. */
export function writeConv(
  x: Value,
  weight: Value,
  attributes: ConvAttributes,
  sides: readonly number[],
): Value {
  return makeValue('conv', [x, weight], attributes, x.dtype, [x.shape[0], weight.shape[0], ...sides])
}

function fixedSide(where: string, x: Value, i: number): number {
  const side = x.shape[i + 2]
  if (typeof side === 'number') return side
  throw new ShapeError({ where, expected: 'an image of known height and width', got: showShape(x.shape) })
}

/**
 * The largest value under a window that moves over x [N,C,H,W], padding never chosen.
 * Equal values share the gradient.
 */
export function maxPool(x: Value, attributes: PoolAttributes): Value {
  const { kernel, strides, pads, dilations } = attributes
  const sides = [0, 1].map((i) => {
    const padded = fixedSide('maxPool', x, i) + pads[i] + pads[i + 2]
    const reach = dilations[i] * (kernel[i] - 1) + 1
    if (reach > padded)
      throw new ShapeError({ where: 'maxPool', expected: `an image of at least ${reach}`, got: `${padded}` })
    return Math.floor((padded - reach) / strides[i]) + 1
  })
  return makeValue('maxPool', [x], attributes, x.dtype, [x.shape[0], x.shape[1], ...sides])
}
