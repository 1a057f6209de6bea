// The Frechet distance between two clouds of points taken as Gaussians (Dowson & Landau 1982; Heusel et al. 2017 on
// network features). With A and B the centred rows, the trace of the root of the product of both covariances is the
// nuclear norm of A B^T / sqrt((n - 1)(m - 1)): a matrix as large as the clouds have points, whatever the dimensions.

/** Points as rows of equal length. */
export type Cloud = readonly ArrayLike<number>[]

/**
 * |mean difference|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of two clouds of at least two points each, in units of `spread`
 * (the second cloud's deviations) and divided by the number of dimensions. Dimensions of no spread are left out.
 */
export function frechetDistance(
  cloud: Cloud,
  target: Cloud,
  spread: ArrayLike<number> = deviationsOf(target),
): number {
  const dimensions = Array.from(target[0], (_, k) => k).filter((k) => spread[k] > 1e-6)
  if (dimensions.length === 0) return 0
  const scale = (points: Cloud) =>
    points.map((point) => Float64Array.from(dimensions, (k) => point[k] / spread[k]))
  const [a, b] = [centre(scale(cloud)), centre(scale(target))]
  const apart = a.mean.reduce((sum, value, k) => sum + (value - b.mean[k]) ** 2, 0)
  const traces = traceOf(a.rows) + traceOf(b.rows)
  const product = a.rows.map((row) => Float64Array.from(b.rows, (other) => dot(row, other)))
  const shared = nuclearNorm(product) / Math.sqrt((a.rows.length - 1) * (b.rows.length - 1))
  return Math.max(0, apart + traces - 2 * shared) / dimensions.length
}

/** The deviation of each dimension (n - 1 in the denominator). */
export function deviationsOf(points: Cloud): Float64Array {
  const { rows } = centre(points.map((point) => Float64Array.from(point)))
  return Float64Array.from(rows[0].keys(), (k) =>
    Math.sqrt(rows.reduce((sum, row) => sum + row[k] ** 2, 0) / (rows.length - 1)),
  )
}

function centre(points: readonly Float64Array[]) {
  const mean = Float64Array.from(
    points[0].keys(),
    (k) => points.reduce((sum, point) => sum + point[k], 0) / points.length,
  )
  return { mean, rows: points.map((point) => point.map((value, k) => value - mean[k])) }
}

// Of the covariance (n - 1 in the denominator).
function traceOf(rows: readonly Float64Array[]): number {
  return rows.reduce((sum, row) => sum + dot(row, row), 0) / (rows.length - 1)
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** The sum of a matrix's singular values, by one-sided Jacobi rotations of its rows. */
export function nuclearNorm(matrix: readonly Float64Array[]): number {
  const rows = matrix.map((row) => row.slice())
  for (let sweep = 0; sweep < 60; sweep++) {
    let largest = 0
    for (let i = 0; i < rows.length; i++) {
      for (let j = i + 1; j < rows.length; j++) largest = Math.max(largest, rotateRows(rows[i], rows[j]))
    }
    if (largest < 1e-10) break
  }
  return rows.reduce((sum, row) => sum + Math.sqrt(dot(row, row)), 0)
}

// Makes two rows orthogonal; returns the cosine they had.
function rotateRows(a: Float64Array, b: Float64Array): number {
  const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)]
  const cosine = Math.abs(ab) / (Math.sqrt(aa * bb) || 1)
  if (cosine < 1e-12) return 0
  const zeta = (bb - aa) / (2 * ab)
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta ** 2))
  const c = 1 / Math.sqrt(1 + tangent ** 2)
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k], b[k]]
    a[k] = c * (x - tangent * y)
    b[k] = c * (tangent * x + y)
  }
  return cosine
}
