// Telling centers from embeddings in three ways, all from one matrix of dot products between patches.

import type { NdArray } from '../base/index.ts'

/** Dot products of `count` standardised rows with each other, row-major. */
export interface Products {
  readonly count: number
  readonly values: Float64Array
}

/** Standardises dimensions (those without spread become 0) and multiplies each row with each. */
export function multiplyRows({ data, shape: [count, dimensions] }: NdArray<'f32'>): Products {
  const x = new Float64Array(count * dimensions)
  for (let k = 0; k < dimensions; k++) {
    let [sum, squares] = [0, 0]
    for (let i = 0; i < count; i++) sum += data[i * dimensions + k]
    const mean = sum / count
    for (let i = 0; i < count; i++) squares += (data[i * dimensions + k] - mean) ** 2
    const deviation = Math.sqrt(squares / count)
    if (!(deviation > 1e-12)) continue
    for (let i = 0; i < count; i++) {
      x[i * dimensions + k] = (data[i * dimensions + k] - mean) / deviation
    }
  }
  const values = new Float64Array(count * count)
  for (let i = 0; i < count; i++) {
    const a = x.subarray(i * dimensions, (i + 1) * dimensions)
    for (let j = 0; j <= i; j++) {
      const start = j * dimensions
      let sum = 0
      for (let k = 0; k < dimensions; k++) sum += a[k] * x[start + k]
      values[i * count + j] = sum
      values[j * count + i] = sum
    }
  }
  return { count, values }
}

// Ridge's penalty as a share of the mean squared length of a row.
const penalty = 0.1

/** The center that a linear probe trained on the other folds gives each patch: ridge regression in dual form. */
export function probeLinearly(
  { count, values }: Products,
  truth: Int32Array,
  centers: number,
  fold: Int32Array,
): Int32Array {
  const told = new Int32Array(count)
  for (let held = 0; held <= Math.max(...fold); held++) {
    const train = indices(count).filter((i) => fold[i] !== held)
    const size = train.length
    const kernel = new Float64Array(size * size)
    let trace = 0
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) kernel[i * size + j] = values[train[i] * count + train[j]] + 1 // 1: the bias
      trace += kernel[i * size + i]
    }
    for (let i = 0; i < size; i++) kernel[i * size + i] += (penalty * trace) / size
    const solve = factorise(kernel, size)
    const weights = indices(centers).map((center) => {
      const own = train.filter((i) => truth[i] === center).length || 1
      return solve(Float64Array.from(train, (i) => (truth[i] === center ? 1 / own : 0)))
    })
    for (const i of indices(count).filter((other) => fold[other] === held)) {
      const scores = weights.map((weight) =>
        train.reduce((sum, j, at) => sum + weight[at] * (values[i * count + j] + 1), 0),
      )
      told[i] = scores.indexOf(Math.max(...scores))
    }
  }
  return told
}

// Cholesky's decomposition in place; the result solves for one right-hand side.
function factorise(matrix: Float64Array, size: number): (right: Float64Array) => Float64Array {
  for (let i = 0; i < size; i++) {
    const a = matrix.subarray(i * size, i * size + i)
    for (let j = 0; j <= i; j++) {
      const start = j * size
      let sum = matrix[i * size + j]
      for (let k = 0; k < j; k++) sum -= a[k] * matrix[start + k]
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[start + j]
    }
  }
  return (right) => {
    const solution = right.slice()
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < i; k++) solution[i] -= matrix[i * size + k] * solution[k]
      solution[i] /= matrix[i * size + i]
    }
    for (let i = size - 1; i >= 0; i--) {
      for (let k = i + 1; k < size; k++) solution[i] -= matrix[k * size + i] * solution[k]
      solution[i] /= matrix[i * size + i]
    }
    return solution
  }
}

const neighbours = 10

/** The center that most of the nearest patches of other folds are from; the nearer one where two have as many. */
export function voteNeighbours(
  products: Products,
  truth: Int32Array,
  centers: number,
  fold: Int32Array,
): Int32Array {
  const { count } = products
  return Int32Array.from({ length: count }, (_, i) => {
    const nearest = indices(count)
      .filter((j) => fold[j] !== fold[i])
      .map((j) => ({ center: truth[j], apart: squaredDistance(products, i, j) }))
      .sort((a, b) => a.apart - b.apart)
      .slice(0, neighbours)
    const votes = new Float64Array(centers)
    for (const [rank, { center }] of nearest.entries()) votes[center] += 1 + 1e-3 * 2 ** -rank
    return votes.indexOf(Math.max(...votes))
  })
}

/** Rousseeuw's silhouette of each patch in its center, by Euclidean distance. */
export function measureSilhouettes(products: Products, truth: Int32Array, centers: number): Float64Array {
  const { count } = products
  const sizes = new Float64Array(centers)
  for (const center of truth) sizes[center]++
  return Float64Array.from({ length: count }, (_, i) => {
    const sums = new Float64Array(centers)
    for (let j = 0; j < count; j++) sums[truth[j]] += Math.sqrt(squaredDistance(products, i, j))
    const own = sums[truth[i]] / Math.max(1, sizes[truth[i]] - 1)
    const other = Math.min(
      ...indices(centers).flatMap((center) => (center === truth[i] ? [] : [sums[center] / sizes[center]])),
    )
    return Math.max(own, other) > 0 ? (other - own) / Math.max(own, other) : 0
  })
}

function squaredDistance({ count, values }: Products, i: number, j: number): number {
  return Math.max(0, values[i * count + i] + values[j * count + j] - 2 * values[i * count + j])
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
