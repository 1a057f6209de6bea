// Stain separation in Eosin's own way as graph ops: for each patch its glass, its tissue, two stain vectors, their
// strengths, and the tissue rebuilt in the reference's stains. Step by step what stain/separationMethod.ts does, in
// float64, so that bytes are the same but where a sum in another order falls on the other side of a whole number.

import * as g from '../../graph/index.ts'
import type { SeparationOptions } from '../separationMethod.ts'
import { oneDirection, type StainProfile } from '../stainMatrix.ts'
import { type Densities, hasEnough, measureDensities } from './densities.ts'
import { dot3, joinVector, layOut, lengthOf, lineUp, mapVector, pickRank, type Vector3 } from './vectors.ts'

/** Hematoxylin and eosin of each patch, and whether it has any. */
export interface FoundStains {
  readonly stains: readonly [Vector3, Vector3]
  readonly isFound: g.Value
}

/** Bytes [n, height, width, 3] (float64) in the target's stains; `findStains` gives each patch's own. */
export function writeSeparation(
  bytes: g.Value,
  target: StainProfile,
  options: SeparationOptions,
  findStains: (densities: Densities) => FoundStains,
): g.Value {
  const pixels = lineUp(bytes)
  const densities = measureDensities(pixels, options)
  const { stains, isFound } = findStains(densities)
  const { rows, areTwo } = unmix(stains)
  const strengths = rows.map((row) => measureStrength(densities, row, options.percentile))
  const conditions = [
    hasEnough(densities, options.minTissue),
    isFound,
    isApart(stains, options.minAngle),
    areTwo,
    g.greater(strengths[0], 0),
    g.greater(strengths[1], 0),
  ]
  const rebuilt = rebuild(densities, rows, strengths, target, options)
  const changes = conditions.reduce((all, one) => g.and(all, one), densities.tissue)
  return layOut(g.where(changes, rebuilt, pixels), bytes)
}

// Whether two stains are at least `degrees` apart: their unit vectors' distance is the chord of the angle.
function isApart([h, e]: FoundStains['stains'], degrees: number): g.Value {
  const unit = (v: Vector3) => mapVector(v, (part) => g.div(part, lengthOf(v)))
  const [a, b] = [unit(h), unit(e)]
  const apart = lengthOf(mapVector(a, (part, k) => g.sub(part, b[k])))
  return g.greater(apart, 2 * Math.sin((degrees * Math.PI) / 360))
}

// The rows that give concentrations, and whether the two stains are more than one direction.
function unmix([h, e]: FoundStains['stains']): { rows: readonly [Vector3, Vector3]; areTwo: g.Value } {
  const [hh, he, ee] = [dot3(h, h), dot3(h, e), dot3(e, e)]
  const determinant = g.sub(g.mul(hh, ee), g.mul(he, he))
  const row = (a: g.Value, b: g.Value) =>
    mapVector(h, (part, k) => g.div(g.add(g.mul(a, part), g.mul(b, e[k])), determinant))
  return {
    rows: [row(ee, g.neg(he)), row(g.neg(he), hh)],
    areTwo: g.greater(determinant, g.mul(g.mul(hh, ee), oneDirection)),
  }
}

// A percentile of a concentration over the tissue pixels, numpy's way: [n, 1, 1].
function measureStrength({ channels, tissue, count }: Densities, row: Vector3, percent: number): g.Value {
  const pixels = tissue.shape[2] as number
  const values = g.where(tissue, dot3(channels, row), -1e300)
  const most = Math.min(pixels, Math.ceil((1 - percent / 100) * (pixels - 1)) + 2)
  const falling = g.largest(values, most)
  const last = g.sub(count, 1)
  const position = g.mul(last, percent / 100)
  const low = g.minimum(g.floor(position), g.maximum(g.sub(count, 2), 0))
  const fromTop = g.sub(last, low)
  const [a, b] = [pickRank(falling, fromTop), pickRank(falling, g.sub(fromTop, 1))]
  const fraction = g.sub(position, low)
  const rise = g.sub(b, a)
  const fromLow = g.add(a, g.mul(rise, fraction))
  const fromHigh = g.sub(b, g.mul(rise, g.sub(1, fraction)))
  return g.where(g.greater(0.5, fraction), fromLow, fromHigh)
}

// io exp(-M d), M taking the patch's concentrations to the target's stains at the target's strengths.
function rebuild(
  { channels }: Densities,
  rows: readonly [Vector3, Vector3],
  strengths: readonly g.Value[],
  { stains, maxConcentrations }: StainProfile,
  { io, maxGain }: SeparationOptions,
): g.Value {
  const scale = strengths.map((own, i) => g.minimum(g.div(maxConcentrations[i], own), maxGain))
  const outputs = mapVector(channels, (_, k) => {
    const [a, b] = [g.mul(scale[0], stains[0][k]), g.mul(scale[1], stains[1][k])]
    const factors = channels.map((density, j) => {
      const weight = g.add(g.mul(a, rows[0][j]), g.mul(b, rows[1][j]))
      const factor = g.exp(g.mul(g.neg(weight), density))
      return j === 0 ? g.mul(factor, io) : factor
    })
    return g.floor(g.minimum(g.mul(g.mul(factors[0], factors[1]), factors[2]), 255))
  })
  return joinVector(outputs)
}
