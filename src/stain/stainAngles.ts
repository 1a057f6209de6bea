// Macenko et al. 2009 (ISBI): tissue densities are projected on the plane of their two main axes; the
// extreme angles in it, as robust percentiles, are the two stains. Only the outermost few per cent of
// pixels matter, so a small sample brackets the percentiles and only what lies beyond is computed.

import type { Eigen, Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { markPixels } from './packing.ts'
import {
  interpolate,
  percentileOf,
  rankOf,
  sampleSize,
  selectPairWith,
  selectWith,
  tailShare,
} from './quantile.ts'
import { dot, orderStains, type StainMatrix } from './stainMatrix.ts'
import { setForms, type Workspace } from './workspace.ts'

/** The two axes that angles are measured in: from `first` towards `second`. */
export interface AnglePlane {
  readonly first: Vector
  readonly second: Vector
}

/**
 * The stain vectors at percentiles `alpha` and 100 - `alpha` of the angles of the `count` tissue pixels, all pixels being
 * packed; hematoxylin first. `plane` decides where angles jump from pi to -pi; it matters only where tissue
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

  const { kernels, address } = workspace
  setForms(workspace, tables, o, m)
  const [above, below] = sampleBounds(workspace, count, tail)
  markBeyond(workspace, workspace.pixelCount, true, o, m, above, below)
  const { data, marksA, marksB, valuesA, valuesB } = address
  const { pixelCount } = workspace
  const highs = kernels.takeRatios(data, 0, pixelCount, marksA, above, 0, valuesA)
  const lows = kernels.takeRatios(data, 0, pixelCount, marksB, below, 1, valuesB)
  const { low, fraction } = rankOf(alpha, count)
  if (highs < low + 2 || lows < low + 2) return null
  const [outerB, innerB] = selectPairWith(workspace, valuesB, lows, low)
  const [innerA, outerA] = selectPairWith(workspace, valuesA, highs, highs - 2 - low)
  // Back to angles: atan2 on either side of the axis that everything lies on one side of.
  const angleOf = (cotangent: number) =>
    main === second ? Math.atan2(sign, cotangent) : Math.atan2(cotangent, sign)
  const percentileA = interpolate(angleOf(outerA), angleOf(innerA), fraction)
  const percentileB = interpolate(angleOf(outerB), angleOf(innerB), fraction)
  return [percentileA, percentileB]
}

const isOneSided = (v: Vector) => (v[0] > 0 && v[1] > 0 && v[2] > 0) || (v[0] < 0 && v[1] < 0 && v[2] < 0)

/** Ratios of both forms that the outer `tail` of a sample of the tissue pixels lies above, and below. */
export function sampleBounds(workspace: Workspace, count: number, tail: number): [number, number] {
  const { kernels, address, valuesA, valuesB } = workspace
  const size = sampleSize(count)
  kernels.sampleForms(address.data, address.offsets, count, size, address.valuesA, address.valuesB)
  for (let i = 0; i < size; i++) valuesA[i] /= valuesB[i]
  return [
    selectWith(workspace, address.valuesA, size, Math.floor((1 - tail) * (size - 1))),
    selectWith(workspace, address.valuesA, size, Math.ceil(tail * (size - 1))),
  ]
}

/** Marks the packed pixels whose ratio o / m, where m is positive, may be over `above`, and those where it may not be over `below`. */
export function markBeyond(
  workspace: Workspace,
  count: number,
  isFlagged: boolean,
  o: Vector,
  m: Vector,
  above: number,
  below: number,
): void {
  const a: Vector = [o[0] - above * m[0], o[1] - above * m[1], o[2] - above * m[2]]
  const b: Vector = [below * m[0] - o[0], below * m[1] - o[1], below * m[2] - o[2]]
  markPixels(workspace, count, isFlagged, { form: a, over: 0 }, { form: b, over: 0 })
}

function densityAt({ data }: Workspace, [red, green, blue]: DensityTables, at: number): Vector {
  return [red[data[at]], green[data[at + 1]], blue[data[at + 2]]]
}
