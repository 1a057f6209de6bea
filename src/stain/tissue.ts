// Which pixels of a patch are tissue, and how their optical densities spread.

import type { Symmetric, Vector } from './eigen.ts'
import { rgbToLightness8 } from './lab8.ts'
import type { DensityTables } from './opticalDensity.ts'
import { densityScale, packAll, sumLane } from './packing.ts'
import { histogramPercentile } from './quantile.ts'
import type { Workspace } from './workspace.ts'

/** Notes the pixels none of whose channels is above `highestLevel` and packs all; returns how many are noted. */
export function findTissue(workspace: Workspace, tables: DensityTables, highestLevel: number): number {
  const { kernels, address, pixelCount } = workspace
  workspace.setLevels(tables, densityScale, highestLevel)
  return kernels.findBelow(address.data, pixelCount, address.packed, address.offsets)
}

/**
 * Notes and packs the pixels whose densities (densityTablesBelow's) sum to at least `least`, leaving out near black: bars,
 * folds, dust. Returns how many there are.
 */
export function findDensePixels(workspace: Workspace, tables: DensityTables, least: number): number {
  const { kernels, address, pixelCount } = workspace
  workspace.setTables(tables)
  workspace.setLevels(tables, densityScale, sumLane)
  const steps = least * densityScale
  // What near black has at the least: three equal levels, since a density falls ever more slowly.
  const dark = tables.reduce((sum, table) => sum + table[0] - Math.log(nearBlack / 3 + 1), 0) * densityScale
  return kernels.findDense(
    address.data,
    pixelCount,
    least,
    nearBlack,
    Math.floor(steps) - 2, // each of three roundings is half a step at most
    Math.ceil(steps) + 2,
    Math.floor(dark) - 2,
    address.packed,
    address.offsets,
  )
}

/** Levels of a pixel's channels that sum to less are no tissue. */
export const nearBlack = 60

/** How many tissue pixels a patch of `pixelCount` needs for stains of its own; `minTissue` is a share. */
export function leastTissue(minTissue: number, pixelCount: number): number {
  return Math.max(16, minTissue * pixelCount)
}

/** The sums, and the mean products (second moments about 0), of the densities of the `count` >= 1 tissue pixels. */
export function momentsOf(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
): { readonly sums: Vector; readonly products: Symmetric } {
  const [x, y, z, ...products] = sumMoments(workspace, tables, count, [0, 0, 0])
  const [xx, xy, xz, yy, yz, zz] = products.map((sum) => sum / count)
  return { sums: [x, y, z], products: [xx, xy, xz, yy, yz, zz] }
}

/**
 * The covariance (n - 1 in the denominator) of the densities of the `count` >= 2 tissue pixels.
 * Sums are taken about the first pixel, so that one colour all over gives exact zeros.
 */
export function covarianceOf(workspace: Workspace, tables: DensityTables, count: number): Symmetric {
  const { data, offsets } = workspace
  const origin = tables.map((table, k) => table[data[offsets[0] + k]])
  const [x, y, z, xx, xy, xz, yy, yz, zz] = sumMoments(workspace, tables, count, origin)
  const spread = (product: number, a: number, b: number) => (product - (a * b) / count) / (count - 1)
  return [
    spread(xx, x, x),
    spread(xy, x, y),
    spread(xz, x, z),
    spread(yy, y, y),
    spread(yz, y, z),
    spread(zz, z, z),
  ]
}

function sumMoments(
  workspace: Workspace,
  tables: DensityTables,
  count: number,
  [x0, y0, z0]: readonly number[],
): number[] {
  const { kernels, address, scratch } = workspace
  workspace.setTables(tables)
  kernels.centreTables(x0, y0, z0)
  kernels.sumMoments(address.data, address.offsets, count, address.scratch)
  return [...scratch.subarray(0, 9)]
}

/**
 * Notes the pixels whose 8-bit CIELAB L is below `threshold` (0 to 1), as StainTools does, and packs all; with `isStretched`
 * levels are first stretched from their 2nd and 98th percentile to 0 and 255, as tiatoolbox does.
 */
export function findDarkPixels(
  workspace: Workspace,
  tables: DensityTables,
  threshold: number,
  isStretched: boolean,
): number {
  const { data, offsets } = workspace
  const lightness = new Uint8Array(data.length / 3)
  rgbToLightness8(isStretched ? stretchContrast(data) : data, lightness)
  let count = 0
  for (let i = 0; i < lightness.length; i++) {
    offsets[count] = 3 * i
    if (lightness[i] / 255 < threshold) count++
  }
  packAll(workspace, tables, count)
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
