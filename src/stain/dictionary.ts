// Sparse non-negative dictionary learning of two stains (Vahadane et al. 2016, IEEE TMI; Mairal et al. 2010,
// JMLR, Algorithm 2): (1/n) sum of 1/2 |x - D c|^2 + lambda |c|_1 with c >= 0, D >= 0, |d| <= 1. Full-batch
// alternation of exact sparse codes and dictionary updates from a fixed start: the same input gives the same
// dictionary, after a bounded number of steps.

import type { Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { openSparseCoder } from './sparseCode.ts'
import { oneDirection, type StainMatrix } from './stainMatrix.ts'

/** A learned dictionary, its objective, and the steps it took. */
export interface Dictionary {
  readonly atoms: StainMatrix
  readonly objective: number
  readonly steps: number
}

/** When to stop: after `steps`, or once a step changes no atom by more than `tolerance`. */
export interface DictionaryBounds {
  readonly steps: number
  readonly tolerance: number
}

// What a pass over the pixels leaves: sums of c c', x c', |x|^2 and of the codes.
interface Moments {
  readonly hh: number
  readonly he: number
  readonly ee: number
  readonly xh: Vector
  readonly xe: Vector
  readonly objective: number
}

/** Learns two atoms from `count` pixels at byte `offsets`, starting at `start`; the result is finite. */
export function learnDictionary(
  data: Uint8Array,
  tables: DensityTables,
  offsets: Int32Array,
  count: number,
  lambda: number,
  start: StainMatrix,
  bounds: DictionaryBounds,
): Dictionary {
  let atoms: StainMatrix = [keepInBall(start[0]), keepInBall(start[1])]
  let steps = 0
  for (; steps < bounds.steps; steps++) {
    const next = updateAtoms(atoms, sumCodes(data, tables, offsets, count, lambda, atoms))
    const change = largestChange(atoms, next)
    atoms = next
    if (change < bounds.tolerance) break
  }
  const { objective } = sumCodes(data, tables, offsets, count, lambda, atoms)
  return { atoms, objective, steps }
}

function sumCodes(
  data: Uint8Array,
  [red, green, blue]: DensityTables,
  offsets: Int32Array,
  count: number,
  lambda: number,
  atoms: StainMatrix,
): Moments {
  const [[h0, h1, h2], [e0, e1, e2]] = atoms
  const { hh, he, ee } = openSparseCoder(atoms, lambda)
  const determinant = hh * ee - he * he
  const inverse = determinant > oneDirection * hh * ee ? 1 / determinant : 0
  let [aa, ab, bb, xa, ya, za, xb, yb, zb, penalty, squares] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    const at = offsets[i]
    const x = red[data[at]]
    const y = green[data[at + 1]]
    const z = blue[data[at + 2]]
    const towardsH = x * h0 + y * h1 + z * h2 - lambda
    const towardsE = x * e0 + y * e1 + z * e2 - lambda
    let a = inverse > 0 ? (ee * towardsH - he * towardsE) * inverse : -1
    let b = inverse > 0 ? (hh * towardsE - he * towardsH) * inverse : -1
    if (a < 0 || b < 0) {
      const alone = towardsH > 0 ? towardsH / hh : 0
      const isHematoxylin = alone > 0 && towardsE - he * alone <= 0
      a = isHematoxylin ? alone : 0
      b = !isHematoxylin && towardsE > 0 ? towardsE / ee : 0
    }
    aa += a * a
    ab += a * b
    bb += b * b
    xa += x * a
    ya += y * a
    za += z * a
    xb += x * b
    yb += y * b
    zb += z * b
    penalty += a + b
    squares += x * x + y * y + z * z
  }
  const fit = xa * h0 + ya * h1 + za * h2 + (xb * e0 + yb * e1 + zb * e2)
  const model = aa * hh + 2 * ab * he + bb * ee
  const objective = (0.5 * (squares - 2 * fit + model) + lambda * penalty) / count
  return { hh: aa, he: ab, ee: bb, xh: [xa, ya, za], xe: [xb, yb, zb], objective }
}

// One block-coordinate step an atom, each projected on the non-negative part of the unit ball.
function updateAtoms([h, e]: StainMatrix, { hh, he, ee, xh, xe }: Moments): StainMatrix {
  const step = (own: Vector, other: Vector, target: Vector, weight: number): Vector =>
    weight > 1e-12
      ? keepInBall([
          own[0] + (target[0] - own[0] * weight - other[0] * he) / weight,
          own[1] + (target[1] - own[1] * weight - other[1] * he) / weight,
          own[2] + (target[2] - own[2] * weight - other[2] * he) / weight,
        ])
      : own
  let [first, second] = [h, e]
  // The moments stay the same within a step, so that a few rounds of it cost nothing.
  for (let round = 0; round < 5; round++) {
    first = step(first, second, xh, hh)
    second = step(second, first, xe, ee)
  }
  return [first, second]
}

function keepInBall([x, y, z]: Vector): Vector {
  const [a, b, c] = [Math.max(x, 0), Math.max(y, 0), Math.max(z, 0)]
  const length = Math.max(1, Math.hypot(a, b, c))
  return [a / length, b / length, c / length]
}

function largestChange(a: StainMatrix, b: StainMatrix): number {
  return Math.max(...[0, 1, 2].flatMap((k) => [Math.abs(a[0][k] - b[0][k]), Math.abs(a[1][k] - b[1][k])]))
}
