// Optical density: how much light a stain takes away, additive in stain concentrations (Beer-Lambert).
// Pixels have 256 levels, so that a table of 256 densities a channel holds all there is to compute.

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
 * Clear glass as the patch shows it: the level that one pixel in a hundred exceeds, channel by channel; or
 * `otherwise` on all channels where that is no glass, being too dark or too colourful.
 */
export function estimateWhite(data: Uint8Array, otherwise: number): [number, number, number] {
  const red = new Uint32Array(256)
  const green = new Uint32Array(256)
  const blue = new Uint32Array(256)
  const step = 3 * Math.max(1, Math.floor(data.length / 3 / whiteSample))
  let count = 0
  for (let at = 0; at < data.length; at += step, count++) {
    red[data[at]]++
    green[data[at + 1]]++
    blue[data[at + 2]]++
  }
  const wanted = 0.99 * count
  const levelOf = (histogram: Uint32Array) => {
    let level = 0
    for (let passed = histogram[0]; passed <= wanted && level < 255; passed += histogram[level]) level++
    return level
  }
  const [r, g, b] = [levelOf(red), levelOf(green), levelOf(blue)]
  const darkest = Math.min(r, g, b)
  const isGlass = darkest >= 205 && Math.max(r, g, b) - darkest <= 40
  return isGlass ? [r, g, b] : [otherwise, otherwise, otherwise]
}
