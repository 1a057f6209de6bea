// Macenko's extreme angles, made steadier: axes through the origin instead of the mean (clear glass has no
// density, so stains span a plane through 0), and every pixel weighted by its density, since a pale pixel's
// angle is mostly noise. Percentiles come from a fine histogram in one pass.

import { decomposeSymmetric, type Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { normaliseVector, orderStains, type StainMatrix } from './stainMatrix.ts'
import { secondMomentsOf } from './tissue.ts'

const bins = 2048

/** The stains at percentiles `alpha` and 100 - `alpha` of `count` >= 1 tissue pixels, without negative parts. */
export function findWeightedStains(
  data: Uint8Array,
  tables: DensityTables,
  offsets: Int32Array,
  count: number,
  alpha: number,
): StainMatrix {
  const { vectors } = decomposeSymmetric(secondMomentsOf(data, tables, offsets, count))
  const main = turnPositive(vectors[2])
  const other = vectors[1]
  const weights = weighTangents(data, tables, offsets, count, main, other)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
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
  data: Uint8Array,
  [red, green, blue]: DensityTables,
  offsets: Int32Array,
  count: number,
  [mx, my, mz]: Vector,
  [ox, oy, oz]: Vector,
): Float64Array {
  const weights = new Float64Array(bins)
  for (let i = 0; i < count; i++) {
    const at = offsets[i]
    const x = red[data[at]]
    const y = green[data[at + 1]]
    const z = blue[data[at + 2]]
    const along = x * mx + y * my + z * mz
    const tangent = (x * ox + y * oy + z * oz) / along
    const bin = ((tangent + 1) * (bins / 2)) | 0
    weights[bin < 0 ? 0 : bin >= bins ? bins - 1 : bin] += along
  }
  return weights
}

function tangentAt(weights: Float64Array, wanted: number): number {
  let bin = 0
  let passed = weights[0]
  while (passed < wanted && bin < bins - 1) passed += weights[++bin]
  const within = weights[bin] > 0 ? (passed - wanted) / weights[bin] : 0
  return (bin + 1 - within) / (bins / 2) - 1
}
