// Stain separation in Eosin's own way as graph ops: for each patch its glass, its tissue, two stain vectors, their
// strengths, and the tissue rebuilt in the reference's stains. Step by step what stain/separationMethod.ts does, in
// float64, so that bytes are the same but where a sum in another order falls on the other side of a whole number.

import { ndarray, sizeOf } from '../base/index.ts'
import * as g from '../graph/index.ts'
import type { Vector3, WrittenStains } from './stainVectors.ts'
import { dot3, joinVector, lengthOf, mainAxes, pickRank, splitVector, tableOf } from './stainVectors.ts'

/** What the methods need of their options; as in stain/separationMethod.ts. */
export interface SeparationChoices {
  readonly io: number
  readonly density: number
  readonly minTissue: number
  readonly percentile: number
  readonly minAngle: number
  readonly maxGain: number
}

/** The reference's stains and strengths. */
export interface SeparationTarget {
  readonly stains: readonly [readonly number[], readonly number[]]
  readonly maxConcentrations: readonly [number, number]
}

/** A patch's pixels seen as densities: [n, 1, pixels] for each channel; `tissue` is bool. */
export interface Densities {
  readonly channels: Vector3
  readonly tissue: g.Value
  /** Tissue pixels of each patch, [n, 1, 1]. */
  readonly count: g.Value
}

/** Bytes [n, height, width, 3] (float64) in the target's stains; `findStains` gives each patch's own. */
export function writeSeparation(
  bytes: g.Value,
  choices: SeparationChoices,
  target: SeparationTarget,
  findStains: (densities: Densities) => WrittenStains,
): g.Value {
  const [batch, height, width] = bytes.shape as readonly [g.Side, number, number]
  const pixels = g.transpose(g.reshape(bytes, [batch, height * width, 3]), [0, 2, 1])
  const densities = measureDensities(pixels, choices)
  const { stains, isFound } = findStains(densities)
  const rows = unmix(stains)
  const strengths = rows.rows.map((row) => measureStrength(densities, row, choices.percentile))
  const conditions = [
    hasEnough(densities, choices.minTissue),
    isFound,
    isApart(stains, choices.minAngle),
    rows.isApart,
    g.greater(strengths[0], 0),
    g.greater(strengths[1], 0),
  ]
  const rebuilt = rebuild(densities, rows.rows, strengths, target, choices)
  const changes = conditions.reduce((all, one) => g.and(all, one), densities.tissue)
  return g.reshape(g.transpose(g.where(changes, rebuilt, pixels), [0, 2, 1]), bytes.shape)
}

/** Whether a patch has the least share of tissue that it can be fitted on, [n, 1, 1]. */
export function hasEnough({ tissue, count }: Densities, minTissue: number): g.Value {
  const least = Math.max(16, minTissue * (tissue.shape[2] as number))
  return g.greater(count, least - 0.5 ** 20) // no whole number is that near below the least
}

const logarithms = tableOf((level) => Math.log(level), 257)

/** Densities and tissue of pixels [n, 3, pixels], seen against each patch's own glass. */
export function measureDensities(
  pixels: g.Value,
  { io, density }: Pick<SeparationChoices, 'io' | 'density'>,
): Densities {
  const white = estimateWhite(pixels, Math.min(255, Math.round(io) - 1))
  const logOf = (level: g.Value) => g.gather(logarithms, g.cast(g.add(level, 1), 'i64'))
  const channels = splitVector(g.maximum(g.sub(logOf(white), logOf(pixels)), 0))
  const [x, y, z] = channels
  const sum = g.add(g.add(x, y), z)
  const level = g.reduceSum(pixels, { axes: [1], keep: true })
  const isNot = (condition: g.Value) => g.equal(g.cast(condition, 'f64'), 0)
  const tissue = g.and(isNot(g.greater(3 * density, sum)), isNot(g.greater(60, level)))
  return { channels, tissue, count: g.reduceSum(g.cast(tissue, 'f64'), { axes: [2], keep: true }) }
}

// The level that one pixel in a hundred of a sample exceeds, or `otherwise` where that is no glass: [n, 3, 1].
function estimateWhite(pixels: g.Value, otherwise: number): g.Value {
  const count = pixels.shape[2] as number
  const step = Math.max(1, Math.floor(count / 4096))
  const sampled = Math.ceil(count / step)
  const levels = g.slice(pixels, 2, 0, count, step)
  const above = sampled - Math.floor(0.99 * sampled)
  const white = g.slice(g.largest(levels, above), 2, above - 1, above)
  const highest = g.reduceMax(white, { axes: [1], keep: true })
  const darkest = g.neg(g.reduceMax(g.neg(white), { axes: [1], keep: true }))
  const isGlass = g.and(g.greater(darkest, 204.5), g.greater(40.5, g.sub(highest, darkest)))
  return g.where(isGlass, white, otherwise)
}

// Whether two stains are at least `degrees` apart: their unit vectors' distance is the chord of the angle.
function isApart([h, e]: WrittenStains['stains'], degrees: number): g.Value {
  const unit = (v: Vector3) => v.map((part) => g.div(part, lengthOf(v))) as unknown as Vector3
  const [a, b] = [unit(h), unit(e)]
  const apart = lengthOf(a.map((part, k) => g.sub(part, b[k])) as unknown as Vector3)
  return g.greater(apart, 2 * Math.sin((degrees * Math.PI) / 360))
}

function unmix([h, e]: WrittenStains['stains']): { rows: readonly [Vector3, Vector3]; isApart: g.Value } {
  const [hh, he, ee] = [dot3(h, h), dot3(h, e), dot3(e, e)]
  const determinant = g.sub(g.mul(hh, ee), g.mul(he, he))
  const row = (a: g.Value, b: g.Value) =>
    [0, 1, 2].map((k) => g.div(g.add(g.mul(a, h[k]), g.mul(b, e[k])), determinant)) as unknown as Vector3
  return {
    rows: [row(ee, g.neg(he)), row(g.neg(he), hh)],
    isApart: g.greater(determinant, g.mul(g.mul(hh, ee), 1e-12)),
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
  { stains, maxConcentrations }: SeparationTarget,
  { io, maxGain }: SeparationChoices,
): g.Value {
  const scale = strengths.map((own, i) => g.minimum(g.div(maxConcentrations[i], own), maxGain))
  const outputs = [0, 1, 2].map((k) => {
    const [a, b] = [g.mul(scale[0], stains[0][k]), g.mul(scale[1], stains[1][k])]
    const factors = channels.map((density, j) => {
      const weight = g.add(g.mul(a, rows[0][j]), g.mul(b, rows[1][j]))
      const factor = g.exp(g.mul(g.neg(weight), density))
      return j === 0 ? g.mul(factor, io) : factor
    })
    return g.floor(g.minimum(g.mul(g.mul(factors[0], factors[1]), factors[2]), 255))
  })
  return joinVector(outputs as unknown as Vector3)
}

const bins = 1024

/** Macenko's stains as stain/weightedAngles.ts finds them: extreme angles about the main axis of the densities. */
export function writeMacenkoStains(densities: Densities, alpha: number): WrittenStains {
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
    const v = main.map((part, k) => g.maximum(g.add(part, g.mul(tangent, other[k])), 0)) as unknown as Vector3
    const length = lengthOf(v)
    const safe = g.where(g.greater(length, 0), length, 1)
    return v.map((part) => g.div(part, safe)) as unknown as Vector3
  }
  const [low, high] = [vectorAt(alpha / 100), vectorAt(1 - alpha / 100)]
  const isLowFirst = g.greater(low[0], high[0])
  const choose = (a: Vector3, b: Vector3) =>
    a.map((part, k) => g.where(isLowFirst, part, b[k])) as unknown as Vector3
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

/** The same two stains for every patch. */
export function writeFixedStains(stains: readonly (readonly number[])[]): WrittenStains {
  const number = (value: number) => g.constant(ndarray('f64', [1, 1, 1], Float64Array.of(value)))
  const [h, e] = stains.map((stain) => stain.map(number) as unknown as Vector3)
  const isFound = g.constant(ndarray('bool', [1, 1, 1], new Uint8Array(sizeOf([1])).fill(1)))
  return { stains: [h, e], isFound }
}
