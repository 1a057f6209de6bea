// Optical density: how much light a stain takes away, additive in stain concentrations (Beer-Lambert).
// Pixels have 256 levels, so that a table of 256 densities a channel holds all there is to compute.

import type { Workspace } from './workspace.ts'

/** The density of each of the 256 levels of red, green and blue. */
export type DensityTables = readonly [Float64Array, Float64Array, Float64Array]

/**
 * The density -ln((level + 1) / io) of each level; `io` is the level of clear glass. Levels above io - 1 have
 * small negative densities, as in torchstain.
 */
export function densityTable(io: number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => -Math.log((level + 1) / io))
}

/** The density -ln(max(level, 1) / 255), at least 1e-6: StainTools' and tiatoolbox' table. */
export function positiveDensityTable(): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => Math.max(-Math.log(Math.max(level, 1) / 255), 1e-6))
}

const logarithms = Float64Array.from({ length: 257 }, (_, level) => Math.log(level))

/** The tables of a patch whose clear glass is `white`: density 0 at it, not below 0 above it. */
export function densityTablesBelow(white: readonly [number, number, number]): DensityTables {
  const tableOf = (glass: number) => {
    const table = new Float64Array(256)
    for (let level = 0; level < glass; level++) table[level] = logarithms[glass + 1] - logarithms[level + 1]
    return table
  }
  return [tableOf(white[0]), tableOf(white[1]), tableOf(white[2])]
}

/** The highest level whose density is still at least `density`, or -1 where none is. */
export function highestLevelOf(table: Float64Array, density: number): number {
  let level = 255
  while (level >= 0 && table[level] < density) level--
  return level
}

// Pixels that the colour of glass is told from, at even steps.
const whiteSample = 4096

/**
 * Clear glass as the patch in work shows it: the level that one pixel in a hundred exceeds, channel by channel; or
 * `otherwise` on all channels where that is no glass, being too dark or too colourful.
 */
export function estimateWhite(
  { kernels, address, memory, data }: Workspace,
  otherwise: number,
): [number, number, number] {
  const pixelCount = data.length / 3
  const step = Math.max(1, Math.floor(pixelCount / whiteSample))
  const histograms = new Int32Array(memory, address.weights, 768).fill(0)
  kernels.countLevels(address.data, pixelCount, step, address.weights)
  const wanted = 0.99 * Math.ceil(pixelCount / step)
  const levelOf = (channel: number) => {
    let level = 0
    let passed = histograms[256 * channel]
    while (passed <= wanted && level < 255) passed += histograms[256 * channel + ++level]
    return level
  }
  const [r, g, b] = [levelOf(0), levelOf(1), levelOf(2)]
  const darkest = Math.min(r, g, b)
  const isGlass = darkest >= 205 && Math.max(r, g, b) - darkest <= 40
  return isGlass ? [r, g, b] : [otherwise, otherwise, otherwise]
}
