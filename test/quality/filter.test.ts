import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import type { PatchSet } from '../../src/patches/patchSet.ts'
import { countByRule, filterPatches, qualityDefaults } from '../../src/quality/index.ts'
import { memorySet } from '../patches/memorySet.ts'

const side = 32
const size = side * side * 3

/** Patches of 32x32x3 bytes as a set. */
const setOf = (patches: readonly Uint8Array[], ids = patches.map((_, i) => `${i}`)): PatchSet =>
  memorySet(pixels(Uint8Array.from(Buffer.concat(patches)), patches.length, side, side), { ids })

/** A textured patch; `seed` makes it different from the others. */
const tissue = (seed: number) => Uint8Array.from({ length: size }, (_, i) => 60 + ((i * 7 + seed * 13) % 150))

function withZeros(patch: Uint8Array, zeros: readonly number[]): Uint8Array {
  const copy = patch.slice()
  for (const at of zeros) copy[at] = 0
  return copy
}
const firstBytes = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('the black rule', () => {
  it('counts channel values by default: 200 zeros stay, 201 go', async () => {
    const set = setOf([withZeros(tissue(0), firstBytes(200)), withZeros(tissue(1), firstBytes(201))])
    const result = await filterPatches(set)
    expect(Array.from(result.kept)).toEqual([0])
    expect(result.rejections).toEqual([{ row: 1, id: '1', rule: 'black', value: 201 }])
  })

  it('counts whole pixels on request, so that 600 zeros in 200 pixels stay', async () => {
    const scattered = firstBytes(size / 3).map((i) => i * 3) // every red value, no black pixel
    const set = setOf([
      withZeros(tissue(0), firstBytes(600)),
      withZeros(tissue(1), firstBytes(603)),
      withZeros(tissue(2), scattered),
    ])
    const result = await filterPatches(set, { black: { count: 'pixels', over: 200 } })
    expect(result.rejections.map(({ row, value }) => [row, value])).toEqual([[1, 201]])
  })
})

describe('the other rules', () => {
  it('reject a patch of one colour and say that its range is 0', async () => {
    const result = await filterPatches(setOf([new Uint8Array(size).fill(120), tissue(0)]))
    expect(result.rejections).toEqual([{ row: 0, id: '0', rule: 'constant', value: 0 }])
  })

  it('reject blank glass by the share of bright pixels', async () => {
    const glass = Uint8Array.from({ length: size }, (_, i) => 240 + (i % 5))
    const half = glass.slice()
    half.set(tissue(0).subarray(0, size / 2))
    const result = await filterPatches(setOf([glass, half]))
    expect(result.rejections).toEqual([{ row: 0, id: '0', rule: 'white', value: 1 }])
  })

  it('name the first of several: an all black patch is black, not constant', async () => {
    const result = await filterPatches(setOf([new Uint8Array(size)]))
    expect(result.rejections[0].rule).toBe('black')
  })

  it('keep everything when every rule is off', async () => {
    const set = setOf([new Uint8Array(size), new Uint8Array(size), new Uint8Array(size).fill(255)])
    const off = { black: null, constant: null, white: null, duplicate: null }
    expect((await filterPatches(set, off)).kept).toHaveLength(3)
  })
})

describe('duplicates', () => {
  it('keep the smallest id by its numeric value, wherever it stands', async () => {
    const set = setOf([tissue(1), tissue(1), tissue(2), tissue(1)], ['10', '9', '3', '100'])
    const result = await filterPatches(set)
    expect(Array.from(result.kept)).toEqual([1, 2])
    expect(result.rejections.map(({ id, rule, value }) => [id, rule, value])).toEqual([
      ['10', 'duplicate', 1],
      ['100', 'duplicate', 1],
    ])
  })

  it('keep the same label and slide whatever the ids and the order of rows', async () => {
    const slides = ['b', 'a', 'a']
    const labels = [0, 1, 0]
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const set = {
        ...setOf([tissue(1), tissue(1), tissue(1)]),
        slides: order.map((i) => slides[i]),
        labels: Uint8Array.from(order, (i) => labels[i]),
      }
      const [kept] = (await filterPatches(set)).kept
      expect([set.slides[kept], set.labels[kept]]).toEqual(['a', 0])
    }
  })
})

describe('the filter', () => {
  it('accounts for every patch once and does not depend on the order of rows', async () => {
    const pool = [tissue(0), tissue(1), new Uint8Array(size), new Uint8Array(size).fill(250), tissue(0)]
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (order) => {
        const set = setOf(
          order.map((i) => pool[i]),
          order.map((i) => `${i}`),
        )
        const result = await filterPatches(set)
        expect(result.kept.length + result.rejections.length).toBe(set.count)
        const ids = Array.from(result.kept, (row) => set.ids[row]).sort()
        expect(ids).toEqual(['0', '1'])
      }),
      { numRuns: 30 },
    )
  })

  it('reads in batches and reports progress up to the count', async () => {
    const set = setOf(Array.from({ length: 600 }, (_, i) => tissue(i)))
    const sizes: number[] = []
    const done: number[] = []
    const watched = {
      ...set,
      read(rows: ArrayLike<number>) {
        sizes.push(rows.length)
        return set.read(rows)
      },
    }
    await filterPatches(watched, { duplicate: null }, (n) => done.push(n))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256)
    expect(done.at(-1)).toBe(600)
  })

  it('counts by rule, zeros included', async () => {
    const result = await filterPatches(setOf([tissue(0), tissue(0), new Uint8Array(size)]))
    expect(countByRule(result)).toEqual({ black: 1, constant: 0, white: 0, duplicate: 1 })
    expect(qualityDefaults.black).toEqual({ count: 'channels', over: 200 })
  })
})
