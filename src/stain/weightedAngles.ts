// Macenko's extreme angles, made steadier: axes through the origin instead of the mean (clear glass has no
// density, so stains span a plane through 0), and every pixel weighted by its density, since a pale pixel's
// angle is mostly noise. Percentiles come from a fine histogram in one pass.

import { decomposeSymmetric, type Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { normaliseVector, orderStains, type StainMatrix } from './stainMatrix.ts'
import { secondMomentsOf } from './tissue.ts'
import { setForms, type Workspace } from './workspace.ts'

const bins = 1024

/** The stains at percentiles `alpha` and 100 - `alpha` of `count` >= 1 tissue pixels, without negative parts. */
export function findWeightedStains(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
  alpha: number,
): StainMatrix {
  const { vectors } = decomposeSymmetric(secondMomentsOf(workspace, tables, count))
  const main = turnPositive(vectors[2])
  const other = vectors[1]
  const weights = weighTangents(workspace, tables, count, main, other)
  let total = 0
  for (let bin = 0; bin < bins; bin++) total += weights[bin]
  const vectorAt = (share: number) => {
    const tangent = tangentAt(weights, share * total)
    const [x, y, z] = [0, 1, 2].map((k) => Math.max(0, main[k] + tangent * other[k]))
    return normaliseVector([x, y, z])
  }
  return orderStains(vectorAt(alpha / 100), vectorAt(1 - alpha / 100))
}

// All densities are positive, so the main axis can be turned to have no negative part worth the name.
function turnPositive(v: Vector): Vector {
  return v[0] + v[1] + v[2] < 0 ? [-v[0], -v[1], -v[2]] : v
}

// The histogram of other / main, from -1 to 1: 45 degrees to either side, more than two stains ever span.
function weighTangents(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
  main: Vector,
  other: Vector,
): Float64Array {
  const { kernels, address, memory } = workspace
  const weights = new Float64Array(memory, address.weights, 2 * bins).fill(0)
  const products = setForms(workspace, tables, other, main)
  kernels.weighRatios(address.data, address.offsets, count, products, bins, address.weights)
  return weights
}

function tangentAt(weights: Float64Array, wanted: number): number {
  let bin = 0
  let passed = weights[0]
  while (passed < wanted && bin < bins - 1) passed += weights[++bin]
  const within = weights[bin] > 0 ? (passed - wanted) / weights[bin] : 0
  return (bin + 1 - within) / (bins / 2) - 1
}
