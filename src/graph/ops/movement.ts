// Ops that move elements and compute nothing: reshape, transpose, expand, concat, slice, pad, gather.

import { ndarray, ShapeError, sizeOf } from '../../base/index.ts'
import {
  constant,
  fixedShape,
  frontAxis,
  makeValue,
  multiplySide,
  type PadMode,
  type Shape,
  type Side,
  showShape,
  splitSide,
  type Value,
} from '../value.ts'
import { broadcastShapes, where } from './elementwise.ts'

/** The same elements in another shape; one side of `shape` may be -1 or one may be a name or a multiple of one. */
export function reshape(x: Value, shape: Shape): Value {
  const resolved = resolveShape(x.shape, shape)
  if (showShape(resolved) === showShape(x.shape)) return x
  return makeValue('reshape', [x], { shape: resolved }, x.dtype, resolved)
}

function resolveShape(from: Shape, to: Shape): Shape {
  const open = to.indexOf(-1)
  const rest = countSides(open < 0 ? to : to.filter((_, axis) => axis !== open))
  const all = countSides(from)
  const mismatch = () =>
    new ShapeError({ where: 'reshape', expected: `${showShape(from)}'s size`, got: showShape(to) })
  if (open < 0) {
    if (all.size !== rest.size || all.names.join() !== rest.names.join()) throw mismatch()
    if (rest.names.length > 1) throw mismatch() // ONNX infers one side only
    return to
  }
  const names = [...all.names]
  for (const name of rest.names) {
    const at = names.indexOf(name)
    if (at < 0) throw mismatch()
    names.splice(at, 1)
  }
  const size = all.size / rest.size
  if (names.length > 1 || !Number.isInteger(size)) throw mismatch()
  const side = names.length === 1 ? multiplySide(names[0], size) : size
  return to.map((other, axis) => (axis === open ? side : other))
}

// A name counts as one, its factor as a number.
function countSides(shape: Shape): { size: number; names: readonly string[] } {
  const parts = shape.map((side) => (typeof side === 'number' ? { size: side, name: '' } : splitSide(side)))
  const names = parts.map(({ name }) => name).filter((name) => name !== '')
  return { size: parts.reduce((product, { size }) => product * size, 1), names: names.sort() }
}

/** Axes in another order (reversed where none is given): side `i` of the result is side `permutation[i]` of x. */
export function transpose(
  x: Value,
  permutation: readonly number[] = x.shape.map((_, i) => x.shape.length - 1 - i),
): Value {
  const sorted = [...permutation].sort((a, b) => a - b)
  if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i)) {
    throw new ShapeError({
      where: 'transpose',
      expected: `an order of ${x.shape.length} axes`,
      got: `${permutation}`,
    })
  }
  return makeValue(
    'transpose',
    [x],
    { permutation },
    x.dtype,
    permutation.map((axis) => x.shape[axis]),
  )
}

/** x repeated along sides of 1 until it has `shape`. */
export function expand(x: Value, shape: readonly number[]): Value {
  if (broadcastShapes('expand', x.shape, shape).some((side, axis) => side !== shape[axis])) {
    throw new ShapeError({
      where: 'expand',
      expected: `a shape that ${showShape(x.shape)} broadcasts to`,
      got: showShape(shape),
    })
  }
  return showShape(x.shape) === showShape(shape) ? x : makeValue('expand', [x], { shape }, x.dtype, shape)
}

/** Values joined along `axis`; their other sides must be equal. */
export function concat(parts: readonly Value[], axis: number): Value {
  if (parts.length === 0)
    throw new ShapeError({ where: 'concat', expected: 'at least one value', got: 'none' })
  const [first] = parts
  const along = frontAxis('concat', axis, first.shape.length)
  let size = 0
  for (const part of parts) {
    const side = part.shape[along]
    const fits =
      part.shape.length === first.shape.length &&
      part.shape.every((s, i) => i === along || s === first.shape[i])
    if (!fits || typeof side !== 'number' || part.dtype !== first.dtype) {
      throw new ShapeError({
        where: 'concat',
        expected: `${first.dtype} ${showShape(first.shape)} but for side ${along}`,
        got: `${part.dtype} ${showShape(part.shape)}`,
      })
    }
    size += side
  }
  if (parts.length === 1) return first
  return makeValue(
    'concat',
    parts,
    { axis: along },
    first.dtype,
    first.shape.map((s, i) => (i === along ? size : s)),
  )
}

/** Elements start, start + stride, ... below `end` of one axis; negative positions count from its end. */
export function slice(x: Value, axis: number, start: number, end: number, stride = 1): Value {
  const along = frontAxis('slice', axis, x.shape.length)
  const size = x.shape[along]
  if (typeof size !== 'number')
    throw new ShapeError({ where: 'slice', expected: 'an axis of known length', got: `'${size}'` })
  const from = start < 0 ? start + size : start
  const to = Math.min(end < 0 ? end + size : end, size)
  if (from < 0 || to <= from || stride < 1) {
    throw new ShapeError({
      where: 'slice',
      expected: `a range within 0..${size}`,
      got: `${start}..${end} by ${stride}`,
    })
  }
  if (from === 0 && to === size && stride === 1) return x
  const length = Math.ceil((to - from) / stride)
  const shape = x.shape.map((side, i) => (i === along ? length : side))
  return makeValue('slice', [x], { axis: along, start: from, end: to, stride }, x.dtype, shape)
}

/** Parts of `sizes` along `axis`, in order; the sizes add up to the axis. */
export function split(x: Value, axis: number, sizes: readonly number[]): Value[] {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (x.shape[frontAxis('split', axis, x.shape.length)] !== total) {
    throw new ShapeError({
      where: 'split',
      expected: `sizes that add up to side ${axis} of ${showShape(x.shape)}`,
      got: `${sizes}`,
    })
  }
  let start = 0
  return sizes.map((size) => slice(x, axis, start, (start += size)))
}

/** x with `before[i]` elements added in front of axis i and `after[i]` behind it. */
export function pad(
  x: Value,
  before: readonly number[],
  after: readonly number[],
  mode: PadMode = 'constant',
): Value {
  const sides = x.shape.map((side, axis) => {
    const added = (before[axis] ?? Number.NaN) + (after[axis] ?? Number.NaN)
    if (!(added >= 0) || Math.min(before[axis], after[axis]) < 0 || before.length !== x.shape.length) {
      throw new ShapeError({
        where: 'pad',
        expected: `${x.shape.length} sizes of 0 or more before and after`,
        got: `${before} and ${after}`,
      })
    }
    if (added === 0) return side
    if (typeof side !== 'number')
      throw new ShapeError({ where: 'pad', expected: 'an axis of known length', got: `'${side}'` })
    if (mode === 'reflect' && Math.max(before[axis], after[axis]) >= side) {
      throw new ShapeError({
        where: 'pad reflect',
        expected: `less than ${side} on axis ${axis}`,
        got: `${before[axis]}, ${after[axis]}`,
      })
    }
    return side + added
  })
  return makeValue('pad', [x], { before, after, mode }, x.dtype, sides)
}

/**
 * The entries of `axis` named by `indices` (i64, from 0): its side gives way to their shape. Differentiable where
 * all shapes are fixed.
 */
export function gather(x: Value, indices: Value, axis = 0): Value {
  const along = frontAxis('gather', axis, x.shape.length)
  if (indices.dtype !== 'i64') {
    throw new ShapeError({
      where: 'gather',
      expected: 'i64 indices',
      got: `${indices.dtype} ${showShape(indices.shape)}`,
    })
  }
  const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)]
  return makeValue('gather', [x, indices], { axis: along }, x.dtype, shape)
}

/** x repeated along its sides of 1 until it has the shape that it and `like` broadcast to; for named sides too. */
export function repeatLike(x: Value, like: Value): Value {
  return where(constant(ndarray('bool', [], Uint8Array.of(1))), x, like)
}

/** x with the axes in `axes` of side 1 put in, counted in the result. */
export function addAxes(x: Value, axes: readonly number[]): Value {
  const shape: Side[] = [...x.shape]
  for (const axis of [...axes].sort((a, b) => a - b)) shape.splice(axis, 0, 1)
  return reshape(x, shape)
}

/** x as [count, rest]: everything after the first axis in one. */
export function flatten(x: Value): Value {
  const rest = fixedShape('flatten', { ...x, shape: x.shape.slice(1) })
  return reshape(x, [x.shape[0], sizeOf(rest)])
}
