// Macenko et al. 2009 (ISBI): tissue densities are projected on the plane of their two main axes; the
// extreme angles in it, as robust percentiles, are the two stains. Only the outermost few per cent of
// pixels matter, so a small sample brackets the percentiles and one pass collects what lies beyond.

import type { Eigen, Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { interpolate, percentileOf, rankOf, sampleSize, select, selectPair, tailShare } from './quantile.ts'
import { dot, orderStains, type StainMatrix } from './stainMatrix.ts'
import { setForms, splitCounts, type Workspace } from './workspace.ts'

/** The two axes that angles are measured in: from `first` towards `second`. */
export interface AnglePlane {
  readonly first: Vector
  readonly second: Vector
}

/**
 * The stain vectors at percentiles `alpha` and 100 - `alpha` of the angles of the `count` tissue pixels,
 * hematoxylin first. `plane` decides where angles jump from pi to -pi; it matters only where tissue
 * straddles that line.
 */
export function findStains(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
  plane: AnglePlane,
  alpha: number,
): StainMatrix {
  const [low, high] =
    findCotangents(workspace, tables, count, plane, alpha) ??
    anglePercentiles(workspace, tables, count, plane, alpha)
  const { first, second } = plane
  const vectorAt = (angle: number): Vector => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)]
    return [first[0] * c + second[0] * s, first[1] * c + second[1] * s, first[2] * c + second[2] * s]
  }
  return orderStains(vectorAt(low), vectorAt(high))
}

/** torchstain's plane: LAPACK's second and first axis with the signs it gives them. */
export function rawPlane({ vectors }: Eigen): AnglePlane {
  return { first: vectors[1], second: vectors[2] }
}

/** StainTools' plane: first and second axis, each turned so that its red component is not negative. */
export function turnedPlane({ vectors }: Eigen): AnglePlane {
  const turn = (v: Vector): Vector => (v[0] < 0 ? [-v[0], -v[1], -v[2]] : v)
  return { first: turn(vectors[2]), second: turn(vectors[1]) }
}

function anglePercentiles(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
  { first, second }: AnglePlane,
  alpha: number,
): [number, number] {
  const { offsets, valuesA } = workspace
  for (let i = 0; i < count; i++) {
    const pixel = densityAt(workspace, tables, offsets[i])
    valuesA[i] = Math.atan2(dot(pixel, second), dot(pixel, first))
  }
  const low = percentileOf(valuesA, count, alpha)
  return [low, percentileOf(valuesA, count, 100 - alpha)]
}

// Where one axis is positive in every channel, all tissue lies on one side of it, and angles are ordered as
// their cotangents about that axis: comparing needs neither atan2 nor a division. Null where that is not so.
function findCotangents(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
  { first, second }: AnglePlane,
  alpha: number,
): [number, number] | null {
  const main = isOneSided(second) ? second : isOneSided(first) && first[0] > 0 ? first : null
  const tail = tailShare(alpha / 100, sampleSize(count))
  if (!main || !(tail < 0.5) || count < 64) return null
  const sign = main[0] < 0 ? -1 : 1
  const m: Vector = [sign * main[0], sign * main[1], sign * main[2]]
  const o = main === second ? first : second

  const { kernels, address, valuesA, valuesB } = workspace
  const products = setForms(workspace, tables, o, m)
  const size = sampleRatios(workspace, products, count)
  const above = select(valuesA, size, Math.floor((1 - tail) * (size - 1)))
  const below = select(valuesA, size, Math.ceil(tail * (size - 1)))
  const [highs, lows] = splitCounts(
    kernels.collectRatios(
      address.data,
      address.offsets,
      count,
      products,
      above,
      below,
      address.valuesA,
      address.valuesB,
    ),
  )
  const { low, fraction } = rankOf(alpha, count)
  if (highs < low + 2 || lows < low + 2) return null
  const [outerB, innerB] = selectPair(valuesB, lows, low)
  const [innerA, outerA] = selectPair(valuesA, highs, highs - 2 - low)
  // Back to angles: atan2 on either side of the axis that everything lies on one side of.
  const angleOf = (cotangent: number) =>
    main === second ? Math.atan2(sign, cotangent) : Math.atan2(cotangent, sign)
  const percentileA = interpolate(angleOf(outerA), angleOf(innerA), fraction)
  const percentileB = interpolate(angleOf(outerB), angleOf(innerB), fraction)
  return [percentileA, percentileB]
}

const isOneSided = (v: Vector) => (v[0] > 0 && v[1] > 0 && v[2] > 0) || (v[0] < 0 && v[1] < 0 && v[2] < 0)

/** Puts the ratios of both forms of a sample of the tissue pixels into `valuesA`; returns how many. */
export function sampleRatios(
  { kernels, address, valuesA, valuesB }: Workspace,
  products: number,
  count: number,
) {
  const size = sampleSize(count)
  const { data, offsets, valuesA: outA, valuesB: outB } = address
  kernels.sampleForms(data, offsets, count, size, products, outA, outB)
  for (let i = 0; i < size; i++) valuesA[i] /= valuesB[i]
  return size
}

function densityAt({ data }: Workspace, [red, green, blue]: DensityTables, at: number): Vector {
  return [red[data[at]], green[data[at + 1]], blue[data[at + 2]]]
}
