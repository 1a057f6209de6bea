// The nodes of a graph: typed values with known shapes, made by the functions in ops/ and never changed.
// A side of a shape is a number, or a name for a side that is only known when the graph runs (a batch).

import { type Dtype, type NdArray, ndarray, ShapeError } from '../base/index.ts'

/** One side of a shape: a length, or a name such as `rows` for a length known at run time. */
export type Side = number | string

/** A shape whose sides may be named. */
export type Shape = readonly Side[]

type Nothing = Record<never, never>

/** What each op carries beside its inputs; the keys are the names of all ops. */
export interface OpAttributes {
  input: { readonly name: string }
  constant: { readonly array: NdArray }
  // element by element
  add: Nothing
  sub: Nothing
  mul: Nothing
  div: Nothing
  pow: Nothing
  maximum: Nothing
  minimum: Nothing
  neg: Nothing
  abs: Nothing
  sign: Nothing
  sqrt: Nothing
  exp: Nothing
  log: Nothing
  erf: Nothing
  tanh: Nothing
  sin: Nothing
  cos: Nothing
  floor: Nothing
  round: Nothing
  sigmoid: Nothing
  softplus: Nothing
  relu: Nothing
  leakyRelu: { readonly slope: number }
  gelu: Nothing
  greater: Nothing
  equal: Nothing
  and: Nothing
  where: Nothing
  cast: { readonly to: Dtype }
  stopGradient: Nothing
  // sums along axes
  reduceSum: { readonly axes: readonly number[]; readonly keep: boolean }
  reduceMean: { readonly axes: readonly number[]; readonly keep: boolean }
  reduceMax: { readonly axes: readonly number[]; readonly keep: boolean }
  softmax: { readonly axis: number }
  largest: { readonly count: number; readonly gives: 'values' | 'indices' }
  layerNorm: { readonly epsilon: number }
  // moving elements
  reshape: { readonly shape: Shape }
  transpose: { readonly permutation: readonly number[] }
  expand: { readonly shape: readonly number[] }
  concat: { readonly axis: number }
  slice: {
    readonly axis: number
    readonly start: number
    readonly end: number
    readonly stride: number
  }
  pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly mode: PadMode }
  gather: { readonly axis: number }
  // products
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean }
  /** scale * A B + bias (an optional third input); written by simplify only. */
  gemm: { readonly transposeA: boolean; readonly transposeB: boolean; readonly scale: number }
  /** x W of int8 weights; x is quantised as a whole, when it runs. */
  quantizedMatmul: Nothing
  conv: ConvAttributes
  maxPool: PoolAttributes
  convTranspose: ConvAttributes & { readonly outputPadding: readonly number[] }
}

/** The name of an op. */
export type OpName = keyof OpAttributes

/** How a pad op fills: with zeros, with the mirrored inside, or with the edge. */
export type PadMode = 'constant' | 'reflect' | 'edge'

/** What a convolution over NCHW carries; pads are top, left, bottom, right. */
export interface ConvAttributes {
  readonly strides: readonly [number, number]
  readonly pads: readonly [number, number, number, number]
  readonly dilations: readonly [number, number]
  readonly groups: number
}

/** What a pooling over NCHW carries; pads are top, left, bottom, right. */
export interface PoolAttributes extends Omit<ConvAttributes, 'groups'> {
  readonly kernel: readonly [number, number]
}

/** A value in a graph: what op makes it, from which values, and its type. */
export interface Value<O extends OpName = OpName> {
  readonly op: O
  readonly inputs: readonly Value[]
  readonly attributes: OpAttributes[O]
  readonly dtype: Dtype
  readonly shape: Shape
}

/** A value, or a number that stands for a scalar of the other operand's dtype. */
export type Operand = Value | number

/** Makes a value; only ops call this, after they have checked their inputs. */
export function makeValue<O extends OpName>(
  op: O,
  inputs: readonly Value[],
  attributes: OpAttributes[O],
  dtype: Dtype,
  shape: Shape,
): Value<O> {
  return { op, inputs, attributes, dtype, shape }
}

/** An input of the graph, fed by name at each run. */
export function input(name: string, shape: Shape, dtype: Dtype = 'f32'): Value {
  return makeValue('input', [], { name }, dtype, shape)
}

/** A fixed array. */
export function constant(array: NdArray): Value {
  return makeValue('constant', [], { array }, array.dtype, array.shape)
}

/** A fixed scalar (shape `[]`). */
export function scalar(value: number, dtype: Dtype = 'f32'): Value {
  if (dtype === 'i64') return constant(ndarray('i64', [], BigInt64Array.of(BigInt(value))))
  if (dtype === 'i32') return constant(ndarray('i32', [], Int32Array.of(value)))
  if (dtype === 'f64') return constant(ndarray('f64', [], Float64Array.of(value)))
  if (dtype === 'f32') return constant(ndarray('f32', [], Float32Array.of(value)))
  return constant(ndarray(dtype, [], Uint8Array.of(value)))
}

/** The shape as numbers. Throws ShapeError where a side is only known at run time. */
export function fixedShape(where: string, value: Value): readonly number[] {
  if (value.shape.every((side) => typeof side === 'number')) return value.shape as readonly number[]
  throw new ShapeError({
    where,
    expected: 'a shape known when the graph is written',
    got: showShape(value.shape),
    hint: 'give the batch size as a number',
  })
}

/** `side` times a whole number: `64*rows` for a named one. */
export function multiplySide(side: Side, factor: number): Side {
  if (typeof side === 'number') return side * factor
  const { size, name } = splitSide(side)
  return size * factor === 1 ? name : `${size * factor}*${name}`
}

/** A named side as a factor and a name. */
export function splitSide(side: string): { size: number; name: string } {
  const [, factor, name] = /^(?:(\d+)\*)?(.*)$/.exec(side)!
  return { size: Number(factor ?? 1), name }
}

/** `[2,3,rows]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(',')}]`
}

/** The axis counted from the front. Throws ShapeError where `rank` has no such axis. */
export function frontAxis(where: string, axis: number, rank: number): number {
  const front = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || front < 0 || front >= rank) {
    throw new ShapeError({ where, expected: `an axis of ${rank} dimensions`, got: `${axis}` })
  }
  return front
}
