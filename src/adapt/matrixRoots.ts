// Square roots of symmetric positive definite matrices by the coupled Newton-Schulz iteration: Higham, "Functions of
// Matrices" (2008), equation 6.35.

import { f32, type NdArray } from '../base/index.ts'
import type { Product } from './product.ts'

/** The root of a matrix, and the root of its inverse. */
export interface MatrixRoots {
  readonly root: NdArray<'f32'>
  readonly inverseRoot: NdArray<'f32'>
}

/**
 * The roots of a symmetric matrix [n, n], in float32: to some digits less than its condition number takes away.
 */
export async function takeRoots(matrix: NdArray<'f32'>, product: Product): Promise<MatrixRoots> {
  const norm = Math.sqrt(matrix.data.reduce((sum, value) => sum + value * value, 0))
  let y = scaleMatrix(matrix, 1 / norm)
  let z = identity(matrix.shape[0])
  let zy = y
  // Each step brings z y nearer to the identity, until nothing but rounding is left.
  for (let apart = distanceToIdentity(zy); ; ) {
    const half = halfOf(zy)
    const [nextY, nextZ] = [symmetric(await product.run(y, half)), symmetric(await product.run(half, z))]
    zy = await product.run(nextZ, nextY)
    const next = distanceToIdentity(zy)
    if (!(next < apart)) break
    ;[y, z, apart] = [nextY, nextZ, next]
  }
  return { root: scaleMatrix(y, Math.sqrt(norm)), inverseRoot: scaleMatrix(z, 1 / Math.sqrt(norm)) }
}

// (3 I - a) / 2
function halfOf({ shape: [side], data }: NdArray<'f32'>): NdArray<'f32'> {
  return f32(
    [side, side],
    data.map((value, i) => (i % (side + 1) === 0 ? 1.5 : 0) - value / 2),
  )
}

// Products of symmetric matrices that commute are symmetric but for rounding, which would grow.
function symmetric({ shape: [side], data }: NdArray<'f32'>): NdArray<'f32'> {
  const result = f32([side, side])
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) result.data[i * side + j] = (data[i * side + j] + data[j * side + i]) / 2
  }
  return result
}

function scaleMatrix({ shape, data }: NdArray<'f32'>, factor: number): NdArray<'f32'> {
  return f32(
    shape,
    data.map((value) => value * factor),
  )
}

function identity(side: number): NdArray<'f32'> {
  const matrix = f32([side, side])
  for (let k = 0; k < side; k++) matrix.data[k * side + k] = 1
  return matrix
}

// The root of the summed squares.
function distanceToIdentity({ shape: [side], data }: NdArray<'f32'>): number {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += (data[i] - (i % (side + 1) === 0 ? 1 : 0)) ** 2
  return Math.sqrt(sum)
}
