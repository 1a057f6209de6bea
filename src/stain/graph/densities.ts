// A patch's glass, densities and tissue as graph ops: what stain/glass.ts, stain/opticalDensity.ts and stain/tissue.ts
// find in Eosin's own way, in float64.

import * as g from '../../graph/index.ts'
import type { DensityOptions } from '../densityView.ts'
import { assumedGlass, glassRule } from '../glass.ts'
import { logarithms } from '../opticalDensity.ts'
import { leastTissue, nearBlack } from '../tissue.ts'
import { lookUp, splitVector, tableOf, type Vector3 } from './vectors.ts'

/** A patch's pixels seen as densities: [n, 1, pixels] for each channel; `tissue` is bool. */
export interface Densities {
  readonly channels: Vector3
  readonly tissue: g.Value
  /** Tissue pixels of each patch, [n, 1, 1]. */
  readonly count: g.Value
}

/** Whether a patch has the least share of tissue that it can be fitted on, [n, 1, 1]. */
export function hasEnough({ tissue, count }: Densities, minTissue: number): g.Value {
  const least = leastTissue(minTissue, tissue.shape[2] as number)
  return g.greater(count, least - 0.5 ** 20) // no whole number is that near below the least
}

/** Densities and tissue of pixels [n, 3, pixels], seen against each patch's own glass. */
export function measureDensities(
  pixels: g.Value,
  { io, density }: Pick<DensityOptions, 'io' | 'density'>,
): Densities {
  const white = estimateWhite(pixels, assumedGlass(io))
  const table = tableOf(logarithms)
  const logOf = (level: g.Value) => lookUp(table, g.add(level, 1))
  const channels = splitVector(g.maximum(g.sub(logOf(white), logOf(pixels)), 0))
  const [x, y, z] = channels
  const sum = g.add(g.add(x, y), z)
  const level = g.reduceSum(pixels, { axes: [1], keep: true })
  const isNot = (condition: g.Value) => g.equal(g.cast(condition, 'f64'), 0)
  const tissue = g.and(isNot(g.greater(3 * density, sum)), isNot(g.greater(nearBlack, level)))
  return { channels, tissue, count: g.reduceSum(g.cast(tissue, 'f64'), { axes: [2], keep: true }) }
}

// The level that one pixel in a hundred of a sample exceeds, or `otherwise` where that is no glass: [n, 3, 1].
function estimateWhite(pixels: g.Value, otherwise: number): g.Value {
  const count = pixels.shape[2] as number
  const { sample, share } = glassRule
  const step = Math.max(1, Math.floor(count / sample))
  const sampled = Math.ceil(count / step)
  const levels = g.slice(pixels, 2, 0, count, step)
  const above = sampled - Math.floor(share * sampled)
  const white = g.slice(g.largest(levels, above), 2, above - 1, above)
  const highest = g.reduceMax(white, { axes: [1], keep: true })
  const darkest = g.neg(g.reduceMax(g.neg(white), { axes: [1], keep: true }))
  const isGlass = g.and(
    g.greater(darkest, glassRule.darkest - 0.5),
    g.greater(glassRule.apart + 0.5, g.sub(highest, darkest)),
  )
  return g.where(isGlass, white, otherwise)
}
