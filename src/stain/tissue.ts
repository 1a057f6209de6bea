// Which pixels of a patch are tissue, and how their optical densities spread. Byte offsets of tissue pixels
// are collected without a branch, since tissue borders are what a processor cannot predict.

import type { Symmetric } from './eigen.ts'
import { rgbToLightness8 } from './lab8.ts'
import type { DensityTables } from './opticalDensity.ts'
import { histogramPercentile } from './quantile.ts'

/** Buffers for one patch, so that a batch allocates once. */
export interface Workspace {
  /** Byte offsets of the tissue pixels. */
  readonly offsets: Int32Array
  readonly valuesA: Float64Array
  readonly valuesB: Float64Array
}

/** Buffers for patches of `pixelCount` pixels. */
export function openWorkspace(pixelCount: number): Workspace {
  return {
    offsets: new Int32Array(pixelCount + 1),
    valuesA: new Float64Array(pixelCount + 1),
    valuesB: new Float64Array(pixelCount + 1),
  }
}

/** Notes the pixels none of whose channels is above `highestLevel`; returns how many there are. */
export function findTissue(data: Uint8Array, highestLevel: number, offsets: Int32Array): number {
  const above = highestLevel + 1
  let count = 0
  for (let at = 0; at < data.length; at += 3) {
    offsets[count] = at
    count += ((data[at] - above) & (data[at + 1] - above) & (data[at + 2] - above)) >>> 31
  }
  return count
}

/**
 * Notes the pixels whose densities sum to at least `least`, leaving out near black: bars, folds, dust.
 * Returns how many there are.
 */
export function findDensePixels(
  data: Uint8Array,
  [red, green, blue]: DensityTables,
  least: number,
  offsets: Int32Array,
): number {
  let count = 0
  for (let at = 0; at < data.length; at += 3) {
    const r = data[at]
    const g = data[at + 1]
    const b = data[at + 2]
    offsets[count] = at
    if (red[r] + green[g] + blue[b] >= least && r + g + b >= nearBlack) count++
  }
  return count
}

const nearBlack = 60

/** The mean products (second moments about 0) of the densities of `count` >= 1 tissue pixels. */
export function secondMomentsOf(
  data: Uint8Array,
  [red, green, blue]: DensityTables,
  offsets: Int32Array,
  count: number,
): Symmetric {
  let [rr, rg, rb, gg, gb, bb] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    const at = offsets[i]
    const x = red[data[at]]
    const y = green[data[at + 1]]
    const z = blue[data[at + 2]]
    rr += x * x
    rg += x * y
    rb += x * z
    gg += y * y
    gb += y * z
    bb += z * z
  }
  return [rr / count, rg / count, rb / count, gg / count, gb / count, bb / count]
}

/**
 * The covariance (n - 1 in the denominator) of the densities of `count` >= 2 tissue pixels.
 * Sums are taken about the first pixel, so that one colour all over gives exact zeros.
 */
export function covarianceOf(
  data: Uint8Array,
  [red, green, blue]: DensityTables,
  offsets: Int32Array,
  count: number,
): Symmetric {
  const r0 = red[data[offsets[0]]]
  const g0 = green[data[offsets[0] + 1]]
  const b0 = blue[data[offsets[0] + 2]]
  let [r, g, b, rr, rg, rb, gg, gb, bb] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    const at = offsets[i]
    const x = red[data[at]] - r0
    const y = green[data[at + 1]] - g0
    const z = blue[data[at + 2]] - b0
    r += x
    g += y
    b += z
    rr += x * x
    rg += x * y
    rb += x * z
    gg += y * y
    gb += y * z
    bb += z * z
  }
  const spread = (product: number, a: number, c: number) => (product - (a * c) / count) / (count - 1)
  return [
    spread(rr, r, r),
    spread(rg, r, g),
    spread(rb, r, b),
    spread(gg, g, g),
    spread(gb, g, b),
    spread(bb, b, b),
  ]
}

/**
 * Notes the pixels whose 8-bit CIELAB L is below `threshold` (0 to 1), as StainTools does; with `isStretched`
 * levels are first stretched from their 2nd and 98th percentile to 0 and 255, as tiatoolbox does.
 */
export function findDarkPixels(
  data: Uint8Array,
  threshold: number,
  isStretched: boolean,
  { offsets }: Workspace,
): number {
  const lightness = new Uint8Array(data.length / 3)
  rgbToLightness8(isStretched ? stretchContrast(data) : data, lightness)
  let count = 0
  for (let i = 0; i < lightness.length; i++) {
    offsets[count] = 3 * i
    if (lightness[i] / 255 < threshold) count++
  }
  return count
}

function stretchContrast(data: Uint8Array): Uint8Array {
  const histogram = new Uint32Array(256)
  for (const level of data) histogram[level]++
  let low = histogramPercentile(histogram, 2)
  let high = histogramPercentile(histogram, 98)
  if (low >= high) {
    low = histogramPercentile(histogram, 0)
    high = histogramPercentile(histogram, 100)
  }
  if (low >= high) return data
  const table = Uint8Array.from({ length: 256 }, (_, level) => {
    const clipped = Math.min(Math.max(level, low), high)
    return ((clipped - low) / (high - low)) * 255
  })
  return data.map((level) => table[level])
}
