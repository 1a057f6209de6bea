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

/** ln of 0 to 256: of each level and 1. */
export const logarithms = Float64Array.from({ length: 257 }, (_, level) => Math.log(level))

/** The tables of a patch whose clear glass is `white`: density 0 at it, not below 0 above it. They are shared: not to be changed. */
export function densityTablesBelow(white: readonly [number, number, number]): DensityTables {
  return [tableBelow(white[0]), tableBelow(white[1]), tableBelow(white[2])]
}

const tablesBelow: Float64Array[] = []
function tableBelow(glass: number): Float64Array {
  const known = tablesBelow[glass]
  if (known) return known
  const table = new Float64Array(256)
  for (let level = 0; level < glass; level++) table[level] = logarithms[glass + 1] - logarithms[level + 1]
  tablesBelow[glass] = table
  return table
}

/** The highest level whose density is still at least `density`, or -1 where none is. */
export function highestLevelOf(table: Float64Array, density: number): number {
  let level = 255
  while (level >= 0 && table[level] < density) level--
  return level
}
