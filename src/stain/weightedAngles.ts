// Macenko's extreme angles, made steadier: axes through the origin instead of the mean (clear glass has no
// density, so stains span a plane through 0), and every pixel weighted by its density, since a pale pixel's
// angle is mostly noise. Percentiles come from a fine histogram; only the outer pixels, which a sample tells, are counted.

import { decomposeSymmetric, type Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { sampleSize, tailShare } from './quantile.ts'
import { markBeyond, sampleBounds } from './stainAngles.ts'
import { dot, normaliseVector, orderStains, type StainMatrix } from './stainMatrix.ts'
import { momentsOf } from './tissue.ts'
import { setForms, type Workspace } from './workspace.ts'

/** The histogram's bins: tangents from -1 to 1. */
export const bins = 1024

type Axes = readonly [other: Vector, main: Vector]

/** The stains at percentiles `alpha` and 100 - `alpha` of `count` >= 1 tissue pixels, which are packed, without negative parts. */
export function findWeightedStains(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
  alpha: number,
): StainMatrix {
  const { sums, products } = momentsOf(workspace, tables, count)
  const { vectors } = decomposeSymmetric(products)
  const main = turnPositive(vectors[2])
  const other = vectors[1]
  const wanted = (alpha / 100) * dot(main, sums)
  setForms(workspace, tables, other, main)
  const axes: Axes = [other, main]
  const [low, high] =
    findOuterTangents(workspace, axes, count, wanted, 1.3 * alpha) ??
    findOuterTangents(workspace, axes, count, wanted, 3 * alpha) ??
    findTangents(workspace, axes, count, wanted, null)!
  const vectorAt = (tangent: number) => {
    const [x, y, z] = [0, 1, 2].map((k) => Math.max(0, main[k] + tangent * other[k]))
    return normaliseVector([x, y, z])
  }
  return orderStains(vectorAt(low), vectorAt(high))
}

// All densities are positive, so the main axis can be turned to have no negative part worth the name.
function turnPositive(v: Vector): Vector {
  return v[0] + v[1] + v[2] < 0 ? [-v[0], -v[1], -v[2]] : v
}

// The same from the outer pixels alone: `percent` of them on either side, as a sample tells. They are pale and weigh less than others, so
// that more are needed than the percentile says; null where these are too few, or so many that all may be counted.
function findOuterTangents(
  workspace: Workspace,
  axes: Axes,
  count: number,
  wanted: number,
  percent: number,
): [number, number] | null {
  const tail = tailShare(percent / 100, sampleSize(count))
  if (tail > 0.3 || count < 64) return null
  const [above, below] = sampleBounds(workspace, count, tail)
  const edge = (tangent: number) => Math.max(0, Math.min(bins, ((tangent + 1) * bins) / 2))
  return findTangents(workspace, axes, count, wanted, [Math.ceil(edge(below)), Math.floor(edge(above))])
}

// The tangents other / main that `wanted` of the pixels' weight lies under, and over; with bounds, pixels between them
// are not counted, and where the rest weighs too little the answer is null.
function findTangents(
  workspace: Workspace,
  [other, main]: Axes,
  count: number,
  wanted: number,
  bounds: readonly [number, number] | null,
): [number, number] | null {
  const { kernels, address, memory } = workspace
  const weights = new Float64Array(memory, address.weights, bins).fill(0)
  const [end, start] = bounds ?? [bins, 0]
  const [below, above] = bounds ? [end, start].map((bin) => bin / (bins / 2) - 1) : [Infinity, Infinity]
  markBeyond(workspace, count, false, other, main, above, below)
  const { data, offsets, marksA, marksB } = address
  kernels.weighRatios(data, offsets, count, marksA, marksB, above, below, bins, address.weights)
  const low = passWeights(wanted, end, (bin) => weights[bin])
  const high = passWeights(wanted, bins - start, (bin) => weights[bins - 1 - bin])
  if (bounds && (low === null || high === null)) return null
  return [(low ?? bins) / (bins / 2) - 1, 1 - (high ?? bins) / (bins / 2)]
}

// How many bins, to the fraction, hold `wanted` weight; null where the first `end` do not.
function passWeights(wanted: number, end: number, weightOf: (bin: number) => number): number | null {
  let passed = 0
  for (let bin = 0; bin < end; bin++) {
    const weight = weightOf(bin)
    if (weight > 0 && passed + weight >= wanted) return bin + (wanted - passed) / weight
    passed += weight
  }
  return null
}
