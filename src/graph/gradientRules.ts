// The derivative of every op, as a graph of ordinary ops: one rule an op, in a table the compiler completes.
// A rule gets the gradient of the op's result and gives the gradient of each input, or null where none is
// wanted. An op without a derivative says why. Convolutions have their rules in convolutionRules.ts.

import { type Dtype, f32, ndarray, sizeOf } from '../base/index.ts'
import { gradConv, gradConvTranspose } from './convolutionRules.ts'
import * as ops from './ops/index.ts'
import { padPositions } from './padPositions.ts'
import { constant, fixedShape, type OpAttributes, type OpName, type Shape, type Value } from './value.ts'
import { gradMaxPool, gradSlice } from './windowRules.ts'

/** Gradient of the result -> gradients of the inputs. */
export type GradientRule<O extends OpName> = (
  grad: Value,
  value: Value & { readonly attributes: OpAttributes[O] },
) => readonly (Value | null)[]

const { sub, mul, div, neg, where, greater, matmul, reduceSum } = ops

/** One rule an op; a text says why an op has none. */
export const gradientRules = {
  input: 'none: an input is a leaf',
  constant: 'none: a constant is a leaf',

  add: (g, { inputs: [a, b] }) => [sumTo(g, a.shape), sumTo(g, b.shape)],
  sub: (g, { inputs: [a, b] }) => [sumTo(g, a.shape), negateTo(g, b.shape)],
  mul: (g, { inputs: [a, b] }) =>
    a === b ? [mul(mul(g, 2), a), null] : [sumTo(mul(g, b), a.shape), sumTo(mul(g, a), b.shape)],
  div: (g, value) => {
    const [a, b] = value.inputs
    const left = div(g, b)
    return [sumTo(left, a.shape), negateTo(mul(left, value), b.shape)]
  },
  pow: (g, value) => {
    const [a, b] = value.inputs
    const base = mul(g, mul(b, ops.pow(a, sub(b, 1))))
    const exponent = b.op === 'constant' ? null : sumTo(mul(g, mul(value, ops.log(a))), b.shape)
    return [sumTo(base, a.shape), exponent]
  },
  maximum: (g, { inputs: [a, b] }) => choose(g, greater(b, a), b, a),
  minimum: (g, { inputs: [a, b] }) => choose(g, greater(a, b), b, a),
  neg: (g) => [neg(g)],
  abs: (g, { inputs: [x] }) => [mul(g, ops.sign(x))],
  sign: 'none: its derivative is 0 wherever it exists',
  sqrt: (g, value) => [div(mul(g, 0.5), value)],
  exp: (g, value) => [mul(g, value)],
  log: (g, { inputs: [x] }) => [div(g, x)],
  erf: (g, { inputs: [x] }) => [mul(g, mul(ops.exp(neg(ops.square(x))), 2 / Math.sqrt(Math.PI)))],
  tanh: (g, value) => [mul(g, sub(1, ops.square(value)))],
  sin: (g, { inputs: [x] }) => [mul(g, ops.cos(x))],
  cos: (g, { inputs: [x] }) => [neg(mul(g, ops.sin(x)))],
  floor: 'none: its derivative is 0 wherever it exists',
  round: 'none: its derivative is 0 wherever it exists',
  sigmoid: (g, value) => [mul(g, mul(value, sub(1, value)))],
  softplus: (g, { inputs: [x] }) => [mul(g, ops.sigmoid(x))],
  relu: (g, value) => [mul(g, ops.sign(value))],
  leakyRelu: (g, value) => [where(greater(value.inputs[0], 0), g, mul(g, value.attributes.slope))],
  // Phi(x) + x phi(x), with the normal distribution's Phi and its density phi
  gelu: (g, { inputs: [x] }) => {
    const cumulative = mul(ops.add(ops.erf(mul(x, Math.SQRT1_2)), 1), 0.5)
    const density = mul(ops.exp(mul(ops.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return [mul(g, ops.add(cumulative, mul(x, density)))]
  },
  greater: 'none: its result is bool',
  equal: 'none: its result is bool',
  and: 'none: its result is bool',
  where: (g, { inputs: [condition, a, b] }) => {
    const [left, right] = [where(condition, g, 0), where(condition, 0, g)]
    return [null, sumTo(left, a.shape), sumTo(right, b.shape)]
  },
  stopGradient: () => [null],
  cast: (g, { inputs: [x] }) => [isReal(x.dtype) ? ops.cast(g, x.dtype) : null],

  reduceSum: (g, { inputs: [x], attributes }) => [spread(g, x, attributes.axes)],
  reduceMean: (g, { inputs: [x], attributes }) => {
    const count = sizeOf(attributes.axes.map((axis) => fixedShape('gradient of reduceMean', x)[axis]))
    return [spread(mul(g, 1 / count), x, attributes.axes)]
  },
  reduceMax: (g, value) => {
    const [x] = value.inputs
    const { axes } = value.attributes
    const largest = ops.cast(ops.equal(x, keepAxes(value, x, axes)), x.dtype)
    const share = div(largest, reduceSum(largest, { axes, keep: true }))
    return [mul(share, keepAxes(g, x, axes))]
  },
  softmax: (g, value) => {
    const sum = reduceSum(mul(g, value), { axes: [value.attributes.axis], keep: true })
    return [mul(value, sub(g, sum))]
  },
  largest: 'none: which values it takes changes in jumps',
  layerNorm: (g, { inputs: [x, weight, bias], attributes }) => {
    const row = { axes: [x.shape.length - 1], keep: true }
    const centred = sub(x, ops.reduceMean(x, row))
    const deviation = ops.sqrt(ops.add(ops.reduceMean(ops.square(centred), row), attributes.epsilon))
    const normal = div(centred, deviation)
    const inner = mul(g, weight)
    const along = mul(normal, ops.reduceMean(mul(inner, normal), row))
    const left = div(sub(sub(inner, ops.reduceMean(inner, row)), along), deviation)
    return [left, sumTo(mul(g, normal), weight.shape), sumTo(g, bias.shape)]
  },

  reshape: (g, { inputs: [x] }) => [ops.reshape(g, x.shape)],
  transpose: (g, { attributes: { permutation } }) => [
    ops.transpose(
      g,
      permutation.map((_, i) => permutation.indexOf(i)),
    ),
  ],
  expand: (g, { inputs: [x] }) => [sumTo(g, x.shape)],
  concat: (g, { inputs, attributes: { axis } }) =>
    ops.split(
      g,
      axis,
      inputs.map((part) => part.shape[axis] as number),
    ),
  slice: (g, { inputs: [x], attributes }) => [gradSlice(g, x, attributes)],
  pad: (g, { inputs: [x], attributes }) => [gradPad(g, x, attributes)],
  gather: (g, { inputs: [x, indices], attributes: { axis } }) => [gradGather(g, x, indices, axis), null],

  maxPool: (g, value) => [gradMaxPool(g, value, value.attributes)],
  matmul: (g, { inputs: [a, b], attributes }) => gradMatmul(g, a, b, attributes),
  gemm: 'none: it is written after gradients are taken',
  quantizedMatmul: 'none: rounded weights are for use, not for training',
  conv: (g, { inputs: [x, weight], attributes }) => gradConv(g, x, weight, attributes),
  convTranspose: (g, { inputs: [x, weight], attributes }) => gradConvTranspose(g, x, weight, attributes),
} satisfies { readonly [O in OpName]: GradientRule<O> | `none: ${string}` }

function isReal(dtype: Dtype): boolean {
  return dtype === 'f32' || dtype === 'f64'
}

/** Sums a gradient over the axes along which its input was broadcast. */
export function sumTo(grad: Value, shape: Shape): Value {
  const extra = grad.shape.length - shape.length
  const axes = grad.shape.flatMap((side, axis) =>
    axis < extra || (shape[axis - extra] === 1 && side !== 1) ? [axis] : [],
  )
  if (axes.length === 0) return grad
  const kept = reduceSum(grad, { axes, keep: false })
  return kept.shape.length === shape.length ? kept : ops.reshape(kept, shape)
}

// Sums first: a bias is far smaller than what it is added to.
function negateTo(grad: Value, shape: Shape): Value {
  return neg(sumTo(grad, shape))
}

function choose(grad: Value, second: Value, b: Value, a: Value): Value[] {
  return [sumTo(where(second, 0, grad), a.shape), sumTo(where(second, grad, 0), b.shape)]
}

function keepAxes(reduced: Value, x: Value, axes: readonly number[]): Value {
  if (reduced.shape.length === x.shape.length) return reduced
  return ops.reshape(
    reduced,
    x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side)),
  )
}

function spread(grad: Value, x: Value, axes: readonly number[]): Value {
  return ops.expand(keepAxes(grad, x, axes), fixedShape('gradient of a reduction', x))
}

function gradMatmul(
  g: Value,
  a: Value,
  b: Value,
  { transposeA, transposeB }: OpAttributes['matmul'],
): Value[] {
  // A stack of rows times one matrix is one product of all rows: far faster than a product a stack and a sum.
  if (a.shape.length > 2 && b.shape.length === 2 && !transposeA) {
    const rows = (x: Value) => ops.reshape(x, [-1, x.shape[x.shape.length - 1]])
    const [left, right] = gradMatmul(rows(g), rows(a), b, { transposeA, transposeB })
    return [ops.reshape(left, a.shape), right]
  }
  const left = transposeA
    ? matmul(b, g, { transposeA: transposeB, transposeB: true })
    : matmul(g, b, { transposeB: !transposeB })
  const right = transposeB
    ? matmul(g, a, { transposeA: true, transposeB: transposeA })
    : matmul(a, g, { transposeA: !transposeA })
  return [sumTo(left, a.shape), sumTo(right, b.shape)]
}

function gradPad(g: Value, x: Value, { before, after, mode }: OpAttributes['pad']): Value {
  return x.shape.reduce<Value>((grad, side, axis) => {
    if (before[axis] + after[axis] === 0) return grad
    const size = side as number
    if (mode === 'constant') return ops.slice(grad, axis, before[axis], before[axis] + size)
    return ops.mapAxis(grad, axis, paddingMatrix(size, before[axis], after[axis], mode, g.dtype))
  }, g)
}

// Row p says which of the `size` elements is read at padded position p.
function paddingMatrix(
  size: number,
  before: number,
  after: number,
  mode: 'reflect' | 'edge',
  dtype: Dtype,
): Value {
  const positions = padPositions(size, before, after, mode)
  const data = new Float32Array(positions.length * size)
  positions.forEach((position, row) => {
    data[row * size + position!] = 1
  })
  return ops.cast(constant(f32([positions.length, size], data)), dtype)
}

// The sum over equal indices as a product with their one-hot matrix: no scatter, so the order is fixed.
function gradGather(g: Value, x: Value, indices: Value, axis: number): Value {
  const size = fixedShape('gradient of gather', x)[axis]
  const count = sizeOf(fixedShape('gradient of gather', indices))
  const rows = ops.reshape(g, [...x.shape.slice(0, axis), count, ...x.shape.slice(axis + 1)])
  const positions = BigInt64Array.from({ length: size }, (_, i) => BigInt(i))
  const column = ops.reshape(indices, [count, 1])
  const oneHot = ops.equal(column, constant(ndarray('i64', [1, size], positions)))
  return ops.mapAxis(rows, axis, ops.cast(oneHot, g.dtype))
}
