import { describe, expect, it } from 'vitest'
import { openRandom, type Pixels } from '../../../src/base/index.ts'
import { nuclearNorm } from '../../../src/stain/gan/frechet.ts'
import { compareStructure, frechetDistance, openJudge } from '../../../src/stain/gan/index.ts'
import { drawTissue, joinPatches, trueStains } from '../pictures.ts'

function drawCloud(name: string, count: number, means: readonly number[], deviations: readonly number[]) {
  const random = openRandom(0, name)
  return Array.from({ length: count }, () => means.map((mean, k) => mean + deviations[k] * random.normal()))
}

const batchOf = (seed: number, stains = trueStains) =>
  joinPatches(
    Array.from({ length: 8 }, (_, i) => drawTissue(seed + i, 48, 0.5 + i / 20, stains, 0.7 + i / 20)),
  )
const pink = [
  [0.45, 0.8, 0.4],
  [0.35, 0.85, 0.38],
] as const

const change = (batch: Pixels, level: (value: number) => number): Pixels => ({
  ...batch,
  data: batch.data.map(level),
})

describe('the Frechet distance', () => {
  it('is 0 between a cloud and itself, with fewer points than dimensions too', () => {
    const cloud = drawCloud('a', 5, new Array(20).fill(0), new Array(20).fill(1))
    expect(frechetDistance(cloud, cloud)).toBeLessThan(1e-9)
  })

  it("is that of two Gaussians, in units of the target's deviations", () => {
    // (3^2 + (2 - 1)^2) over two dimensions, as far as 150 points tell; the same ten times as large.
    const near5 = (distance: number) => Math.abs(distance - 5) < 1
    expect(
      frechetDistance(drawCloud('a', 150, [3, 0], [2, 1]), drawCloud('b', 150, [0, 0], [1, 1])),
    ).toSatisfy(near5)
    expect(
      frechetDistance(drawCloud('a', 150, [30, 0], [20, 1]), drawCloud('b', 150, [0, 0], [10, 1])),
    ).toSatisfy(near5)
  })

  it('leaves out what does not vary in the target', () => {
    expect(
      frechetDistance(
        [
          [1, 5],
          [2, 9],
        ],
        [
          [1, 0],
          [2, 0],
        ],
      ),
    ).toBeLessThan(1e-9)
  })

  it('rests on singular values', () => {
    expect(nuclearNorm([Float64Array.of(3, 0), Float64Array.of(0, -4)])).toBeCloseTo(7, 9)
    expect(nuclearNorm([Float64Array.of(1, 1), Float64Array.of(1, 1)])).toBeCloseTo(2, 9)
  })
})

describe('structure', () => {
  const before = batchOf(1)

  it('is whole in the patches themselves, and in another contrast', () => {
    expect(compareStructure(before, before)).toEqual({
      structure: expect.closeTo(1, 2), // luma of a gray level is that level rounded
      hematoxylin: 1,
      inverted: 0,
    })
    expect(
      compareStructure(
        before,
        change(before, (v) => 100 + v / 2),
      ).structure,
    ).toBeGreaterThan(0.98)
  })

  it('is lost in other tissue', () => {
    expect(compareStructure(before, batchOf(100)).structure).toBeLessThan(0.6)
  })

  it('raises the alarm where what was dark turned light', () => {
    expect(
      compareStructure(
        before,
        change(before, (v) => 255 - v),
      ).inverted,
    ).toBe(1)
  })
})

describe('a judge', () => {
  const [before, target] = [batchOf(1), batchOf(50, pink)]

  it('finds untouched patches at distance 1, the same tissue in the target stain near 0', async () => {
    const judge = await openJudge(before, target)
    const untouched = await judge.score(before)
    expect(untouched).toMatchObject({ stain: 1, loss: 1 })
    const truth = await judge.score(batchOf(1, pink))
    expect(truth.stain).toBeLessThan(0.2)
    expect(truth.loss).toBeLessThan(untouched.loss)
  })

  it('counts texture where embeddings are at hand', async () => {
    const embed = async (batch: Pixels) =>
      Float32Array.from(
        { length: 2 * batch.count },
        (_, i) => batch.data[Math.floor(i / 2) * 6912 + 3 * (i % 2)],
      )
    const { texture, stain, loss } = await (await openJudge(before, target, embed)).score(before)
    expect(texture).toBe(1)
    expect(loss).toBe((stain + 1) / 2)
  })

  it('prefers no translation to one that has lost the tissue or is inverted', async () => {
    const judge = await openJudge(before, target)
    expect((await judge.score(target)).loss).toBeGreaterThan(1)
    expect((await judge.score(change(before, (v) => 255 - v))).loss).toBeGreaterThan(1)
  })
})
