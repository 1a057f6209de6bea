// Which of many hashes are close to which of many others, without comparing each with each: those that differ in few bits
// differ in at most one bit of one of eight bands of 16 bits (multi-index hashing: Norouzi, Punjani and Fleet, CVPR 2012). The
// bands are those of the lowest 128 frequencies, which a small move of a patch changes least.

import { type Progress, silent } from '../base/index.ts'
import { hashWords, turnHashes } from './perceptualHash.ts'

/** A hash that is close to another. */
export interface CloseHash {
  readonly row: number
  /** The view of the other hash in which they are close. */
  readonly view: number
  /** Bits in which they then differ. */
  readonly distance: number
}

/** How many hashes others are looked for at once, at most. */
export const rowsAtOnce = 1 << 16

// Hashes are close that differ in so many bits at most, of all and of the lower half of the frequencies.
const different = 72
const differentLow = 40

const bands = 8
const keys = 1 << 16
const lowWords = 4
// What the key of a band is changed by: nothing, or one of its bits.
const changes = [0, ...Array.from({ length: 16 }, (_, bit) => 1 << bit)]

/**
 * For each hash of `second` (eight words a row, 65,536 rows at most) the closest rows of `first`, at most `count`, to one of
 * its first `views` views. Rows without a hash are close to none. Takes 20 bytes a row of `first` beside it.
 */
export async function findCloseHashes(
  first: Int32Array,
  second: Int32Array,
  views: number,
  count: number,
  progress: Progress = silent,
): Promise<CloseHash[][]> {
  const found = Array.from({ length: second.length / hashWords }, (): Map<number, CloseHash> | null => null)
  const turned = Array.from({ length: views }, (_, view) => turnHashes(second, view))
  for (let band = 0; band < bands; band++) {
    const index = indexBand(first, band)
    for (const [view, own] of turned.entries()) {
      joinBand(index, own, (row, other) => {
        const distance = countDifferent(first, row, own, other)
        const known = found[other]?.get(row)?.distance ?? 256
        if (distance <= different && distance < known) {
          found[other] ??= new Map()
          found[other].set(row, { row, view, distance })
        }
      })
      progress(band * views + view + 1, bands * views)
      await new Promise((resolve) => setTimeout(resolve)) // lets signals through
    }
  }
  return found.map((close) => [...(close?.values() ?? [])].sort(compareClose).slice(0, count))
}

const compareClose = (a: CloseHash, b: CloseHash) => a.distance - b.distance || a.row - b.row

/** Rows by the value of one of their bands. */
interface BandIndex {
  readonly band: number
  /** Where in `rows` those of each value begin. */
  readonly starts: Uint32Array
  readonly rows: Uint32Array
  /** The lower half of the hash of each of `rows`, beside each other, so that they are read in order. */
  readonly halves: Int32Array
}

const keyAt = (hashes: Int32Array, row: number, band: number): number =>
  (hashes[row * hashWords + (band >> 1)] >>> (16 * (band & 1))) & (keys - 1)

function indexBand(hashes: Int32Array, band: number): BandIndex {
  const count = hashes.length / hashWords
  const starts = new Uint32Array(keys + 1)
  for (let row = 0; row < count; row++) {
    if (hashes[row * hashWords] !== 0) starts[keyAt(hashes, row, band) + 1]++
  }
  for (let key = 0; key < keys; key++) starts[key + 1] += starts[key]
  const next = starts.slice()
  const rows = new Uint32Array(starts[keys])
  const halves = new Int32Array(lowWords * starts[keys])
  for (let row = 0; row < count; row++) {
    const start = row * hashWords
    if (hashes[start] === 0) continue
    const place = next[keyAt(hashes, row, band)]++
    rows[place] = row
    for (let word = 0; word < lowWords; word++) halves[lowWords * place + word] = hashes[start + word]
  }
  return { band, starts, rows, halves }
}

// Shows every indexed row and row of `others` that differ in one bit of the band at most, and in few of the lower half. Nearly
// all that are compared part here; to go by keys keeps what is compared next close in memory.
function joinBand(
  { band, starts, rows, halves }: BandIndex,
  others: Int32Array,
  show: (row: number, other: number) => void,
): void {
  for (const entry of orderByKey(others, band)) {
    const other = entry & (rowsAtOnce - 1)
    const start = other * hashWords
    const [a, b, c, d] = [others[start], others[start + 1], others[start + 2], others[start + 3]]
    for (let i = 0; i < changes.length; i++) {
      const key = (entry >>> 16) ^ changes[i]
      const end = starts[key + 1]
      for (let place = starts[key]; place < end; place++) {
        const at = lowWords * place
        const bits =
          countBits(halves[at] ^ a) +
          countBits(halves[at + 1] ^ b) +
          countBits(halves[at + 2] ^ c) +
          countBits(halves[at + 3] ^ d)
        if (bits <= differentLow) show(rows[place], other)
      }
    }
  }
}

// Rows by the value of their band, as value x 65536 + row.
function orderByKey(hashes: Int32Array, band: number): Uint32Array {
  const rows = Uint32Array.from({ length: hashes.length / hashWords }, (_, row) => row)
  const sound = rows.filter((row) => hashes[row * hashWords] !== 0)
  return sound.map((row) => ((keyAt(hashes, row, band) << 16) | row) >>> 0).sort()
}

function countDifferent(a: Int32Array, row: number, b: Int32Array, other: number): number {
  let count = 0
  for (let word = 0; word < hashWords; word++) {
    count += countBits(a[row * hashWords + word] ^ b[other * hashWords + word])
  }
  return count
}

function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555)
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
