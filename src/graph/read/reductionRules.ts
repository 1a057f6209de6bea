// Reading ONNX ops that sum, compare or normalise along axes.

import { ndarray, sizeOf } from '../../base/index.ts'
import * as ops from '../ops/index.ts'
import { constant, fixedShape, frontAxis, type Side, type Value } from '../value.ts'
import { readAxes } from './fold.ts'
import type { OpenNode } from './node.ts'
import type { ReadRule, ReadRules } from './rule.ts'

const reduction =
  (write: (x: Value, options: ops.ReduceOptions) => Value): ReadRule =>
  (node) => {
    const x = node.value(0)
    const axes = readAxes(node, x.shape.length)
    const isNothing = (!axes || axes.length === 0) && node.int('noop_with_empty_axes', 0) === 1
    if (isNothing) return x
    const options = { axes: axes?.length ? axes : undefined, keep: node.int('keepdims', 1) === 1 }
    return write(x, options)
  }

/** Rules for ops along axes. */
export const reductionRules: ReadRules = {
  ReduceSum: reduction(ops.reduceSum),
  ReduceMean: reduction(ops.reduceMean),
  ReduceMax: reduction(ops.reduceMax),
  ReduceMin: reduction((x, options) => ops.neg(ops.reduceMax(ops.neg(x), options))),
  ReduceSumSquare: reduction((x, options) => ops.reduceSum(ops.square(x), options)),
  ReduceL1: reduction((x, options) => ops.reduceSum(ops.abs(x), options)),
  ReduceL2: reduction((x, options) => ops.sqrt(ops.reduceSum(ops.square(x), options))),
  TopK: (node) => {
    const x = node.value(0)
    const axis = frontAxis(node.where, node.int('axis', -1), x.shape.length)
    const count = node.has(1) ? node.numbers(1)[0] : node.int('k')
    if (axis !== x.shape.length - 1 || node.int('largest', 1) !== 1)
      throw node.refuse('the largest along the last axis', 'others')
    return [ops.largest(x, count), ops.largest(x, count, 'indices')]
  },
  GlobalAveragePool: (node) => overImage(node, ops.reduceMean),
  GlobalMaxPool: (node) => overImage(node, ops.reduceMax),
  Softmax: readSoftmax,
  LogSoftmax: (node) => {
    const x = node.value(0)
    const axis = node.int('axis', node.opset >= 13 ? -1 : 1)
    if (node.opset < 13 && frontAxis(node.where, axis, x.shape.length) !== x.shape.length - 1)
      throw node.refuse('the last axis', `${axis}`)
    const shifted = ops.sub(x, ops.reduceMax(x, { axes: [axis], keep: true }))
    return ops.sub(shifted, ops.log(ops.reduceSum(ops.exp(shifted), { axes: [axis], keep: true })))
  },
  LpNormalization: (node) => {
    if (node.int('p', 2) !== 2) throw node.refuse('p 2', `${node.int('p')}`)
    const x = node.value(0)
    const axes = [node.int('axis', -1)]
    return ops.div(x, ops.sqrt(ops.reduceSum(ops.square(x), { axes, keep: true })))
  },
  LayerNormalization: readLayerNorm,
  BatchNormalization: readBatchNorm,
  InstanceNormalization: (node) => {
    const x = node.value(0)
    const normal = normalize(x, spatialAxes(x), node.float('epsilon', 1e-5))
    return ops.add(ops.mul(normal, toChannels(x, node.value(1))), toChannels(x, node.value(2)))
  },
  GroupNormalization: readGroupNorm,
}

const spatialAxes = ({ shape }: Value) => shape.map((_, axis) => axis).slice(2)

function overImage(node: OpenNode, reduce: (x: Value, options: ops.ReduceOptions) => Value): Value {
  const x = node.value(0)
  return reduce(x, { axes: spatialAxes(x), keep: true })
}

// Up to opset 12 all axes from `axis` on are one row.
function readSoftmax(node: OpenNode): Value {
  const x = node.value(0)
  const axis = frontAxis(node.where, node.int('axis', node.opset >= 13 ? -1 : 1), x.shape.length)
  if (node.opset >= 13 || axis === x.shape.length - 1) return ops.softmax(x, axis)
  const row = sizeOf(fixedShape(node.where, { ...x, shape: x.shape.slice(axis) }))
  return ops.reshape(ops.softmax(ops.reshape(x, [...x.shape.slice(0, axis), row]), -1), x.shape)
}

function normalize(x: Value, axes: readonly number[], epsilon: number): Value {
  const centred = ops.sub(x, ops.reduceMean(x, { axes, keep: true }))
  const variance = ops.reduceMean(ops.square(centred), { axes, keep: true })
  return ops.div(centred, ops.sqrt(ops.add(variance, epsilon)))
}

// [C] as [C, 1, 1 ...], to be broadcast over x [N, C, ...].
function toChannels(x: Value, vector: Value): Value {
  const sides: Side[] = [vector.shape[0], ...spatialAxes(x).map(() => 1)]
  return ops.reshape(vector, sides)
}

function readLayerNorm(node: OpenNode): Value {
  const x = node.value(0)
  const rank = x.shape.length
  const axis = frontAxis(node.where, node.int('axis', -1), rank)
  const epsilon = node.float('epsilon', 1e-5)
  const weight = node.value(1)
  const isRow = axis === rank - 1 && weight.shape.length === 1 && weight.shape[0] === x.shape[axis]
  if (isRow) {
    const zeros = constant(
      ndarray('f32', fixedShape(node.where, weight), new Float32Array(weight.shape[0] as number)),
    )
    return ops.layerNorm(x, weight, node.has(2) ? node.value(2) : zeros, epsilon)
  }
  const axes = x.shape.map((_, i) => i).slice(axis)
  const scaled = ops.mul(normalize(x, axes, epsilon), weight)
  return node.has(2) ? ops.add(scaled, node.value(2)) : scaled
}

// By running statistics, as in use; a graph exported for training is refused.
function readBatchNorm(node: OpenNode): Value {
  if (node.int('training_mode', 0) === 1 || node.outputs.filter(Boolean).length > 1) {
    throw node.refuse('a model exported for use', 'batch normalisation in training mode')
  }
  const x = node.value(0)
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => node.value(i))
  const gain = ops.div(scale, ops.sqrt(ops.add(variance, node.float('epsilon', 1e-5))))
  const shift = ops.sub(bias, ops.mul(mean, gain))
  return ops.add(ops.mul(x, toChannels(x, gain)), toChannels(x, shift))
}

function readGroupNorm(node: OpenNode): Value {
  const x = node.value(0)
  const [count, channels, ...sides] = x.shape
  const groups = node.int('num_groups')
  const area = sizeOf(fixedShape(node.where, { ...x, shape: sides }))
  const rows = ops.reshape(x, [count, groups, ((channels as number) / groups) * area])
  const normal = ops.reshape(normalize(rows, [2], node.float('epsilon', 1e-5)), x.shape)
  // Opset 18 has one weight a group, later ones one a channel.
  const spread = (vector: Value) =>
    vector.shape[0] === channels
      ? vector
      : ops.reshape(
          ops.expand(ops.reshape(vector, [groups, 1]), [groups, (channels as number) / groups]),
          [-1],
        )
  return ops.add(ops.mul(normal, toChannels(x, spread(node.value(1)))), toChannels(x, spread(node.value(2))))
}
