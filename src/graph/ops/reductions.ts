// Ops that sum, average or compare along axes, and those that normalise along one: softmax, layerNorm.

import { ShapeError } from '../../base/index.ts'
import { frontAxis, makeValue, type Shape, showShape, type Value } from '../value.ts'

/** Which axes a reduction runs over (all where not given), and whether they stay as sides of 1. */
export interface ReduceOptions {
  readonly axes?: readonly number[]
  readonly keep?: boolean
}

function writeReduction(
  op: 'reduceSum' | 'reduceMean' | 'reduceMax',
  x: Value,
  options: ReduceOptions,
): Value {
  const given = options.axes ?? x.shape.map((_, axis) => axis)
  const axes = given.map((axis) => frontAxis(op, axis, x.shape.length)).sort((a, b) => a - b)
  if (new Set(axes).size !== axes.length)
    throw new ShapeError({ where: op, expected: 'each axis once', got: `${axes}` })
  const keep = options.keep ?? false
  if (axes.length === 0) return x // ONNX reads an empty list as "all axes"
  return makeValue(op, [x], { axes, keep }, x.dtype, reduceShape(x.shape, axes, keep))
}

function reduceShape(shape: Shape, axes: readonly number[], keep: boolean): Shape {
  if (keep) return shape.map((side, axis) => (axes.includes(axis) ? 1 : side))
  return shape.filter((_, axis) => !axes.includes(axis))
}

/** The sum over `axes`. */
export function reduceSum(x: Value, options: ReduceOptions = {}): Value {
  return writeReduction('reduceSum', x, options)
}

/** The mean over `axes`. */
export function reduceMean(x: Value, options: ReduceOptions = {}): Value {
  return writeReduction('reduceMean', x, options)
}

/** The largest value over `axes`; equal values share the gradient. */
export function reduceMax(x: Value, options: ReduceOptions = {}): Value {
  return writeReduction('reduceMax', x, options)
}

/**
 * The `count` largest values along the last axis, falling, or (`indices`, i64) where they are; of equals the first ones
 * come first.
 */
export function largest(x: Value, count: number, gives: 'values' | 'indices' = 'values'): Value {
  const side = x.shape[frontAxis('largest', -1, x.shape.length)]
  if (!Number.isInteger(count) || count < 1 || (typeof side === 'number' && count > side)) {
    throw new ShapeError({ where: 'largest', expected: `1 to ${side} values`, got: `${count}` })
  }
  const shape = x.shape.with(-1, count)
  return makeValue('largest', [x], { count, gives }, gives === 'values' ? x.dtype : 'i64', shape)
}

/** e^x / sum(e^x) along `axis`, without overflow. */
export function softmax(x: Value, axis = -1): Value {
  return makeValue('softmax', [x], { axis: frontAxis('softmax', axis, x.shape.length) }, x.dtype, x.shape)
}

/**
 * Each row along the last axis shifted to mean 0 and scaled to variance 1, then times `weight` plus `bias`, both
 * [columns] (Ba, Kiros & Hinton 2016); `epsilon` is added to the variance.
 */
export function layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value {
  const columns = x.shape[frontAxis('layerNorm', -1, x.shape.length)]
  for (const { shape } of [weight, bias]) {
    if (shape.length === 1 && shape[0] === columns) continue
    throw new ShapeError({
      where: 'layerNorm',
      expected: `weight and bias of [${columns}]`,
      got: showShape(shape),
    })
  }
  return makeValue('layerNorm', [x, weight, bias], { epsilon }, x.dtype, x.shape)
}
