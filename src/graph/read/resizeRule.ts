// Reading Resize (and Upsample, its older form): along each axis it is a matrix, so it is written as products, which
// have gradients. Source: the ONNX specification of Resize, opset 11 to 19.

import { f32 } from '../../base/index.ts'
import * as ops from '../ops/index.ts'
import { constant, type Value } from '../value.ts'
import type { OpenNode } from './node.ts'
import type { ReadRules } from './rule.ts'

/** Rules for resizing. */
export const resizeRules: ReadRules = { Resize: readResize, Upsample: readResize }

interface Sampling {
  readonly mode: string
  readonly coordinates: string
  readonly nearest: string
  readonly cubic: number
  readonly excludesOutside: boolean
}

function readResize(node: OpenNode): Value {
  const isOld = node.type === 'Upsample' || node.opset < 11
  const sampling: Sampling = {
    mode: node.string('mode', 'nearest'),
    coordinates: isOld ? 'asymmetric' : node.string('coordinate_transformation_mode', 'half_pixel'),
    nearest: isOld ? 'floor' : node.string('nearest_mode', 'round_prefer_floor'),
    cubic: node.float('cubic_coeff_a', -0.75),
    excludesOutside: node.int('exclude_outside', 0) === 1,
  }
  if (node.int('antialias', 0) === 1) throw node.refuse('no antialias', 'antialias 1')
  if (node.ints('axes')) throw node.refuse('all axes', 'the attribute axes')
  if (sampling.coordinates === 'tf_crop_and_resize')
    throw node.refuse('the whole image', 'a region of interest')
  const x = node.value(0)
  const scales = isOld ? (node.floats('scales') ?? node.numbers(1)) : node.has(2) ? node.numbers(2) : []
  const sizes = !isOld && node.has(3) ? node.sides(3) : null
  return x.shape.reduce<Value>((image, side, axis) => {
    const size = sizes ? sizes[axis] : scales[axis] === 1 ? side : Math.floor(Number(side) * scales[axis])
    if (size === side) return image
    if (typeof side !== 'number' || typeof size !== 'number')
      throw node.refuse('sides known when the graph is read', `'${side}' to '${size}'`)
    const scale = sizes ? size / side : scales[axis]
    return ops.mapAxis(image, axis, buildMatrix(node, side, size, scale, sampling))
  }, x)
}

function buildMatrix(node: OpenNode, from: number, to: number, scale: number, sampling: Sampling): Value {
  const data = new Float32Array(from * to)
  for (let at = 0; at < to; at++) {
    const position = findPosition(node, at, from, to, scale, sampling.coordinates)
    for (const [index, weight] of weigh(node, position, from, sampling)) data[index * to + at] += weight
  }
  return constant(f32([from, to], data))
}

function findPosition(
  node: OpenNode,
  at: number,
  from: number,
  to: number,
  scale: number,
  coordinates: string,
): number {
  if (coordinates === 'half_pixel') return (at + 0.5) / scale - 0.5
  if (coordinates === 'pytorch_half_pixel') return to > 1 ? (at + 0.5) / scale - 0.5 : 0
  if (coordinates === 'align_corners') return to > 1 ? (at * (from - 1)) / (to - 1) : 0
  if (coordinates === 'asymmetric') return at / scale
  throw node.refuse('half_pixel, pytorch_half_pixel, align_corners or asymmetric', coordinates)
}

// The input positions that an output reads and their weights; positions beyond an edge are the edge.
function weigh(
  node: OpenNode,
  position: number,
  from: number,
  { mode, nearest, cubic, excludesOutside }: Sampling,
): (readonly [number, number])[] {
  const clamp = (index: number) => Math.min(Math.max(index, 0), from - 1)
  if (mode === 'nearest') return [[clamp(roundTo(node, position, nearest)), 1]]
  const floor = Math.floor(position)
  const rest = position - floor
  if (mode === 'linear') {
    return [
      [clamp(floor), 1 - rest],
      [clamp(floor + 1), rest],
    ]
  }
  if (mode !== 'cubic') throw node.refuse('nearest, linear or cubic', mode)
  const taps = [-1, 0, 1, 2].map((step) => [floor + step, weighCubic(Math.abs(rest - step), cubic)] as const)
  if (!excludesOutside) return taps.map(([index, weight]) => [clamp(index), weight])
  const inside = taps.filter(([index]) => index >= 0 && index < from)
  const sum = inside.reduce((total, [, weight]) => total + weight, 0)
  return inside.map(([index, weight]) => [index, weight / sum])
}

function roundTo(node: OpenNode, position: number, how: string): number {
  if (how === 'floor') return Math.floor(position)
  if (how === 'ceil') return Math.ceil(position)
  if (how === 'round_prefer_floor') return Math.ceil(position - 0.5)
  if (how === 'round_prefer_ceil') return Math.floor(position + 0.5)
  throw node.refuse('floor, ceil, round_prefer_floor or round_prefer_ceil', how)
}

// Keys' cubic convolution with the given coefficient.
function weighCubic(t: number, a: number): number {
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
  return 0
}
