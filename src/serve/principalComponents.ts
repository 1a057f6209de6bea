// The directions in which embeddings vary most, by subspace iteration with more directions than are asked for
// (Halko, Martinsson & Tropp, SIAM Review 53, 2011), which needs no matrix of columns by columns.

import { openRandom } from '../base/index.ts'

/** Where rows lie along their principal components. */
export interface Components {
  /** [rows, components], row-major. */
  readonly scores: Float32Array
  /** The share of the variance of all columns that each component holds, 0 to 1, the largest first. */
  readonly explained: readonly number[]
}

const spareDirections = 8
const iterationsAtMost = 60

/** Brings each column of a matrix [rows, columns] to mean 0 and standard deviation 1, in place; constant ones to 0. */
export function standardise(values: Float32Array, columns: number): void {
  const rows = values.length / columns
  for (let column = 0; column < columns; column++) {
    let sum = 0
    for (let at = column; at < values.length; at += columns) sum += values[at]
    const mean = sum / rows
    let squares = 0
    for (let at = column; at < values.length; at += columns) squares += (values[at] - mean) ** 2
    const deviation = Math.sqrt(squares / rows)
    const scale = deviation > 1e-6 * Math.abs(mean) ? 1 / deviation : 0
    for (let at = column; at < values.length; at += columns) values[at] = (values[at] - mean) * scale
  }
}

/**
 * The first `wanted` components of a matrix [rows, columns] whose columns have mean 0; fewer where it has fewer rows or
 * columns. The largest weight of each is positive, so that signs are the same each time. It ends when a round adds less than
 * `tolerance` of the variance that they hold.
 */
export function findComponents(
  values: Float32Array,
  columns: number,
  wanted: number,
  onIteration: (done: number, total: number) => void = () => {},
  tolerance = 1e-7,
): Components {
  const rows = values.length / columns
  const width = Math.min(wanted + spareDirections, columns, rows)
  const random = openRandom(0, 'components')
  let basis = orthonormalise(Float64Array.from({ length: columns * width }, random.normal), width)
  let product = multiplyTwice(values, basis, width)
  let before = Number.NaN
  for (let i = 0; i < iterationsAtMost; i++) {
    basis = orthonormalise(product, width)
    product = multiplyTwice(values, basis, width)
    const held = innerProducts(basis, product, width).reduce(
      (sum, value, at) => (at % (width + 1) === 0 && at / (width + 1) < wanted ? sum + value : sum),
      0,
    )
    onIteration(i + 1, iterationsAtMost)
    if (Math.abs(held - before) <= tolerance * held) break
    before = held
  }
  const count = Math.min(wanted, width)
  const { values: variances, vectors } = decompose(innerProducts(basis, product, width), width)
  const axes = turn(basis, vectors, width, count)
  const total = values.reduce((sum, value) => sum + value * value, 0) || 1
  return {
    scores: project(values, axes, columns, count),
    explained: Array.from(variances.subarray(0, count), (variance) => Math.max(0, variance) / total),
  }
}

// X'X times a basis [columns, width].
function multiplyTwice(values: Float32Array, basis: Float64Array, width: number): Float64Array {
  const columns = basis.length / width
  const result = new Float64Array(basis.length)
  const along = new Float64Array(width)
  for (let start = 0; start < values.length; start += columns) {
    along.fill(0)
    for (let j = 0; j < columns; j++) {
      const value = values[start + j]
      for (let c = 0; c < width; c++) along[c] += value * basis[j * width + c]
    }
    for (let j = 0; j < columns; j++) {
      const value = values[start + j]
      for (let c = 0; c < width; c++) result[j * width + c] += value * along[c]
    }
  }
  return result
}

// Gram and Schmidt, twice, for the digits that the first round loses; a direction that depends on others becomes 0.
function orthonormalise(matrix: Float64Array, width: number): Float64Array {
  const result = matrix.slice()
  const dot = (a: number, b: number) => {
    let sum = 0
    for (let at = 0; at < result.length; at += width) sum += result[at + a] * result[at + b]
    return sum
  }
  for (let c = 0; c < width; c++) {
    const length = Math.sqrt(dot(c, c))
    for (let round = 0; round < 2; round++) {
      for (let other = 0; other < c; other++) {
        const shared = dot(c, other)
        for (let at = 0; at < result.length; at += width) result[at + c] -= shared * result[at + other]
      }
    }
    const rest = Math.sqrt(dot(c, c))
    const scale = rest > 1e-10 * length ? 1 / rest : 0
    for (let at = 0; at < result.length; at += width) result[at + c] *= scale
  }
  return result
}

function innerProducts(a: Float64Array, b: Float64Array, width: number): Float64Array {
  const result = new Float64Array(width * width)
  for (let start = 0; start < a.length; start += width)
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++) result[i * width + j] += a[start + i] * b[start + j]
  return result
}

// Jacobi's rotations of a symmetric matrix: eigenvalues, the largest first, and eigenvectors as columns.
function decompose(matrix: Float64Array, width: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.map((value, at) => (value + matrix[(at % width) * width + Math.floor(at / width)]) / 2)
  const vectors = new Float64Array(width * width)
  for (let i = 0; i < width; i++) vectors[i * width + i] = 1
  const rotate = (
    m: Float64Array,
    p: number,
    q: number,
    step: number,
    stride: number,
    c: number,
    s: number,
  ) => {
    for (let k = 0; k < width; k++) {
      const [x, y] = [m[k * step + p * stride], m[k * step + q * stride]]
      m[k * step + p * stride] = c * x - s * y
      m[k * step + q * stride] = s * x + c * y
    }
  }
  const size = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0))
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let p = 0; p < width; p++) {
      for (let q = p + 1; q < width; q++) {
        const between = a[p * width + q]
        off = Math.max(off, Math.abs(between))
        if (Math.abs(between) <= 1e-15 * size) continue
        const theta = (a[q * width + q] - a[p * width + p]) / (2 * between)
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        rotate(a, p, q, width, 1, c, t * c)
        rotate(a, p, q, 1, width, c, t * c)
        rotate(vectors, p, q, width, 1, c, t * c)
      }
    }
    if (off <= 1e-14 * size) break
  }
  const order = Array.from({ length: width }, (_, i) => i).sort(
    (i, j) => a[j * width + j] - a[i * width + i] || i - j,
  )
  return {
    values: Float64Array.from(order, (i) => a[i * width + i]),
    vectors: vectors.map((_, at) => vectors[Math.floor(at / width) * width + order[at % width]]),
  }
}

// The basis in the directions of the eigenvectors, the first `count`.
function turn(basis: Float64Array, vectors: Float64Array, width: number, count: number): Float64Array {
  const columns = basis.length / width
  const axes = new Float64Array(columns * count)
  for (let c = 0; c < count; c++) {
    let largest = 0
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += basis[j * width + k] * vectors[k * width + c]
      axes[j * count + c] = sum
      if (Math.abs(sum) > Math.abs(largest)) largest = sum
    }
    if (largest < 0) for (let j = 0; j < columns; j++) axes[j * count + c] *= -1
  }
  return axes
}

function project(values: Float32Array, axes: Float64Array, columns: number, count: number): Float32Array {
  const scores = new Float32Array((values.length / columns) * count)
  for (let start = 0, row = 0; start < values.length; start += columns, row += count)
    for (let c = 0; c < count; c++) {
      let sum = 0
      for (let j = 0; j < columns; j++) sum += values[start + j] * axes[j * count + c]
      scores[row + c] = sum
    }
  return scores
}
