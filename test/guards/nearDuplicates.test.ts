// Planted copies are found, each with its original, and other patches are left alone.

import { beforeAll, describe, expect, it } from 'vitest'
import { type Pixels, pixelsAt } from '../../src/base/index.ts'
import { describeNear, findNearDuplicates, type HashedSet } from '../../src/guards/index.ts'
import { allRows } from '../../src/patches/index.ts'
import { openSyntheticSet } from '../../src/synthetic/index.ts'
import { fillPatch } from '../stain/pictures.ts'
import { alter, copies, cutPatch, turnPatch } from './copies.ts'
import { hashSet } from './hashedSet.ts'

const count = 12
let pictures: Pixels[]
let patches: Pixels[]
let first: HashedSet

beforeAll(async () => {
  const set = openSyntheticSet('train', {
    size: 112,
    aberrantShare: 0,
    counts: { train: count, val: 1, test: 1 },
  })
  const all = await set.read(allRows(set))
  pictures = Array.from({ length: count }, (_, row) => pixelsAt(all, row))
  patches = pictures.map((picture) => cutPatch(picture))
  first = await hashSet(patches)
})

describe('near duplicates', () => {
  // What is moved further than that is found now and then: docs/guards.md.
  const kinds = Object.keys(copies).filter((kind) => !/by (2|3|4|8) pixels|by 4 pixels/.test(kind))

  it.each(kinds)('are found: %s', async (kind) => {
    const found = await findNearDuplicates(first, await hashSet(pictures.map(copies[kind])))
    expect(found.map((pair) => [pair.first, pair.second])).toEqual(patches.map((_, row) => [row, row]))
  })

  it('are found in each of eight views, and the view is told', async () => {
    for (let turn = 1; turn < 8; turn++) {
      const turned = patches.map((patch) => turnPatch(patch, turn))
      const found = await findNearDuplicates(first, await hashSet(turned))
      expect(found.map((pair) => pair.first)).toEqual(patches.map((_, row) => row))
      for (const { view, second, likeness } of found) {
        expect(Buffer.compare(turnPatch(turned[second], view).data, patches[second].data)).toBe(0)
        expect(likeness).toBeCloseTo(1, 9)
      }
    }
  })

  it('are neither patches with the same pixels, nor those of other tissue, nor uniform ones', async () => {
    const others = openSyntheticSet('val', { counts: { train: 1, val: 60, test: 1 } })
    const read = await others.read(allRows(others))
    const glass = Array.from({ length: 8 }, (_, seed) =>
      fillPatch(seed, 96, (random) => 238 + random.integer(9)),
    )
    const bars = pictures.map((picture) =>
      alter(cutPatch(picture), (value, at) => (Math.floor(at / 3) % 96 < 80 ? 0 : value)),
    )
    const uniform = await hashSet([...glass, ...bars])
    const second = await hashSet([
      patches[3],
      ...Array.from({ length: 60 }, (_, row) => pixelsAt(read, row)),
      ...glass.map((patch) => alter(patch, (value) => value + 1)),
      ...bars.map((patch) => alter(patch, (value) => value * 0.99)),
    ])
    expect(await findNearDuplicates(first, second)).toEqual([])
    expect(await findNearDuplicates(uniform, second)).toEqual([])
  })

  it('are told with the original that they are most like', async () => {
    const noisy = copies['noise of SD 20'](pictures[5])
    const originals = await hashSet([noisy, ...patches])
    const found = await findNearDuplicates(
      originals,
      await hashSet([copies['JPEG, quality 90'](pictures[5])]),
    )
    expect(found).toMatchObject([{ first: 6, second: 0, view: 0 }])
  })

  it('of patches that are not square are found in the four views that keep their shape', async () => {
    const halve = (patch: Pixels): Pixels => ({
      ...patch,
      height: 48,
      data: patch.data.slice(0, 48 * 96 * 3),
    })
    const upsideDown = (patch: Pixels): Pixels => {
      const rows = Array.from({ length: 48 }, (_, y) => patch.data.slice(y * 288, (y + 1) * 288)).reverse()
      return { ...patch, data: Uint8Array.from(rows.flatMap((row) => [...row])) }
    }
    const halves = patches.map(halve)
    const found = await findNearDuplicates(await hashSet(halves), await hashSet(halves.map(upsideDown)))
    expect(found.map(({ first: row, view }) => [row, view])).toEqual(halves.map((_, row) => [row, 2]))
  })
})

it('near duplicates in numbers', () => {
  const known = (labels: number[]) => ({
    ids: labels.map((_, row) => `p${row}`),
    labels: Uint8Array.from(labels),
  })
  const pair = (second: number, view: number, likeness: number) => ({ first: 0, second, view, likeness })
  const found = [pair(0, 0, 0.9), pair(1, 2, 0.95), pair(2, 5, 0.81234)]
  expect(describeNear(known([1]), known([1, 0, 1]), found)).toEqual({
    count: 3,
    contradicting: 1,
    turned: 2,
    examples: [
      { first: 'p0', second: 'p1', view: 'mirrored top to bottom', likeness: 0.95 },
      { first: 'p0', second: 'p0', view: 'as it is', likeness: 0.9 },
      { first: 'p0', second: 'p2', view: 'turned by 90 degrees', likeness: 0.812 },
    ],
  })
  expect(describeNear(known([1]), { ...known([1]), labels: null }, [pair(0, 0, 0.9)])).toEqual({
    count: 1,
    examples: [{ first: 'p0', second: 'p0', view: 'as it is', likeness: 0.9 }],
  })
  expect(describeNear(known([1]), known([1]), [])).toBeUndefined()
})
