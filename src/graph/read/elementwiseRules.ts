// Reading ONNX ops that work element by element.

import * as ops from '../ops/index.ts'
import { scalar, type Value } from '../value.ts'
import { dtypeOf } from './fold.ts'
import type { OpenNode } from './node.ts'
import type { ReadRule, ReadRules } from './rule.ts'

const unary =
  (write: (x: Value) => Value): ReadRule =>
  (node) =>
    write(node.value(0))

const binary =
  (write: (a: Value, b: Value) => Value): ReadRule =>
  (node) =>
    write(node.value(0), node.value(1))

// Sum, Max and their like take any number of inputs.
const chain =
  (write: (a: Value, b: Value) => Value): ReadRule =>
  (node) =>
    Array.from({ length: node.arity }, (_, i) => node.value(i)).reduce(write)

const not = (x: Value) => ops.equal(x, 0)
const clip = (x: Value, low: number, high: number) => ops.minimum(ops.maximum(x, low), high)

/** Rules for element-wise ops. */
export const elementwiseRules: ReadRules = {
  Identity: unary((x) => x),
  Dropout: unary((x) => x),
  Add: binary(ops.add),
  Sub: binary(ops.sub),
  Mul: binary(ops.mul),
  Div: binary(ops.div),
  Pow: readPow,
  Max: chain(ops.maximum),
  Min: chain(ops.minimum),
  Sum: chain(ops.add),
  Mean: (node) => ops.div(chain(ops.add)(node) as Value, node.arity),
  Neg: unary(ops.neg),
  Abs: unary(ops.abs),
  Sign: unary(ops.sign),
  Sqrt: unary(ops.sqrt),
  Reciprocal: unary((x) => ops.div(1, x)),
  Exp: unary(ops.exp),
  Log: unary(ops.log),
  Sin: unary(ops.sin),
  Cos: unary(ops.cos),
  Erf: unary(ops.erf),
  Floor: unary(ops.floor),
  Ceil: unary((x) => ops.neg(ops.floor(ops.neg(x)))),
  Round: unary(ops.round),
  Tanh: unary(ops.tanh),
  Sigmoid: unary(ops.sigmoid),
  HardSigmoid: (node) =>
    clip(ops.add(ops.mul(node.value(0), node.float('alpha', 0.2)), node.float('beta', 0.5)), 0, 1),
  HardSwish: unary((x) => ops.mul(x, clip(ops.add(ops.mul(x, 1 / 6), 0.5), 0, 1))),
  Softplus: unary(ops.softplus),
  Mish: unary((x) => ops.mul(x, ops.tanh(ops.softplus(x)))),
  Relu: unary(ops.relu),
  LeakyRelu: (node) => ops.leakyRelu(node.value(0), node.float('alpha', 0.01)),
  PRelu: binary((x, slope) => ops.where(ops.greater(x, 0), x, ops.mul(x, slope))),
  Elu: (node) => writeElu(node.value(0), node.float('alpha', 1), 1),
  Selu: (node) =>
    writeElu(node.value(0), node.float('alpha', 1.6732632423543772), node.float('gamma', 1.0507009873554805)),
  Gelu: (node) => (node.string('approximate', 'none') === 'tanh' ? writeTanhGelu : ops.gelu)(node.value(0)),
  'com.microsoft.Gelu': unary(ops.gelu),
  'com.microsoft.FastGelu': (node) =>
    writeTanhGelu(node.has(1) ? ops.add(node.value(0), node.value(1)) : node.value(0)),
  'com.microsoft.QuickGelu': (node) => {
    const x = node.value(0)
    return ops.mul(x, ops.sigmoid(ops.mul(x, node.float('alpha', 1.702))))
  },
  Greater: binary(ops.greater),
  Less: binary((a, b) => ops.greater(b, a)),
  GreaterOrEqual: binary((a, b) => not(ops.greater(b, a))),
  LessOrEqual: binary((a, b) => not(ops.greater(a, b))),
  Equal: binary(ops.equal),
  Not: unary(not),
  And: binary(ops.and),
  Or: binary((a, b) => not(ops.and(not(a), not(b)))),
  Where: (node) => ops.where(node.value(0), node.value(1), node.value(2)),
  Clip: readClip,
  Cast: (node) => {
    const to = dtypeOf(node.int('to'))
    if (!to) throw node.refuse('float32, float64, int32, int64, uint8 or bool', `data type ${node.int('to')}`)
    return ops.cast(node.value(0), to)
  },
  CastLike: (node) => ops.cast(node.value(0), node.value(1).dtype),
}

// The exponent may be of another dtype than the base.
function readPow(node: OpenNode): Value {
  const [base, exponent] = [node.value(0), node.value(1)]
  const known = node.known(1)
  // A square as a product: its gradient holds for negative numbers too, and it is faster.
  if (known?.items.length === 1 && known.items[0] === 2) return ops.square(base)
  return ops.pow(base, ops.cast(exponent, base.dtype))
}

function readClip(node: OpenNode): Value {
  const x = node.value(0)
  const bound = (i: number, name: string) => {
    if (node.opset >= 11) return node.has(i) ? node.value(i) : null
    const limit = node.float(name, Number.NaN)
    return Number.isNaN(limit) ? null : scalar(limit, x.dtype)
  }
  const [low, high] = [bound(1, 'min'), bound(2, 'max')]
  const raised = low ? ops.maximum(x, low) : x
  return high ? ops.minimum(raised, high) : raised
}

function writeElu(x: Value, alpha: number, gamma: number): Value {
  const below = ops.mul(ops.sub(ops.exp(ops.minimum(x, 0)), 1), alpha)
  const elu = ops.where(ops.greater(x, 0), x, below)
  return gamma === 1 ? elu : ops.mul(elu, gamma)
}

function writeTanhGelu(x: Value): Value {
  const cubic = ops.add(x, ops.mul(ops.mul(ops.square(x), x), 0.044715))
  return ops.mul(ops.mul(x, 0.5), ops.add(ops.tanh(ops.mul(cubic, Math.sqrt(2 / Math.PI))), 1))
}
