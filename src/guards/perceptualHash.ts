// What a patch looks like in 255 bits: the signs of the lowest frequencies of its brightness (a perceptual hash: Zauner,
// "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, with signs in the place of a median). Storing a
// patch anew as JPEG, noise, brightness and contrast change few of them; to turn or mirror it permutes and inverts them, so
// that the hash of one view gives those of all eight.

import type { Pixels } from '../base/index.ts'
import { averageCells, cellsAcross } from './cells.ts'
import { hasDetail } from './likeness.ts'

/** 32-bit words of a hash. */
export const hashWords = 8

// The frequencies (down, across) of the bits, lowest first, each with the one that it becomes where a patch is transposed.
// Those of bit 0 would be the mean, which says nothing: bit 0 is set where the patch has a hash at all.
const frequencies = Array.from({ length: cellsAcross ** 2 }, (_, i) => {
  const [down, across] = [Math.floor(i / cellsAcross), i % cellsAcross]
  return { down, across, radius: down ** 2 + across ** 2 }
})
  .sort((a, b) => a.radius - b.radius || Math.min(a.down, a.across) - Math.min(b.down, b.across))
  .slice(0, 32 * hashWords)
  .filter(({ down, across }, _, chosen) =>
    chosen.some((other) => other.down === across && other.across === down),
  )
const highest = Math.max(...frequencies.map(({ across }) => across))

const waves = Array.from({ length: highest + 1 }, (_, frequency) =>
  Float64Array.from({ length: cellsAcross }, (_, cell) =>
    Math.round(1024 * Math.cos((Math.PI * (2 * cell + 1) * frequency) / (2 * cellsAcross))),
  ),
)

/** The hash of a single patch, eight words; all of them 0 where it has too little detail, as glass and black bars have. */
export function hashLooks(patch: Pixels): Int32Array {
  const hash = new Int32Array(hashWords)
  if (Math.min(patch.height, patch.width) < cellsAcross) return hash
  const cells = averageCells(patch)
  if (!hasDetail(cells)) return hash
  const sums = waves.map((wave) => sumRows(cells, wave))
  hash[0] = 1
  for (let bit = 1; bit < frequencies.length; bit++) {
    const { down, across } = frequencies[bit]
    if (sumProducts(waves[down], sums[across], 0) > 0) hash[bit >> 5] |= 1 << (bit & 31)
  }
  return hash
}

// Of each row of cells.
/** How many of some hashes, eight words each, are of patches with too little detail. */
export function countUniform(hashes: Int32Array): number {
  return hashes.filter((word, i) => i % hashWords === 0 && word === 0).length
}

function sumRows(cells: Float64Array, wave: Float64Array): Float64Array {
  return wave.map((_, row) => sumProducts(wave, cells, row * cellsAcross))
}

function sumProducts(wave: Float64Array, values: Float64Array, start: number): number {
  let sum = 0
  for (let i = 0; i < cellsAcross; i++) sum += wave[i] * values[start + i]
  return sum
}

/** Views of a square patch: a view is three bits, for transposed, then mirrored top to bottom, then left to right. */
export const squareViews = 8

/** The hashes of patches in one of their views, eight words each, from those of the patches as they are. No hash stays none. */
export function turnHashes(hashes: Int32Array, view: number): Int32Array {
  const turned = hashes.slice()
  for (let start = 0; start < hashes.length; start += hashWords) {
    if (hashes[start] === 0) continue
    if (view & 4) transposeHash(hashes, turned, start)
    for (let word = 0; word < hashWords; word++) {
      turned[start + word] ^= (view & 2 ? oddDown[word] : 0) ^ (view & 1 ? oddAcross[word] : 0)
    }
  }
  return turned
}

const oddDown = maskBits(({ down }) => down % 2 === 1)
const oddAcross = maskBits(({ across }) => across % 2 === 1)

function maskBits(isSet: (frequency: (typeof frequencies)[number]) => boolean): Int32Array {
  const mask = new Int32Array(hashWords)
  frequencies.forEach((frequency, bit) => {
    if (isSet(frequency)) mask[bit >> 5] |= 1 << (bit & 31)
  })
  return mask
}

const transposedBits = frequencies.map(({ down, across }) =>
  frequencies.findIndex((other) => other.down === across && other.across === down),
)

function transposeHash(hashes: Int32Array, turned: Int32Array, start: number): void {
  turned.fill(0, start, start + hashWords)
  for (let bit = 0; bit < transposedBits.length; bit++) {
    const from = transposedBits[bit]
    turned[start + (bit >> 5)] |= ((hashes[start + (from >> 5)] >>> (from & 31)) & 1) << (bit & 31)
  }
}
