// Vectors of three channels as graph values, and the small algebra of stain separation on them: one number a patch is
// [n, 1, 1], one a pixel [n, 1, pixels]: ONNX Runtime is fast along the last axis.

import { ndarray } from '../base/index.ts'
import * as g from '../graph/index.ts'

/** Red, green, blue, or the three coordinates of an axis. */
export type Vector3 = readonly [g.Value, g.Value, g.Value]

/** Hematoxylin and eosin of each patch, and whether it has any. */
export interface WrittenStains {
  readonly stains: readonly [Vector3, Vector3]
  readonly isFound: g.Value
}

/** A table of `size` numbers. */
export function tableOf(numberAt: (i: number) => number, size: number): g.Value {
  return g.constant(
    ndarray(
      'f64',
      [size],
      Float64Array.from({ length: size }, (_, i) => numberAt(i)),
    ),
  )
}

/** The channels of [n, 3, pixels]. */
export function splitVector(x: g.Value): Vector3 {
  return g.split(x, 1, [1, 1, 1]) as unknown as Vector3
}

/** The way back. */
export function joinVector(v: Vector3): g.Value {
  return g.concat(v, 1)
}

/** a . b, summed from the first channel on. */
export function dot3(a: Vector3, b: Vector3): g.Value {
  return g.add(g.add(g.mul(a[0], b[0]), g.mul(a[1], b[1])), g.mul(a[2], b[2]))
}

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

type Matrix = readonly [Vector3, Vector3, Vector3]

// Each sweep squares what is left off the diagonal: five are more than float64 shows.
const sweeps = 5

/**
 * The two main axes of symmetric matrices, by Jacobi's rotations; the first is turned so that its coordinates do not
 * sum to less than 0. Source: Golub & Van Loan, Matrix Computations, section 8.5.
 */
export function mainAxes(matrix: Matrix): { main: Vector3; other: Vector3 } {
  const a = matrix.map((row) => [...row])
  const zero = g.mul(a[0][0], 0)
  const v = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? g.add(zero, 1) : zero)))
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ])
      rotate(a, v, p, q)
  }
  const axes = [0, 1, 2].map((k) => ({ value: a[k][k], vector: v.map((row) => row[k]) }))
  for (const [i, j] of [
    [0, 1],
    [1, 2],
    [0, 1],
  ]) {
    const isSwapped = g.greater(axes[j].value, axes[i].value)
    const pick = (x: g.Value, y: g.Value) => g.where(isSwapped, x, y)
    const [first, second] = [axes[i], axes[j]]
    axes[i] = {
      value: pick(second.value, first.value),
      vector: first.vector.map((part, k) => pick(second.vector[k], part)),
    }
    axes[j] = {
      value: pick(first.value, second.value),
      vector: second.vector.map((part, k) => pick(first.vector[k], part)),
    }
  }
  const [x, y, z] = axes[0].vector
  const isNegative = g.greater(0, g.add(g.add(x, y), z))
  const main = [x, y, z].map((part) => g.where(isNegative, g.neg(part), part)) as unknown as Vector3
  return { main, other: axes[1].vector as unknown as Vector3 }
}

// Turns axes p and q so that a[p][q] becomes 0.
function rotate(a: g.Value[][], v: g.Value[][], p: number, q: number): void {
  const isDone = g.equal(a[p][q], 0)
  const theta = g.div(g.sub(a[q][q], a[p][p]), g.mul(g.where(isDone, 1, a[p][q]), 2))
  const size = g.add(g.abs(theta), g.sqrt(g.add(g.square(theta), 1)))
  const t = g.where(isDone, 0, g.where(g.greater(0, theta), g.div(-1, size), g.div(1, size)))
  const c = g.div(1, g.sqrt(g.add(g.square(t), 1)))
  const s = g.mul(t, c)
  const r = 3 - p - q
  const [app, aqq, apq, arp, arq] = [a[p][p], a[q][q], a[p][q], a[r][p], a[r][q]]
  a[p][p] = g.sub(app, g.mul(t, apq))
  a[q][q] = g.add(aqq, g.mul(t, apq))
  a[p][q] = a[q][p] = g.mul(apq, 0)
  a[r][p] = a[p][r] = g.sub(g.mul(c, arp), g.mul(s, arq))
  a[r][q] = a[q][r] = g.add(g.mul(s, arp), g.mul(c, arq))
  for (const row of v) {
    const [vp, vq] = [row[p], row[q]]
    row[p] = g.sub(g.mul(c, vp), g.mul(s, vq))
    row[q] = g.add(g.mul(s, vp), g.mul(c, vq))
  }
}
