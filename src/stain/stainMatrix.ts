// The two stain vectors and what is computed from them alone: order, mean, pseudo-inverse, angles.

import type { Vector } from './eigen.ts'

/** Unit vectors of optical density (red, green, blue): hematoxylin, then eosin. */
export type StainMatrix = readonly [Vector, Vector]

/** Two stain vectors and the concentrations that count as full strength (99th percentile, say). */
export interface StainProfile {
  readonly stains: StainMatrix
  readonly maxConcentrations: readonly [number, number]
}

/** The target that Macenko's published code carries; torchstain's default as well. */
export const publishedProfile: StainProfile = {
  stains: [
    [0.5626, 0.7201, 0.4062],
    [0.2159, 0.8012, 0.5581],
  ],
  maxConcentrations: [1.9705, 1.0308],
}

/** Puts hematoxylin first: of the two, it takes more red light away. */
export function orderStains(a: Vector, b: Vector): StainMatrix {
  return a[0] > b[0] ? [a, b] : [b, a]
}

/** `vector` at length 1; a vector of zeros stays as it is. */
export function normaliseVector([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z) || 1
  return [x / length, y / length, z / length]
}

/** The mean direction of stain vectors that are oriented and ordered alike. */
export function averageStains(matrices: readonly StainMatrix[]): StainMatrix {
  const meanOf = (stain: 0 | 1): Vector => {
    const sum = [0, 0, 0]
    for (const matrix of matrices) for (let k = 0; k < 3; k++) sum[k] += matrix[stain][k]
    return normaliseVector([sum[0], sum[1], sum[2]])
  }
  return [meanOf(0), meanOf(1)]
}

/** Two vectors are one direction where the square of the sine between them is no more. */
export const oneDirection = 1e-12

/**
 * The rows that give least-squares concentrations: c_h = row0 . density, c_e = row1 . density.
 * Null where the two vectors are one direction.
 */
export function unmixingRows([h, e]: StainMatrix): readonly [Vector, Vector] | null {
  const hh = dot(h, h)
  const he = dot(h, e)
  const ee = dot(e, e)
  const determinant = hh * ee - he * he
  if (!(determinant > oneDirection * hh * ee)) return null
  const row = (a: number, b: number): Vector => [
    (a * h[0] + b * e[0]) / determinant,
    (a * h[1] + b * e[1]) / determinant,
    (a * h[2] + b * e[2]) / determinant,
  ]
  return [row(ee, -he), row(-he, hh)]
}

/** The angle between two vectors in degrees, 0 to 180. */
export function angleBetween(a: Vector, b: Vector): number {
  const [x, y] = [normaliseVector(a), normaliseVector(b)]
  const apart = Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2])
  return (2 * Math.asin(Math.min(1, apart / 2)) * 180) / Math.PI // exact for small angles, unlike acos
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
