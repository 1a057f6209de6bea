import { describe, expect, it } from 'vitest'
import { f32, openRandom } from '../../src/base/index.ts'
import { openCycle } from '../../src/train/cycle.ts'
import { type Draw, openDraw } from '../../src/train/draw.ts'
import { drawBeta, mixRows } from '../../src/train/mixup.ts'

const groups = Uint16Array.from({ length: 100 }, (_, row) => (row < 70 ? 0 : row < 95 ? 1 : 2))
const samples = {
  x: f32(
    [100, 2],
    Array.from({ length: 200 }, (_, i) => i),
  ),
  y: f32(
    [100, 1],
    Array.from({ length: 100 }, (_, i) => i % 2),
  ),
}
const open = (draw: Draw, batchSize = 10) => openDraw(samples, batchSize, draw, 4)

describe('a cycle', () => {
  it('gives every row once before any a second time, from any place on', () => {
    const whole = openCycle(7, 1, 'rows').take(0, 21)
    for (const round of [0, 1, 2]) {
      expect([...whole.subarray(7 * round, 7 * round + 7)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    }
    expect(whole.subarray(0, 7)).not.toEqual(whole.subarray(7, 14))
    const cycle = openCycle(7, 1, 'rows')
    expect(cycle.take(10, 9)).toEqual(whole.subarray(10, 19))
    expect(cycle.take(2, 3)).toEqual(whole.subarray(2, 5)) // back again
    expect(openCycle(7, 2, 'rows').take(0, 21)).not.toEqual(whole)
  })
})

describe('a balanced draw', () => {
  it('has as many rows of each group in an epoch, and all rows of a group equally often', () => {
    const { rows, order } = open({ groups, balance: true })
    expect(rows).toBe(99)
    const times = new Uint32Array(100)
    for (let epoch = 1; epoch <= 70; epoch++) {
      const drawn = order!(epoch)
      const counts = [0, 0, 0]
      for (const row of drawn) {
        counts[groups[row]]++
        times[row]++
      }
      expect(counts).toEqual([33, 33, 33])
    }
    expect(new Set(times.subarray(0, 70))).toEqual(new Set([33]))
    expect(Math.max(...times.subarray(70, 95)) - Math.min(...times.subarray(70, 95))).toBeLessThanOrEqual(1)
    expect(new Set(times.subarray(95))).toEqual(new Set([462]))
  })

  it('mixes groups within an epoch, anew in each', () => {
    const { order } = open({ groups, balance: true })
    const first = order!(1)
    expect(order!(1)).toEqual(first)
    expect(order!(2)).not.toEqual(first)
    for (let start = 0; start < 99; start += 33) {
      expect(new Set(Array.from(first.subarray(start, start + 33), (row) => groups[row])).size).toBe(3)
    }
  })
})

describe('a batch', () => {
  it('holds the rows as they are, their groups one-hot, and unlabelled rows in turn', async () => {
    const unlabelled = { x: f32([4, 2], [0, 0, 1, 1, 2, 2, 3, 3]), count: 2 }
    const { arrays, gather, order } = open({ groups, unlabelled }, 3)
    expect(order).toBeUndefined()
    await gather(Uint32Array.of(99, 0, 80), 1)
    expect([...arrays.x.data]).toEqual([198, 199, 0, 1, 160, 161])
    expect([...arrays.y.data]).toEqual([1, 0, 0])
    expect([...arrays.groups.data]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0])
    const first = [...arrays.unlabelled.data]
    await gather(Uint32Array.of(1, 2, 3), 2)
    const seen = [...first, ...arrays.unlabelled.data].filter((_, i) => i % 2 === 0)
    expect(seen.sort()).toEqual([0, 1, 2, 3])
    await gather(Uint32Array.of(1, 2, 3), 1)
    expect([...arrays.unlabelled.data]).toEqual(first)
  })

  it('is mixed with one share, rows with their targets and groups', async () => {
    const unlabelled = { x: f32([4, 2], [0, 0, 1, 1, 2, 2, 3, 3]), count: 4 }
    const { arrays, gather } = open({ groups, mixup: 1, unlabelled }, 4)
    const plain = open({ groups, unlabelled }, 4)
    const rows = Uint32Array.of(99, 0, 80, 71)
    await gather(rows, 5)
    await plain.gather(rows, 5)
    const random = openRandom(4, 'mixup', 5)
    const share = drawBeta(1, random)
    const partners = random.permutation(4)
    rows.forEach((row, i) => {
      const partner = rows[partners[i]]
      const mix = (of: (row: number) => number) => share * of(row) + (1 - share) * of(partner)
      expect(arrays.x.data[2 * i]).toBeCloseTo(
        mix((r) => 2 * r),
        4,
      )
      expect(arrays.y.data[i]).toBeCloseTo(
        mix((r) => r % 2),
        6,
      )
      for (const group of [0, 1, 2]) {
        expect(arrays.groups.data[3 * i + group]).toBeCloseTo(
          mix((r) => Number(groups[r] === group)),
          6,
        )
      }
    })
    const own = plain.arrays.unlabelled.data
    const others = random.permutation(4)
    expect([...others]).not.toEqual([0, 1, 2, 3])
    others.forEach((partner, i) => {
      const expected = share * own[2 * i] + (1 - share) * own[2 * partner]
      expect(arrays.unlabelled.data[2 * i]).toBeCloseTo(expected, 5)
    })
  })
})

describe('mixup', () => {
  it.each([1, 0.4, 0.1, 0.001])('draws its share from Beta(alpha, alpha), alpha %d', (alpha) => {
    const random = openRandom(1, 'beta', alpha * 1000)
    const draws = Float64Array.from({ length: 20_000 }, () => drawBeta(alpha, random))
    const mean = (of: (value: number) => number) =>
      draws.reduce((sum, value) => sum + of(value), 0) / draws.length
    // of a Beta(a, a): mean 1/2, variance 1 / (4 (2 a + 1)), fourth central moment 3 / (16 (2 a + 1) (2 a + 3))
    expect(mean((value) => value)).toBeCloseTo(0.5, 1.7)
    expect(mean((value) => (value - 0.5) ** 2)).toBeCloseTo(1 / (4 * (2 * alpha + 1)), 2.3)
    expect(mean((value) => (value - 0.5) ** 4)).toBeCloseTo(3 / (16 * (2 * alpha + 1) * (2 * alpha + 3)), 2.5)
    expect(draws.every((value) => value >= 0 && value <= 1)).toBe(true)
  })

  it('leaves what is alike as it is, to the bit', () => {
    const array = f32([2, 2], [1 / 3, 0.1, 1 / 3, 0.7])
    mixRows(array, Uint32Array.of(1, 0), 0.3)
    expect(array.data[0]).toBe(Math.fround(1 / 3))
    expect(array.data[1]).toBeCloseTo(0.3 * 0.1 + 0.7 * 0.7, 6)
    expect(array.data[3]).toBeCloseTo(0.3 * 0.7 + 0.7 * 0.1, 6)
  })
})
