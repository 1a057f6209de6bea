// Optical density: how much light a stain takes away, additive in stain concentrations (Beer-Lambert).
// Pixels have 256 levels, so that a table of 256 densities holds all there is to compute.

/**
 * The density -ln((level + 1) / io) of each of the 256 levels; `io` is the level of clear glass.
 * Levels above io - 1 have small negative densities, as in torchstain.
 */
export function densityTable(io: number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => -Math.log((level + 1) / io))
}

/**
 * The density -ln(max(level, 1) / 255), at least 1e-6: StainTools' and tiatoolbox' table.
 */
export function positiveDensityTable(): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => Math.max(-Math.log(Math.max(level, 1) / 255), 1e-6))
}

/** The highest level whose density is still at least `density`, or -1 where none is. */
export function highestLevelOf(table: Float64Array, density: number): number {
  let level = 255
  while (level >= 0 && table[level] < density) level--
  return level
}
