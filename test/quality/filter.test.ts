import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import type { PatchSet } from '../../src/patches/patchSet.ts'
import {
  countByRule,
  describeContradictions,
  filterPatches,
  qualityDefaults,
} from '../../src/quality/index.ts'
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

  it('keep the same center and slide whatever the ids and the order of rows', async () => {
    const slides = ['b', 'a', 'a']
    const centers = ['1', '2', '1']
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const set = {
        ...setOf([tissue(1), tissue(1), tissue(1)]),
        slides: order.map((i) => slides[i]),
        centers: order.map((i) => centers[i]),
      }
      const [kept] = (await filterPatches(set)).kept
      expect([set.slides[kept], set.centers[kept]]).toEqual(['a', '1'])
    }
  })
})

describe('contradicting labels', () => {
  const withLabels = (...labels: number[]) => ({
    ...setOf([tissue(1), tissue(1), tissue(2), tissue(1), tissue(2)]),
    labels: Uint8Array.from(labels),
  })

  it('reject all patches of equal pixels, each with the row of one that has the other label', async () => {
    const result = await filterPatches(withLabels(1, 0, 1, 1, 1))
    expect(Array.from(result.kept)).toEqual([2])
    expect(result.rejections.map(({ row, rule, value }) => [row, rule, value])).toEqual([
      [0, 'contradiction', 1],
      [1, 'contradiction', 0],
      [3, 'contradiction', 1],
      [4, 'duplicate', 2],
    ])
    expect(countByRule(result)).toMatchObject({ contradiction: 3, duplicate: 1 })
    expect(describeContradictions(result.rejections)).toEqual([
      'contradicting labels: 3 patches have the pixels of one with the other label (0, 1, 3).',
    ])
  })

  it('are no rejection where labels agree or are not known, and have a switch of their own', async () => {
    for (const set of [withLabels(1, 1, 0, 1, 0), { ...withLabels(), labels: null }]) {
      const { kept, rejections } = await filterPatches(set)
      expect(Array.from(kept)).toEqual([0, 2])
      expect(describeContradictions(rejections)).toEqual([])
    }
    const set = withLabels(1, 0, 1, 1, 1)
    const countWith = async (options: object) => countByRule(await filterPatches(set, options))
    expect(await countWith({ contradiction: null })).toMatchObject({ contradiction: 0, duplicate: 3 })
    expect(await countWith({ duplicate: null })).toMatchObject({ contradiction: 3, duplicate: 0 })
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
    expect(countByRule(result)).toEqual({ black: 1, constant: 0, white: 0, contradiction: 0, duplicate: 1 })
    expect(qualityDefaults.black).toEqual({ count: 'channels', over: 200 })
  })
})
