// Co-occurrence of gray levels (Haralick, Shanmugam and Dinstein 1973), averaged over four angles.

import type { Region } from './planes.ts'

const levels = 16

/** What is told of a co-occurrence matrix, in this order. */
export const cooccurrenceNames = [
  'contrast',
  'dissimilarity',
  'homogeneity',
  'energy',
  'entropy',
  'correlation',
  'shade',
] as const

/**
 * Counts pairs `distance` pixels apart along 0, 45, 90 and 135 degrees, each angle in its own 256 cells: four
 * short chains of additions run side by side where one would wait. Levels are 16 of 0.16 in optical density.
 */
export function countPairs(
  plane: Uint8Array,
  width: number,
  region: Region,
  distance: number,
  counts: Int32Array,
): void {
  counts.fill(0)
  const columnStep = distance > 1 ? region.step : 1
  const down = distance * width
  const bottom = region.top + region.height - distance
  const left = region.left + distance
  const right = region.left + region.width - distance
  for (let y = region.top; y < bottom; y += region.step) {
    for (let i = y * width + left; i < y * width + right; i += columnStep) {
      const row = plane[i] & 0xf0
      counts[row | (plane[i + distance] >> 4)]++
      counts[256 | row | (plane[i + down] >> 4)]++
      counts[512 | row | (plane[i + down + distance] >> 4)]++
      counts[768 | row | (plane[i + down - distance] >> 4)]++
    }
  }
}

/**
 * Writes the figures of the symmetric matrix that the four angles add up to, each about 0 to 1. Energy is the
 * root of the sum of squares, shade the cube root of the cluster shade; a constant region correlates with itself.
 */
export function measureCooccurrence(counts: Int32Array, out: Float32Array, at: number): number {
  let total = 0
  for (let cell = 0; cell < 256; cell++) {
    counts[cell] += counts[256 + cell] + counts[512 + cell] + counts[768 + cell]
    total += counts[cell]
  }
  let contrast = 0
  let dissimilarity = 0
  let homogeneity = 0
  let energy = 0
  let entropy = 0
  let sum = 0
  let sumSquare = 0
  let sumCube = 0
  for (let a = 0; a < levels; a++) {
    for (let b = a; b < levels; b++) {
      const both = a === b ? counts[a * levels + a] : counts[a * levels + b] + counts[b * levels + a]
      if (both === 0) continue
      const share = both / total // of the unordered pair: off the diagonal it stands for two equal cells
      const cell = a === b ? share : share / 2
      const difference = (b - a) * (b - a)
      const height = a + b
      contrast += share * difference
      dissimilarity += share * (b - a)
      homogeneity += share / (1 + difference)
      energy += share * cell
      entropy -= share * Math.log2(cell)
      sum += share * height
      sumSquare += share * height * height
      sumCube += share * height * height * height
    }
  }
  // With s = a + b and d = a - b, cov = (var s - E d^2) / 4 and var = (var s + E d^2) / 4.
  const spread = sumSquare - sum * sum
  const shade = sumCube - 3 * sum * sumSquare + 2 * sum * sum * sum
  out[at++] = contrast / levels
  out[at++] = dissimilarity / 4
  out[at++] = homogeneity
  out[at++] = Math.sqrt(energy)
  out[at++] = entropy / 8
  out[at++] = spread + contrast < 1e-6 ? 1 : (spread - contrast) / (spread + contrast)
  out[at++] = Math.cbrt(shade) / levels
  return at
}
