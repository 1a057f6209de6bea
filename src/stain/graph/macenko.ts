// Macenko's stain vectors as graph ops, as stain/weightedAngles.ts finds them. ONNX has no histogram: sums by bins are
// products, and the bin of a percentile is found by quarters.

import { ndarray } from '../../base/index.ts'
import * as g from '../../graph/index.ts'
import type { MacenkoOptions } from '../macenko.ts'
import type { StainProfile } from '../stainMatrix.ts'
import { bins } from '../weightedAngles.ts'
import type { Densities } from './densities.ts'
import { mainAxes } from './mainAxes.ts'
import { type FoundStains, writeSeparation } from './separation.ts'
import { dot3, lengthOf, mapVector, type Vector3 } from './vectors.ts'

/** Bytes [n, height, width, 3] (float64) with each patch's own two stains brought to the fit's. */
export function writeMacenko(bytes: g.Value, fit: StainProfile, options: MacenkoOptions): g.Value {
  return writeSeparation(bytes, fit, options, (densities) => findExtremes(densities, options.alpha))
}

// Extreme angles about the main axis of the densities.
function findExtremes(densities: Densities, alpha: number): FoundStains {
  const { channels, tissue, count } = densities
  const weights = channels.map((density) => g.where(tissue, density, 0))
  const product = (i: number, j: number) =>
    g.div(g.reduceSum(g.mul(weights[i], weights[j]), { axes: [2], keep: true }), g.maximum(count, 1))
  const { main, other } = mainAxes([
    [product(0, 0), product(0, 1), product(0, 2)],
    [product(0, 1), product(1, 1), product(1, 2)],
    [product(0, 2), product(1, 2), product(2, 2)],
  ])
  const along = g.where(tissue, dot3(channels, main), 0)
  const ratio = g.div(dot3(channels, other), along)
  const raw = g.floor(g.mul(g.add(ratio, 1), bins / 2))
  const bin = g.where(tissue, g.minimum(g.maximum(raw, 0), bins - 1), 0)
  const total = g.reduceSum(along, { axes: [2], keep: true })
  const histogram = openHistogram(bin, along)
  const vectorAt = (share: number): Vector3 => {
    const tangent = tangentAt(histogram, g.mul(total, share))
    const v = mapVector(main, (part, k) => g.maximum(g.add(part, g.mul(tangent, other[k])), 0))
    const length = lengthOf(v)
    const safe = g.where(g.greater(length, 0), length, 1)
    return mapVector(v, (part) => g.div(part, safe))
  }
  const [low, high] = [vectorAt(alpha / 100), vectorAt(1 - alpha / 100)]
  const isLowFirst = g.greater(low[0], high[0])
  const choose = (a: Vector3, b: Vector3) => mapVector(a, (part, k) => g.where(isLowFirst, part, b[k]))
  return { stains: [choose(low, high), choose(high, low)], isFound: g.greater(total, 0) }
}

// Sums of weights by bins, as products.
interface Histogram {
  /** Of the weights in bins below each edge: [n, edges, 1]. */
  sumBelow(edges: g.Value): g.Value
  sumIn(bin: g.Value): g.Value
}

function openHistogram(bin: g.Value, weights: g.Value): Histogram {
  const column = g.transpose(weights, [0, 2, 1])
  return {
    // Bins and edges are whole numbers: cut to 0 or 1, which is far faster than a comparison and a cast.
    sumBelow: (edges) => g.matmul(g.minimum(g.maximum(g.sub(edges, bin), 0), 1), column),
    sumIn: (one) => g.matmul(g.cast(g.equal(bin, one), 'f64'), column),
  }
}

// The first bin at which the weights up to it reach `wanted`, by quarters, and where within it.
function tangentAt({ sumBelow, sumIn }: Histogram, wanted: g.Value): g.Value {
  const ends = g.constant(ndarray('f64', [1, 4, 1], Float64Array.of(1, 2, 3, 4)))
  let bin = g.mul(wanted, 0)
  let passed = bin
  for (let step = bins / 4; step >= 1; step /= 4) {
    const sums = sumBelow(g.add(bin, g.mul(ends, step)))
    const isShort = g.cast(g.greater(wanted, sums), 'f64')
    const quarter = g.minimum(g.reduceSum(isShort, { axes: [1], keep: true }), 3)
    const isOwn = g.equal(ends, g.add(quarter, 1))
    passed = g.reduceSum(g.where(isOwn, sums, 0), { axes: [1], keep: true })
    bin = g.add(bin, g.mul(quarter, step))
  }
  const own = sumIn(bin)
  const isEmpty = g.equal(own, 0)
  const within = g.where(isEmpty, 0, g.div(g.sub(passed, wanted), g.where(isEmpty, 1, own)))
  return g.sub(g.mul(g.sub(g.add(bin, 1), within), 2 / bins), 1)
}
