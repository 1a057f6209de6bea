// Ops that work element by element, with NumPy's broadcasting between operands.
// Each function infers the result's type and throws ShapeError where the operands do not fit.

import { type Dtype, ShapeError } from '../../base/index.ts'
import {
  makeValue,
  type Operand,
  type OpName,
  type Shape,
  type Side,
  scalar,
  showShape,
  type Value,
} from '../value.ts'

/** The shape two operands broadcast to (NumPy's rule; equal names of sides fit). Throws ShapeError. */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = sideAt(a, axis - rank + a.length)
    const right = sideAt(b, axis - rank + b.length)
    if (left === right || right === 1) return left
    if (left === 1) return right
    throw new ShapeError({
      where,
      expected: 'shapes that broadcast',
      got: `${showShape(a)} and ${showShape(b)}`,
    })
  })
}

function sideAt(shape: Shape, axis: number): Side {
  return axis < 0 ? 1 : shape[axis]
}

type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum' | 'greater' | 'equal'

function writeBinary(op: BinaryName, left: Operand, right: Operand, result?: Dtype): Value {
  const [a, b] = pairOperands(op, left, right)
  const shape = broadcastShapes(op, a.shape, b.shape)
  const [x, y] = [unexpand(op, a, b.shape, shape), unexpand(op, b, a.shape, shape)]
  const computed = broadcastShapes(op, x.shape, y.shape)
  const value = makeValue(op, [x, y], {}, result ?? a.dtype, computed)
  if (showShape(computed) === showShape(shape)) return value
  return makeValue('expand', [value], { shape: shape as readonly number[] }, value.dtype, shape)
}

// The op broadcasts by itself: an expanded operand would only be a copy to read (gradients of sums are full of
// them). With a scalar the op comes first and the expansion after it, where the next op may take it away.
function unexpand(where: string, operand: Value, other: Shape, shape: Shape): Value {
  if (operand.op !== 'expand') return operand
  const [source] = operand.inputs
  const isEnough = showShape(broadcastShapes(where, source.shape, other)) === showShape(shape)
  return isEnough || other.length === 0 ? source : operand
}

function pairOperands(where: string, left: Operand, right: Operand): [Value, Value] {
  const dtype = typeof left !== 'number' ? left.dtype : typeof right !== 'number' ? right.dtype : 'f32'
  const a = typeof left === 'number' ? scalar(left, dtype) : left
  const b = typeof right === 'number' ? scalar(right, dtype) : right
  if (a.dtype !== b.dtype) {
    throw new ShapeError({
      where,
      expected: 'operands of one dtype',
      got: `${a.dtype} and ${b.dtype}`,
      hint: 'cast one',
    })
  }
  return [a, b]
}

/** a + b. */
export const add = (a: Operand, b: Operand): Value => writeBinary('add', a, b)
/** a - b. */
export const sub = (a: Operand, b: Operand): Value => writeBinary('sub', a, b)
/** a * b. */
export const mul = (a: Operand, b: Operand): Value => writeBinary('mul', a, b)
/** a / b. */
export const div = (a: Operand, b: Operand): Value => writeBinary('div', a, b)
/** a to the power of b; differentiable in `a` only, where `b` is constant. */
export const pow = (a: Operand, b: Operand): Value => writeBinary('pow', a, b)
/** The larger of a and b; where they are equal the gradient goes to `a`. */
export const maximum = (a: Operand, b: Operand): Value => writeBinary('maximum', a, b)
/** The smaller of a and b; where they are equal the gradient goes to `a`. */
export const minimum = (a: Operand, b: Operand): Value => writeBinary('minimum', a, b)
/** a > b as bool. */
export const greater = (a: Operand, b: Operand): Value => writeBinary('greater', a, b, 'bool')
/** a == b as bool. */
export const equal = (a: Operand, b: Operand): Value => writeBinary('equal', a, b, 'bool')

/** Both of two bool values. */
export function and(a: Value, b: Value): Value {
  if (a.dtype !== 'bool' || b.dtype !== 'bool') {
    throw new ShapeError({ where: 'and', expected: 'two bools', got: `${a.dtype} and ${b.dtype}` })
  }
  return makeValue('and', [a, b], {}, 'bool', broadcastShapes('and', a.shape, b.shape))
}

type UnaryName = Extract<
  OpName,
  | 'neg'
  | 'abs'
  | 'sign'
  | 'sqrt'
  | 'exp'
  | 'log'
  | 'erf'
  | 'tanh'
  | 'sin'
  | 'cos'
  | 'floor'
  | 'round'
  | 'sigmoid'
  | 'softplus'
  | 'relu'
  | 'gelu'
>

function writeUnary(op: UnaryName, x: Value): Value {
  if (x.dtype === 'bool')
    throw new ShapeError({ where: op, expected: 'numbers', got: 'bool', hint: 'cast first' })
  return makeValue(op, [x], {}, x.dtype, x.shape)
}

/** -x. */
export const neg = (x: Value): Value => writeUnary('neg', x)
/** |x|; its gradient at 0 is 0. */
export const abs = (x: Value): Value => writeUnary('abs', x)
/** -1, 0 or 1; has no gradient. */
export const sign = (x: Value): Value => writeUnary('sign', x)
/** The square root. */
export const sqrt = (x: Value): Value => writeUnary('sqrt', x)
/** e to the power of x. */
export const exp = (x: Value): Value => writeUnary('exp', x)
/** The natural logarithm. */
export const log = (x: Value): Value => writeUnary('log', x)
/** The error function (f32 only in ONNX Runtime). */
export const erf = (x: Value): Value => writeUnary('erf', x)
/** The hyperbolic tangent. */
export const tanh = (x: Value): Value => writeUnary('tanh', x)
/** The sine of an angle in radians. */
export const sin = (x: Value): Value => writeUnary('sin', x)
/** The cosine of an angle in radians. */
export const cos = (x: Value): Value => writeUnary('cos', x)
/** The largest whole number not above x; has no gradient. */
export const floor = (x: Value): Value => writeUnary('floor', x)
/** The nearest whole number, a half going to the even one; has no gradient. */
export const round = (x: Value): Value => writeUnary('round', x)
/** 1 / (1 + e^-x). */
export const sigmoid = (x: Value): Value => writeUnary('sigmoid', x)
/** log(1 + e^x), without overflow. */
export const softplus = (x: Value): Value => writeUnary('softplus', x)
/** max(x, 0); its gradient at 0 is 0. */
export const relu = (x: Value): Value => writeUnary('relu', x)
/** x (1 + erf(x / sqrt 2)) / 2 (Hendrycks & Gimpel 2016), exact; f32 only in ONNX Runtime. */
export const gelu = (x: Value): Value => writeUnary('gelu', x)

/** x where x > 0, else slope * x. */
export function leakyRelu(x: Value, slope: number): Value {
  return makeValue('leakyRelu', [x], { slope }, x.dtype, x.shape)
}

/** x * x. */
export function square(x: Value): Value {
  return mul(x, x)
}

/** `yes` where `condition` (bool) holds, else `no`. */
export function where(condition: Value, yes: Operand, no: Operand): Value {
  const [a, b] = pairOperands('where', yes, no)
  if (condition.dtype !== 'bool')
    throw new ShapeError({ where: 'where', expected: 'a bool condition', got: condition.dtype })
  const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', a.shape, b.shape))
  return makeValue('where', [condition, a, b], {}, a.dtype, shape)
}

/** x as another dtype; bool gives 0 and 1. */
export function cast(x: Value, to: Dtype): Value {
  return x.dtype === to ? x : makeValue('cast', [x], { to }, to, x.shape)
}

/** x itself, through which no gradient flows: what depends on it takes it for a constant. */
export function stopGradient(x: Value): Value {
  return makeValue('stopGradient', [x], {}, x.dtype, x.shape)
}
