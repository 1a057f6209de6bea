// Eigenvectors of a symmetric 3x3 matrix: Householder to tridiagonal form, then implicit QL or QR steps.
// Both are carried out in the order of LAPACK's dsytrd and dsteqr (Anderson et al., LAPACK Users' Guide),
// so that the vectors have LAPACK's signs: percentiles of angles depend on them where tissue straddles +-pi.

/** Eigenvalues ascending, and the unit eigenvectors that belong to them. */
export interface Eigen {
  readonly values: readonly [number, number, number]
  readonly vectors: readonly [Vector, Vector, Vector]
}
export type Vector = readonly [number, number, number]

/** The upper triangle of a symmetric matrix, row by row: xx xy xz yy yz zz. */
export type Symmetric = readonly [number, number, number, number, number, number]

const epsilon = 2 ** -53

/** Decomposes `matrix`; finite input gives finite output (30 steps a value at most, far more than needed). */
export function decomposeSymmetric(matrix: Symmetric): Eigen {
  const { diagonal, offDiagonal, basis } = tridiagonalise(matrix)
  // Columns are eigenvectors of the tridiagonal matrix, in the basis' coordinates.
  const columns = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]
  diagonalise(diagonal, offDiagonal, columns)
  const order = sortOrder(diagonal)
  const vectorAt = (k: number): Vector => {
    const [a, b, c] = columns[order[k]]
    return [a, basis[0] * b + basis[1] * c, basis[1] * b + basis[2] * c]
  }
  return {
    values: [diagonal[order[0]], diagonal[order[1]], diagonal[order[2]]],
    vectors: [vectorAt(0), vectorAt(1), vectorAt(2)],
  }
}

// One reflection of the last two coordinates removes the corner; `basis` is its 2x2 part (m11, m12, m22).
function tridiagonalise([xx, xy, xz, yy, yz, zz]: Symmetric) {
  if (xz === 0) return { diagonal: [xx, yy, zz], offDiagonal: [xy, yz], basis: [1, 0, 1] }
  const beta = -Math.sign(xy || 1) * Math.hypot(xy, xz)
  const tau = (beta - xy) / beta
  const v = xz / (xy - beta)
  const m11 = 1 - tau
  const m12 = -tau * v
  const m22 = 1 - tau * v * v
  // The reflected block by a rank-two update A - v w' - w v', as dsytd2 does.
  const p1 = tau * (yy + yz * v)
  const p2 = tau * (yz + zz * v)
  const half = -0.5 * tau * (p1 + p2 * v)
  const w1 = p1 + half
  const w2 = p2 + half * v
  return {
    diagonal: [xx, yy - 2 * w1, zz - 2 * v * w2],
    offDiagonal: [beta, yz - w2 - v * w1],
    basis: [m11, m12, m22],
  }
}

function diagonalise(d: number[], e: number[], columns: number[][]): void {
  let first = 0
  while (first < 3) {
    let last = first
    while (last < 2 && !isNegligible(e[last], d[last], d[last + 1])) last++
    if (last < 2) e[last] = 0
    if (last > first) {
      if (Math.abs(d[last]) < Math.abs(d[first])) sweepUp(d, e, columns, first, last)
      else sweepDown(d, e, columns, first, last)
    }
    first = last + 1
  }
}

const isNegligible = (e: number, a: number, b: number) =>
  Math.abs(e) <= Math.sqrt(Math.abs(a)) * Math.sqrt(Math.abs(b)) * epsilon
const isConverged = (e: number, a: number, b: number) =>
  e * e <= epsilon * epsilon * Math.abs(a) * Math.abs(b) + Number.MIN_VALUE

// QL: the smallest values come out at the top.
function sweepDown(d: number[], e: number[], columns: number[][], first: number, last: number): void {
  for (let l = first, step = 0; l <= last && step < 90; step++) {
    let m = l
    while (m < last && !isConverged(e[m], d[m], d[m + 1])) m++
    if (m < last) e[m] = 0
    if (m === l) {
      l++
    } else if (m === l + 1) {
      solvePair(d, e, columns, l)
      l += 2
    } else {
      let { g, r } = shiftOf(d[l], d[l + 1], e[l], d[m])
      let [s, c, p] = [1, 1, 0]
      const rotations: [number, number][] = []
      for (let i = m - 1; i >= l; i--) {
        const b = c * e[i]
        ;[c, s, r] = rotationOf(g, s * e[i])
        if (i !== m - 1) e[i + 1] = r
        g = d[i + 1] - p
        r = (d[i] - g) * s + 2 * c * b
        p = s * r
        d[i + 1] = g + p
        g = c * r - b
        rotations.push([c, -s])
      }
      for (const [k, [cos, sin]] of rotations.entries()) rotate(columns, m - 1 - k, cos, sin)
      d[l] -= p
      e[l] = g
    }
  }
}

// QR: the same from below.
function sweepUp(d: number[], e: number[], columns: number[][], first: number, last: number): void {
  for (let l = last, step = 0; l >= first && step < 90; step++) {
    let m = l
    while (m > first && !isConverged(e[m - 1], d[m], d[m - 1])) m--
    if (m > first) e[m - 1] = 0
    if (m === l) {
      l--
    } else if (m === l - 1) {
      solvePair(d, e, columns, m)
      l -= 2
    } else {
      let { g, r } = shiftOf(d[l], d[l - 1], e[l - 1], d[m])
      let [s, c, p] = [1, 1, 0]
      for (let i = m; i < l; i++) {
        const b = c * e[i]
        ;[c, s, r] = rotationOf(g, s * e[i])
        if (i !== m) e[i - 1] = r
        g = d[i] - p
        r = (d[i + 1] - g) * s + 2 * c * b
        p = s * r
        d[i] = g + p
        g = c * r - b
        rotate(columns, i, c, s)
      }
      d[l] -= p
      e[l - 1] = g
    }
  }
}

function shiftOf(d: number, next: number, e: number, far: number): { g: number; r: number } {
  const g = (next - d) / (2 * e)
  const r = Math.hypot(g, 1)
  return { g: far - d + e / (g + (g < 0 ? -r : r)), r }
}

// The plane rotation that turns (f, g) into (r, 0): [cosine, sine, r], with LAPACK's choice of signs.
function rotationOf(f: number, g: number): [number, number, number] {
  if (g === 0) return [1, 0, f]
  if (f === 0) return [0, Math.sign(g), Math.abs(g)]
  const r = f < 0 ? -Math.hypot(f, g) : Math.hypot(f, g)
  return [Math.abs(f / r), g / r, r]
}

// The 2x2 block in rows `at` and `at + 1`, as dlaev2 solves it: larger absolute value first.
function solvePair(d: number[], e: number[], columns: number[][], at: number): void {
  const [a, b, c] = [d[at], e[at], d[at + 1]]
  const sum = a + c
  const difference = a - c
  const root = Math.hypot(difference, 2 * b)
  const sign = sum < 0 ? -1 : 1
  const large = 0.5 * (sum + sign * root)
  // The larger one is divided first: the other way round a quotient of very different sizes is lost.
  const [larger, smaller] = Math.abs(a) > Math.abs(c) ? [a, c] : [c, a]
  const small = sum === 0 ? -0.5 * root : (larger / large) * smaller - (b / large) * b
  const signOfDifference = difference >= 0 ? 1 : -1
  const cs = difference + signOfDifference * root
  let [cosine, sine] = [1, 0]
  if (Math.abs(cs) > Math.abs(2 * b)) {
    const cotangent = (-2 * b) / cs
    sine = 1 / Math.sqrt(1 + cotangent * cotangent)
    cosine = cotangent * sine
  } else if (b !== 0) {
    const tangent = -cs / (2 * b)
    cosine = 1 / Math.sqrt(1 + tangent * tangent)
    sine = tangent * cosine
  }
  if (sign === signOfDifference) [cosine, sine] = [-sine, cosine]
  d[at] = large
  d[at + 1] = small
  e[at] = 0
  rotate(columns, at, cosine, sine)
}

function rotate(columns: number[][], at: number, cosine: number, sine: number): void {
  const [left, right] = [columns[at], columns[at + 1]]
  for (let row = 0; row < 3; row++) {
    const kept = right[row]
    right[row] = cosine * kept - sine * left[row]
    left[row] = sine * kept + cosine * left[row]
  }
}

function sortOrder(values: readonly number[]): readonly number[] {
  return [0, 1, 2].sort((a, b) => values[a] - values[b])
}
