// Rebuilding pixels in other stains: out = io exp(-T (c * scale)), with c linear in density, is one 3x3
// matrix M in density space. exp(-M d) is then a product over the three input channels, and each factor a
// table of 256: no exponential a pixel.

import type { Vector } from './eigen.ts'
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
 * Writes io exp(-map density) of every pixel of `data` to `out`, cut at 255 and truncated as a cast does.
 * `data` and `out` may not overlap.
 */
export function restainPixels(
  data: Uint8Array,
  out: Uint8Array,
  density: Float64Array,
  map: DensityMap,
  io: number,
): void {
  const [rr, rg, rb] = channelTables(density, map[0], io)
  const [gr, gg, gb] = channelTables(density, map[1], io)
  const [br, bg, bb] = channelTables(density, map[2], io)
  for (let at = 0; at < data.length; at += 3) {
    const r = data[at]
    const g = data[at + 1]
    const b = data[at + 2]
    const red = rr[r] * rg[g] * rb[b]
    const green = gr[r] * gg[g] * gb[b]
    const blue = br[r] * bg[g] * bb[b]
    out[at] = Math.min(red, 255)
    out[at + 1] = Math.min(green, 255)
    out[at + 2] = Math.min(blue, 255)
  }
}

// exp(-weight density) for every level. Densities are logarithms of level + 1 (or of the level, see
// opticalDensity.ts), so that factors multiply as the levels do; but one table is built as fast with exp
// alone where it is cheap, and the multiplicative rule would tie this file to one density.
function channelTables(density: Float64Array, row: Vector, io: number): [Float64Array, Float64Array, Float64Array] {
  return [fillTable(density, row[0], io), fillTable(density, row[1], 1), fillTable(density, row[2], 1)]
}

function fillTable(density: Float64Array, weight: number, factor: number): Float64Array {
  const table = new Float64Array(256)
  for (let level = 0; level < 256; level++) table[level] = factor * Math.exp(-weight * density[level])
  return table
}
