// Eigenvectors of symmetric 3 x 3 matrices as graph values, one matrix a patch: each number is [n, 1, 1].

import * as g from '../../graph/index.ts'
import type { Vector3 } from './vectors.ts'

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
  const turned = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? g.add(zero, 1) : zero)))
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ])
      rotate(a, turned, p, q)
  }
  const axes = [0, 1, 2].map((k) => ({ value: a[k][k], vector: turned.map((row) => row[k]) }))
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
  const turn = (part: g.Value) => g.where(isNegative, g.neg(part), part)
  const [u, v, w] = axes[1].vector
  return { main: [turn(x), turn(y), turn(z)], other: [u, v, w] }
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
