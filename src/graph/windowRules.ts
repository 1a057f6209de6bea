// Derivatives of what reads a part of its input: a slice, and the largest value under a moving window.

import { f32, sizeOf } from '../base/index.ts'
import { add, addAxes, cast, div, equal, mul, pad, reshape, slice } from './ops/index.ts'
import { constant, fixedShape, type OpAttributes, type PoolAttributes, type Value } from './value.ts'

/** Gradient of slice in x: zeros where nothing was read. */
export function gradSlice(g: Value, x: Value, { axis, start, stride }: OpAttributes['slice']): Value {
  const size = x.shape[axis] as number
  const taken = g.shape[axis] as number
  const spreadOut = stride === 1 ? g : insertZeros(g, axis, stride)
  const length = (taken - 1) * stride + 1
  const trimmed = stride === 1 ? g : slice(spreadOut, axis, 0, length)
  const zeros = x.shape.map(() => 0)
  return pad(trimmed, zeros.with(axis, start), zeros.with(axis, size - start - length))
}

// [.., n, ..] -> [.., n, 1, ..] -> [.., n, stride, ..] -> [.., n * stride, ..]
function insertZeros(g: Value, axis: number, stride: number): Value {
  const column = addAxes(g, [axis + 1])
  const zeros = column.shape.map(() => 0)
  const wide = pad(column, zeros, zeros.with(axis + 1, stride - 1))
  return reshape(wide, g.shape.with(axis, (g.shape[axis] as number) * stride))
}

/**
 * Gradient of maxPool in x: that of each window goes to where its largest value lies, shared among equal ones. Sums
 * over the places of a window, so that no scatter is needed.
 */
export function gradMaxPool(g: Value, value: Value, { pads, ...window }: PoolAttributes): Value {
  const [x] = value.inputs
  const inside = fixedShape('gradient of maxPool', x).slice(2)
  const [low, high] = [pads.slice(0, 2), pads.slice(2)]
  const padImage = (image: Value) => pad(image, [0, 0, ...low], [0, 0, ...high])
  const padded = padImage(x)
  const ones = constant(f32([1, 1, ...inside], new Float32Array(sizeOf(inside)).fill(1)))
  const isInside = cast(padImage(ones), x.dtype)
  const sides = fixedShape('gradient of maxPool', g).slice(2)
  const places = listPlaces(window, sides)
  const largest = places.map((place) =>
    mul(cast(equal(read(padded, place), value), x.dtype), read(isInside, place)),
  )
  const share = div(g, sum(largest))
  const parts = places.map((place, i) => putBack(mul(share, largest[i]), padded, place))
  const grad = sum(parts)
  return [0, 1].reduce((image, i) => slice(image, i + 2, low[i], low[i] + inside[i]), grad)
}

type Place = readonly OpAttributes['slice'][]

// For each place of the window: the rows, then the columns, that it meets as the window moves.
function listPlaces(
  { kernel, strides, dilations }: Omit<PoolAttributes, 'pads'>,
  sides: readonly number[],
): Place[] {
  return Array.from({ length: kernel[0] * kernel[1] }, (_, at) =>
    [Math.floor(at / kernel[1]), at % kernel[1]].map((step, i) => {
      const start = step * dilations[i]
      return { axis: i + 2, start, end: start + (sides[i] - 1) * strides[i] + 1, stride: strides[i] }
    }),
  )
}

function read(image: Value, place: Place): Value {
  return place.reduce((part, { axis, start, end, stride }) => slice(part, axis, start, end, stride), image)
}

function putBack(g: Value, image: Value, [rows, columns]: Place): Value {
  return gradSlice(gradSlice(g, read(image, [rows]), columns), image, rows)
}

function sum(parts: readonly Value[]): Value {
  return parts.reduce((total, part) => add(total, part))
}
