// The search by bands finds what comparing each hash with each finds, as far as its bands promise.

import { expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { findCloseHashes } from '../../src/guards/closeHashes.ts'
import { hashWords, turnHashes } from '../../src/guards/perceptualHash.ts'

const random = openRandom(1)
const count = 150

function drawHashes(): Int32Array {
  const hashes = Int32Array.from({ length: count * hashWords }, () => random.integer(2 ** 32))
  for (let row = 0; row < count; row++) hashes[row * hashWords] |= 1
  hashes.fill(0, 0, hashWords) // a row without a hash
  return hashes
}

// Bits that differ in each band of 16.
function countByBand(a: Int32Array, row: number, b: Int32Array): number[] {
  const counts = new Array<number>(2 * hashWords).fill(0)
  for (let bit = 0; bit < 32 * hashWords; bit++) {
    const word = bit >> 5
    counts[bit >> 4] += ((a[row * hashWords + word] ^ b[word]) >>> (bit & 31)) & 1
  }
  return counts
}
const sum = (counts: readonly number[]) => counts.reduce((total, value) => total + value, 0)

it('as brute force does, in every view', async () => {
  const first = drawHashes()
  const second = drawHashes()
  // Copies that differ in 0 to 90 bits, each in another view.
  for (let row = 1; row < 100; row++) {
    const copy = first.slice(row * hashWords, (row + 1) * hashWords)
    for (let i = 0; i < row % 91; i++) copy[random.integer(hashWords)] ^= 2 << random.integer(31)
    second.set(turnHashes(copy, row % 8), row * hashWords)
  }
  const found = await findCloseHashes(first, second, 8, 4)
  const expected = Array.from({ length: count }, (_, other) => {
    const own = second.slice(other * hashWords, (other + 1) * hashWords)
    if (own[0] === 0) return []
    const close = new Map<number, { row: number; distance: number }>()
    for (let view = 0; view < 8; view++) {
      const turned = turnHashes(own, view)
      for (let row = 1; row < count; row++) {
        const byBand = countByBand(first, row, turned)
        const [distance, low] = [sum(byBand), sum(byBand.slice(0, 8))]
        if (distance > 72 || low > 40 || byBand.slice(0, 8).every((bits) => bits > 1)) continue
        if (distance < (close.get(row)?.distance ?? 256)) close.set(row, { row, distance })
      }
    }
    return [...close.values()].sort((a, b) => a.distance - b.distance || a.row - b.row).slice(0, 4)
  })
  expect(expected.flat().length).toBeGreaterThan(50)
  expect(found.map((close) => close.map(({ row, distance }) => ({ row, distance })))).toEqual(expected)
})

it('the closest first, and no more than are asked for', async () => {
  const hash = Int32Array.from({ length: hashWords }, () => random.integer(2 ** 32) | 1)
  const many = new Int32Array(6 * hashWords)
  for (let row = 0; row < 6; row++) {
    many.set(hash, row * hashWords)
    many[row * hashWords + 7] ^= (1 << (5 - row)) - 1
  }
  const [close] = await findCloseHashes(many, hash, 1, 3)
  expect(close).toEqual([5, 4, 3].map((row) => ({ row, view: 0, distance: 5 - row })))
})
