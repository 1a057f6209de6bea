// For each op of the graph: ways to write it on inputs of varied shapes.

import fc from 'fast-check'
import { type Dtype, type NdArray, ndarray, openRandom } from '../../src/base/index.ts'
import * as g from '../../src/graph/index.ts'
import type { OpName } from '../../src/graph/value.ts'

type Real = 'f32' | 'f64'

/** One way to write an op: the shapes of its inputs, where they may lie, and the op itself. */
export interface Case {
  readonly shapes: readonly (readonly number[])[]
  readonly write: (...inputs: g.Value[]) => g.Value
  readonly low?: number
  readonly high?: number
  /** f64 unless ONNX Runtime has no double kernel for it. */
  readonly dtype?: Real
  /** Keeps every value this far from 0 and from each other, where the op has a kink there. */
  readonly gap?: number
}

const side = fc.integer({ min: 1, max: 4 })
const shape = (rank: number) => fc.array(side, { minLength: rank, maxLength: rank })
const anyShape = fc.integer({ min: 1, max: 3 }).chain(shape)

// A shape, and one that broadcasts to it: some sides 1, some leading sides missing.
const broadcastPair = fc
  .tuple(
    anyShape,
    fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    fc.integer({ min: 0, max: 3 }),
    fc.boolean(),
  )
  .map(([full, ones, drop, swap]) => {
    const thin = full.map((s, i) => (ones[i] ? 1 : s)).slice(Math.min(drop, full.length))
    return swap ? [thin, full] : [full, thin]
  })

const unary = (write: (x: g.Value) => g.Value, options: Partial<Case> = {}) =>
  anyShape.map((one): Case => ({ shapes: [one], write, ...options }))
const binary = (write: (a: g.Value, b: g.Value) => g.Value, options: Partial<Case> = {}) =>
  broadcastPair.map((shapes): Case => ({ shapes, write, ...options }))
const reduction = (write: (x: g.Value, options: g.ReduceOptions) => g.Value, options: Partial<Case> = {}) =>
  fc.tuple(anyShape, fc.integer({ min: 0, max: 2 }), fc.boolean(), fc.boolean()).map(
    ([one, axis, keep, all]): Case => ({
      shapes: [one],
      write: (x) => write(x, { axes: all ? undefined : [axis % one.length], keep }),
      ...options,
    }),
  )
const axisOf = (one: readonly number[], seed: number) => seed % one.length
const apart = { gap: 0.02 }

// ONNX Runtime 1.30 has float kernels only for these.
const single = { dtype: 'f32' } as const

const matmulCase = fc
  .tuple(side, side, side, fc.boolean(), fc.boolean(), fc.constantFrom('none', 'both', 'left', 'right'))
  .map(([m, k, n, transposeA, transposeB, stack]): Case => {
    const a = transposeA ? [k, m] : [m, k]
    const b = transposeB ? [n, k] : [k, n]
    const left = stack === 'both' || stack === 'left' ? [2, ...a] : a
    const right = stack === 'both' || stack === 'right' ? [2, ...b] : b
    return { shapes: [left, right], write: (x, y) => g.matmul(x, y, { transposeA, transposeB }), ...single }
  })

const geometry = fc.record({
  stride: fc.integer({ min: 1, max: 2 }),
  padding: fc.integer({ min: 0, max: 1 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  groups: fc.integer({ min: 1, max: 2 }),
})

export const cases: { readonly [O in OpName]?: fc.Arbitrary<Case> } = {
  add: binary(g.add),
  sub: binary(g.sub),
  mul: fc.oneof(binary(g.mul), unary(g.square)),
  div: binary(g.div, { low: 0.5, high: 2 }),
  pow: fc.oneof(
    binary(g.pow, { low: 0.5, high: 2 }),
    unary((x) => g.pow(x, 3)),
  ),
  maximum: binary(g.maximum, apart),
  minimum: binary(g.minimum, apart),
  neg: unary(g.neg),
  abs: unary(g.abs, apart),
  sqrt: unary(g.sqrt, { low: 0.5, high: 2 }),
  exp: unary(g.exp),
  log: unary(g.log, { low: 0.5, high: 2 }),
  erf: unary(g.erf, single),
  tanh: unary(g.tanh),
  sin: unary(g.sin, single),
  cos: unary(g.cos, single),
  sigmoid: unary(g.sigmoid),
  softplus: unary(g.softplus),
  relu: unary(g.relu, apart),
  leakyRelu: unary((x) => g.leakyRelu(x, 0.2), { ...single, ...apart }),
  where: broadcastPair.map(
    (shapes): Case => ({ shapes, write: (a, b) => g.where(g.greater(a, b), a, g.mul(b, 2)), ...apart }),
  ),
  cast: unary((x) => g.cast(g.cast(x, 'f32'), x.dtype), single),
  reduceSum: reduction(g.reduceSum),
  reduceMean: reduction(g.reduceMean),
  reduceMax: reduction(g.reduceMax, apart),
  gelu: unary(g.gelu, { low: -3, high: 3, ...single }),
  layerNorm: anyShape.map(
    (one): Case => ({
      shapes: [one, one.slice(-1), one.slice(-1)],
      write: (x, weight, bias) => g.layerNorm(x, weight, bias, 0.1),
    }),
  ),
  softmax: fc
    .tuple(anyShape, fc.nat(2))
    .map(([one, i]): Case => ({ shapes: [one], write: (x) => g.softmax(x, axisOf(one, i)) })),
  reshape: anyShape.map((one): Case => ({ shapes: [one], write: (x) => g.reshape(x, [-1, one[0]]) })),
  transpose: fc
    .tuple(shape(3), fc.constantFrom([0, 2, 1], [2, 0, 1], [1, 2, 0], [2, 1, 0]))
    .map(([one, order]): Case => ({ shapes: [one], write: (x) => g.transpose(x, order) })),
  expand: fc
    .tuple(side, side, side)
    .map(([a, b, c]): Case => ({ shapes: [[a, 1]], write: (x) => g.expand(x, [c, a, b]) })),
  concat: fc.tuple(shape(3), side, fc.nat(2)).map(([one, other, i]): Case => {
    const second = one.with(i, other)
    return { shapes: [one, second], write: (a, b) => g.concat([a, b, a], i) }
  }),
  slice: fc
    .tuple(shape(3), fc.nat(2), fc.nat(3), fc.integer({ min: 1, max: 3 }))
    .map(([one, i, start, stride]): Case => {
      const size = one[i] + 2
      const from = start % size
      return {
        shapes: [one.with(i, size)],
        write: (x) => g.slice(x, i, from, size - (from < size - 1 ? 1 : 0), stride),
      }
    }),
  pad: fc
    .tuple(
      shape(3),
      fc.constantFrom('constant', 'reflect', 'edge'),
      fc.array(fc.nat(1), { minLength: 6, maxLength: 6 }),
    )
    .map(
      ([one, mode, sizes]): Case => ({
        shapes: [one.map((s) => s + 1)],
        write: (x) => g.pad(x, sizes.slice(0, 3), sizes.slice(3), mode),
        ...single,
      }),
    ),
  gather: fc
    .tuple(shape(3), fc.nat(2), fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }))
    .map(([one, i, list]): Case => {
      const indices = BigInt64Array.from(list.map((index) => BigInt(index % one[i])))
      const sides = [[indices.length], [indices.length, 1], [1, indices.length, 1]][indices.length % 3]
      return {
        shapes: [one],
        write: (x) => g.gather(x, g.constant(ndarray('i64', sides, indices)), i),
        ...single,
      }
    }),
  matmul: matmulCase,
  maxPool: fc
    .tuple(side, geometry, fc.constantFrom([1, 1], [2, 2], [3, 2], [2, 3]))
    .map(([channels, { stride, padding, dilation }, kernel]): Case => {
      const pads = [padding, 0, padding, padding].map((size) => Math.min(size, Math.min(...kernel) - 1))
      return {
        shapes: [[2, channels, 6, 5]],
        write: (x) =>
          g.maxPool(x, {
            kernel: kernel as [number, number],
            strides: [stride, 2],
            dilations: [dilation, 1],
            pads: pads as [number, number, number, number],
          }),
        ...single,
        ...apart,
      }
    }),
  conv: fc.tuple(geometry, side, side).map(([options, c, o]): Case => {
    const { groups } = options
    const write = (x: g.Value, w: g.Value) => g.conv(x, w, options)
    return {
      shapes: [
        [2, c * groups, 5, 6],
        [o * groups, c, 3, 2],
      ],
      write,
      ...single,
    }
  }),
  convTranspose: fc.tuple(geometry, side, side, fc.boolean()).map(([options, c, o, more]): Case => {
    const { groups, stride } = options
    const outputPadding = more && stride > 1 ? 1 : 0
    const write = (x: g.Value, w: g.Value) => g.convTranspose(x, w, { ...options, outputPadding })
    return {
      shapes: [
        [2, c * groups, 3, 4],
        [c * groups, o, 3, 2],
      ],
      write,
      ...single,
    }
  }),
}

/** An array of `values`. */
export function make(dtype: Dtype, sides: readonly number[], values: ArrayLike<number>): NdArray {
  return dtype === 'f64'
    ? ndarray('f64', sides, Float64Array.from(values))
    : ndarray('f32', sides, Float32Array.from(values))
}

// Values in [low, high]; with a gap, all distinct multiples of it and never 0.
export function drawValues(
  { low = -1, high = 1, gap }: Case,
  sizes: readonly number[],
  seed: number,
): number[][] {
  const random = openRandom(seed, 'values')
  if (!gap)
    return sizes.map((size) => Array.from({ length: size }, () => low + (high - low) * random.uniform()))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const order = random.permutation(total)
  const all = Array.from(order, (rank) => (rank - total / 2 + 0.25) * gap * 2)
  let start = 0
  return sizes.map((size) => all.slice(start, (start += size)))
}
