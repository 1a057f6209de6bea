// Uniform rotation-invariant local binary patterns (Ojala, Pietikäinen and Mäenpää 2002, LBP riu2, 8 neighbours).
// Neighbours sit on the pixel grid (a square ring), so that no interpolation is needed, and count as above only
// by a margin, so that noise and blank glass make no patterns.

import type { Region } from './planes.ts'

/** Bins of a pattern histogram: 0 to 8 neighbours above in one run, and all other patterns. */
export const patternNames = [...Array.from({ length: 9 }, (_, above) => `uniform${above}`), 'other'] as const

// How many levels a neighbour must lie above the pixel: 0.16 in optical density. Smaller margins followed each
// center's noise and sharpness; with this one patterns held best on centers left out.
const margin = 16

const binOf = Uint8Array.from({ length: 256 }, (_, code) => {
  let changes = 0
  let above = 0
  for (let bit = 0; bit < 8; bit++) {
    above += (code >> bit) & 1
    changes += ((code >> bit) ^ (code >> ((bit + 1) % 8))) & 1
  }
  return changes <= 2 ? above : patternNames.length - 1
})

/** Counts the patterns of a region by their 8-bit code into `counts` (256), leaving out the patch's border. */
export function countPatterns(
  plane: Uint8Array,
  height: number,
  width: number,
  region: Region,
  radius: number,
  counts: Int32Array,
): void {
  counts.fill(0)
  const columnStep = radius > 1 ? region.step : 1
  const down = radius * width
  const bottom = Math.min(height - radius, region.top + region.height)
  const left = Math.max(radius, region.left)
  const right = Math.min(width - radius, region.left + region.width)
  for (let y = Math.max(radius, region.top); y < bottom; y += region.step) {
    for (let i = y * width + left; i < y * width + right; i += columnStep) {
      const bound = plane[i] + margin
      const code = // the sign bit of bound - neighbour says that the neighbour is above
        ((bound - plane[i - down - radius]) >>> 31) |
        (((bound - plane[i - down]) >>> 31) << 1) |
        (((bound - plane[i - down + radius]) >>> 31) << 2) |
        (((bound - plane[i + radius]) >>> 31) << 3) |
        (((bound - plane[i + down + radius]) >>> 31) << 4) |
        (((bound - plane[i + down]) >>> 31) << 5) |
        (((bound - plane[i + down - radius]) >>> 31) << 6) |
        (((bound - plane[i - radius]) >>> 31) << 7)
      counts[code]++
    }
  }
}

/** Writes the share of each of the ten bins in `counts`. */
export function measurePatterns(counts: Int32Array, out: Float32Array, at: number): number {
  const end = at + patternNames.length
  out.fill(0, at, end)
  let total = 0
  for (let code = 0; code < 256; code++) {
    out[at + binOf[code]] += counts[code]
    total += counts[code]
  }
  for (let i = at; i < end; i++) out[i] /= total
  return end
}
