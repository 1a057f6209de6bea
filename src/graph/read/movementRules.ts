// Reading ONNX ops that move elements: shapes, cuts and joins.

import { ndarray } from '../../base/index.ts'
import * as ops from '../ops/index.ts'
import { constant, frontAxis, type PadMode, type Side, scalar, type Value } from '../value.ts'
import { readAxes, readRanges, type SliceRange, sizeOfSides, unsqueezeShape } from './fold.ts'
import type { OpenNode } from './node.ts'
import type { ReadRules } from './rule.ts'

/** Rules for ops that move elements. */
export const movementRules: ReadRules = {
  Constant: (node) => {
    const tensor = node.tensor('value')
    if (tensor) return constant(tensor)
    const ints = node.ints('value_ints')
    if (ints) return constant(ndarray('i64', [ints.length], BigInt64Array.from(ints.map(BigInt))))
    const floats = node.floats('value_floats')
    if (floats) return constant(ndarray('f32', [floats.length], Float32Array.from(floats)))
    const whole = node.int('value_int', Number.NaN)
    if (!Number.isNaN(whole)) return constant(ndarray('i64', [], BigInt64Array.of(BigInt(whole))))
    return constant(ndarray('f32', [], Float32Array.of(node.float('value_float'))))
  },
  Reshape: readReshape,
  Flatten: (node) => {
    const x = node.value(0)
    const axis = node.int('axis', 1)
    const at = axis < 0 ? axis + x.shape.length : axis
    return ops.reshape(x, [sizeOfSides(node, x.shape.slice(0, at)), sizeOfSides(node, x.shape.slice(at))])
  },
  Transpose: (node) => ops.transpose(node.value(0), node.ints('perm') ?? undefined),
  Squeeze: (node) => {
    const x = node.value(0)
    const axes = readAxes(node, x.shape.length)
    return ops.reshape(
      x,
      x.shape.filter((side, axis) => (axes ? !axes.includes(axis) : side !== 1)),
    )
  },
  Unsqueeze: (node) => ops.reshape(node.value(0), unsqueezeShape(node, node.value(0).shape)),
  Concat: (node) =>
    ops.concat(
      Array.from({ length: node.arity }, (_, i) => node.value(i)),
      node.int('axis'),
    ),
  Slice: readSlice,
  Split: readSplit,
  Expand: (node) => expandTo(node, node.value(0), node.sides(1)),
  Tile: (node) => {
    const repeats = node.numbers(1)
    return repeats.reduce<Value>(
      (x, times, axis) => (times === 1 ? x : ops.concat(new Array<Value>(times).fill(x), axis)),
      node.value(0),
    )
  },
  ConstantOfShape: (node) => {
    const value = node.tensor('value') ?? ndarray('f32', [1], Float32Array.of(0))
    return expandTo(node, ops.reshape(constant(value), []), node.sides(0))
  },
  Gather: readGather,
  Pad: readPad,
  DepthToSpace: (node) => {
    const { x, n, c, h, w, block } = openBlocks(node)
    const depth = c / block ** 2
    const isDepthFirst = node.string('mode', 'DCR') === 'DCR'
    const cut = isDepthFirst ? [n, block, block, depth, h, w] : [n, depth, block, block, h, w]
    const order = isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]
    return ops.reshape(ops.transpose(ops.reshape(x, cut), order), [n, depth, h * block, w * block])
  },
  SpaceToDepth: (node) => {
    const { x, n, c, h, w, block } = openBlocks(node)
    const cut = ops.reshape(x, [n, c, h / block, block, w / block, block])
    const moved = ops.transpose(cut, [0, 3, 5, 1, 2, 4])
    return ops.reshape(moved, [n, c * block ** 2, h / block, w / block])
  },
}

function openBlocks(node: OpenNode) {
  const x = node.value(0)
  const [n, c, h, w] = x.shape as readonly [Side, number, number, number]
  return { x, n, c, h, w, block: node.int('blocksize') }
}

function readReshape(node: OpenNode): Value {
  const x = node.value(0)
  const given = node.ints('shape') ?? node.sides(1)
  const keepsZero = node.int('allowzero', 0) === 1
  return ops.reshape(
    x,
    given.map((side, axis) => (side === 0 && !keepsZero ? x.shape[axis] : side)),
  )
}

// x broadcast to `shape`, of which one side may be named.
function expandTo(node: OpenNode, x: Value, shape: readonly Side[]): Value {
  const sides = ops.broadcastShapes(node.where, x.shape, shape)
  const named = sides.find((side) => typeof side === 'string')
  if (named === undefined) return ops.expand(x, sides as number[])
  const numbers = sides.map((side) => (typeof side === 'number' ? side : 1))
  const zeros = ops.expand(ops.cast(scalar(0), x.dtype), numbers)
  if (x.shape.includes(named)) return ops.repeatLike(x, zeros)
  const column = ops.reshape(
    ops.cast(node.likeSide(named), x.dtype),
    sides.map((side) => (side === named ? side : 1)),
  )
  return ops.repeatLike(x, ops.repeatLike(zeros, column))
}

function readSlice(node: OpenNode): Value {
  const x = node.value(0)
  const ranges = readRanges(node, x.shape)
  if (!ranges) throw node.refuse('bounds known when the graph is read', 'bounds that depend on data')
  return [...ranges].reduce((part, [axis, range]) => sliceRange(node, part, axis, range), x)
}

function sliceRange(node: OpenNode, x: Value, axis: number, { start, step, length }: SliceRange): Value {
  if (length === 0) throw node.refuse('a slice that is not empty', `an empty one of axis ${axis}`)
  if (step > 0) return ops.slice(x, axis, start, start + (length - 1) * step + 1, step)
  const indices = BigInt64Array.from({ length }, (_, i) => BigInt(start + i * step))
  return ops.gather(x, constant(ndarray('i64', [length], indices)), axis)
}

function readSplit(node: OpenNode): readonly Value[] {
  const x = node.value(0)
  const axis = frontAxis(node.where, node.int('axis', 0), x.shape.length)
  const given = node.ints('split') ?? (node.has(1) ? node.numbers(1) : null)
  const side = x.shape[axis]
  if (given) return ops.split(x, axis, given)
  if (typeof side !== 'number') throw node.refuse('an axis of known length', `'${side}'`)
  const count = node.int('num_outputs', node.outputs.length)
  const size = Math.ceil(side / count)
  const sizes = Array.from({ length: count }, (_, i) => Math.min(size, side - i * size))
  return ops.split(x, axis, sizes)
}

function readGather(node: OpenNode): Value {
  const x = node.value(0)
  const axis = frontAxis(node.where, node.int('axis', 0), x.shape.length)
  const known = node.known(1)
  const side = x.shape[axis]
  if (known && typeof side === 'number') {
    const items = node.numbers(1).map((index) => (index < 0 ? index + side : index))
    const outside = items.find((index) => index < 0 || index >= side)
    if (outside !== undefined) throw node.refuse(`indices below ${side}`, `${outside}`)
    if (known.shape.length === 0) {
      const entry = ops.slice(x, axis, items[0], items[0] + 1)
      return ops.reshape(entry, x.shape.toSpliced(axis, 1))
    }
    const indices = BigInt64Array.from(items.map(BigInt))
    return ops.gather(x, constant(ndarray('i64', known.shape, indices)), axis)
  }
  return ops.gather(x, ops.cast(node.value(1), 'i64'), axis)
}

function readPad(node: OpenNode): Value {
  const x = node.value(0)
  const rank = x.shape.length
  const given = node.ints('pads') ?? node.numbers(1)
  const axes = node.has(3) ? node.numbers(3).map((axis) => frontAxis(node.where, axis, rank)) : null
  const [low, high] = [given.slice(0, given.length / 2), given.slice(given.length / 2)]
  const place = (sizes: readonly number[]) =>
    axes ? x.shape.map((_, axis) => (axes.includes(axis) ? sizes[axes.indexOf(axis)] : 0)) : [...sizes]
  const mode = node.string('mode', 'constant')
  if (mode === 'wrap') throw node.refuse('constant, reflect or edge', mode)
  const [before, after] = [place(low), place(high)]
  const negative = [...before, ...after].some((size) => size < 0)
  const cut = negative ? cropSides(x, before, after) : x
  const padded = (value: Value) =>
    ops.pad(
      value,
      before.map((size) => Math.max(0, size)),
      after.map((size) => Math.max(0, size)),
      mode as PadMode,
    )
  const fill = node.has(2) ? node.numbers(2)[0] : node.float('value', 0)
  // Ours pads with zeros: another value is padded about, by way of the difference to it.
  if (mode !== 'constant' || !fill) return padded(cut)
  if (Number.isFinite(fill)) return ops.add(padded(ops.sub(cut, fill)), fill)
  throw node.refuse('a finite value to pad with', `${fill}`)
}

// A negative size takes away.
function cropSides(x: Value, before: readonly number[], after: readonly number[]): Value {
  return x.shape.reduce<Value>((part, side, axis) => {
    const [low, high] = [Math.max(0, -before[axis]), Math.max(0, -after[axis])]
    return low + high === 0 ? part : ops.slice(part, axis, low, (side as number) - high)
  }, x)
}
