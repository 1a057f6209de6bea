// Vectors of three channels as graph values, and the small algebra of stain separation on them: one number a patch is
// [n, 1, 1], one a pixel [n, 1, pixels]: ONNX Runtime is fast along the last axis.

import { ndarray } from '../../base/index.ts'
import * as g from '../../graph/index.ts'

/** Red, green, blue, or the three coordinates of an axis. */
export type Vector3 = readonly [g.Value, g.Value, g.Value]

/** Bytes [n, height, width, 3] as [n, 3, pixels]. */
export function lineUp(bytes: g.Value): g.Value {
  const [batch, height, width] = bytes.shape as readonly [g.Side, number, number]
  return g.transpose(g.reshape(bytes, [batch, height * width, 3]), [0, 2, 1])
}

/** The way back, to the shape of `bytes`. */
export function layOut(pixels: g.Value, bytes: g.Value): g.Value {
  return g.reshape(g.transpose(pixels, [0, 2, 1]), bytes.shape)
}

/** A table of numbers to look up. */
export function tableOf(numbers: ArrayLike<number>): g.Value {
  return g.constant(ndarray('f64', [numbers.length], Float64Array.from(numbers)))
}

/** Entries of a table; `index` holds whole numbers. */
export function lookUp(table: g.Value, index: g.Value): g.Value {
  return g.gather(table, g.cast(index, 'i64'))
}

/** The vector that `change` makes of each coordinate. */
export function mapVector(v: Vector3, change: (part: g.Value, k: number) => g.Value): Vector3 {
  return [change(v[0], 0), change(v[1], 1), change(v[2], 2)]
}

/** The channels of [n, 3, pixels]. */
export function splitVector(x: g.Value): Vector3 {
  const [red, green, blue] = g.split(x, 1, [1, 1, 1])
  return [red, green, blue]
}

/** The way back. */
export function joinVector(v: Vector3): g.Value {
  return g.concat(v, 1)
}

/** a . b, summed from the first channel on. */
export function dot3(a: Vector3, b: Vector3): g.Value {
  return g.add(g.add(g.mul(a[0], b[0]), g.mul(a[1], b[1])), g.mul(a[2], b[2]))
}

/** The length of a vector. */
export function lengthOf(v: Vector3): g.Value {
  return g.sqrt(dot3(v, v))
}

/** Entry `rank` [n, 1, 1] of each row of `falling` [n, 1, count]; 0 where there is none. */
export function pickRank(falling: g.Value, rank: g.Value): g.Value {
  const count = falling.shape[2] as number
  const places = Float64Array.from({ length: count }, (_, i) => i)
  const isPicked = g.equal(g.constant(ndarray('f64', [1, 1, count], places)), rank)
  return g.reduceSum(g.where(isPicked, falling, 0), { axes: [2], keep: true })
}
