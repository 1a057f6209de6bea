// Rebuilding pixels in other stains: out = io exp(-T (c * scale)), with c linear in density, is one 3x3
// matrix M in density space. exp(-M d) is then a product over the three input channels, and each factor a
// table of 256: no exponential a pixel.

import type { PixelChoice } from './concentrations.ts'
import type { Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import type { StainMatrix } from './stainMatrix.ts'

/** A 3x3 matrix in density space: row k gives output channel k. */
export type DensityMap = readonly [Vector, Vector, Vector]

/** The map that takes concentrations by `rows`, scales them, and rebuilds them with `target`. */
export function densityMap(
  rows: readonly [Vector, Vector],
  target: StainMatrix,
  scale: readonly [number, number],
): DensityMap {
  const [h, e] = target
  const row = (k: number): Vector => {
    const [a, b] = [h[k] * scale[0], e[k] * scale[1]]
    return [0, 1, 2].map((j) => a * rows[0][j] + b * rows[1][j]) as unknown as Vector
  }
  return [row(0), row(1), row(2)]
}

/**
 * Writes io exp(-map density) of the chosen pixels of `data` to `out`, cut at 255 and truncated as a cast
 * does. The other pixels of `out` stay as they are. `data` and `out` may not overlap.
 */
export function restainPixels(
  data: Uint8Array,
  out: Uint8Array,
  tables: DensityTables,
  map: DensityMap,
  io: number,
  { offsets, count }: PixelChoice,
): void {
  const [rr, rg, rb] = channelTables(tables, map[0], io)
  const [gr, gg, gb] = channelTables(tables, map[1], io)
  const [br, bg, bb] = channelTables(tables, map[2], io)
  for (let i = 0; i < count; i++) {
    const at = offsets ? offsets[i] : 3 * i
    const r = data[at]
    const g = data[at + 1]
    const b = data[at + 2]
    out[at] = Math.min(rr[r] * rg[g] * rb[b], 255)
    out[at + 1] = Math.min(gr[r] * gg[g] * gb[b], 255)
    out[at + 2] = Math.min(br[r] * bg[g] * bb[b], 255)
  }
}

// exp(-weight density) of every level of the three input channels, the first times io.
function channelTables(tables: DensityTables, row: Vector, io: number): DensityTables {
  return [fillTable(tables[0], row[0], io), fillTable(tables[1], row[1], 1), fillTable(tables[2], row[2], 1)]
}

function fillTable(density: Float64Array, weight: number, factor: number): Float64Array {
  const table = new Float64Array(256)
  for (let level = 0; level < 256; level++) table[level] = factor * Math.exp(-weight * density[level])
  return table
}
