import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lab8ToRgb, rgbToLab8, stainMethods } from '../../src/stain/index.ts'
import { drawTissue, fillPatch, joinPatches, streamOf, trueStains } from './pictures.ts'

const { grayscale, luminosity, none, reinhard } = stainMethods
const readBytes = (name: string) =>
  new Uint8Array(
    readFileSync(new URL(`../../fixtures/stain/cv2_lab8/${name}.npy`, import.meta.url)),
  ).subarray(128)

describe("OpenCV's 8-bit LAB", () => {
  it('is matched bit for bit, there and back', () => {
    const [input, expected, back] = ['input', 'expected', 'back_to_rgb'].map(readBytes)
    const out = new Uint8Array(input.length)
    rgbToLab8(input, out)
    expect(out).toEqual(expected)
    lab8ToRgb(expected, out)
    expect(out).toEqual(back)
  })
})

describe('none', () => {
  it('gives a copy', async () => {
    const patch = drawTissue(1, 8)
    const { pixels, verdicts } = await none.apply(patch, {}, {})
    expect(pixels.data).toEqual(patch.data)
    expect(pixels.data).not.toBe(patch.data)
    expect(verdicts).toEqual(['ok'])
  })
})

describe('grayscale', () => {
  it("rounds as Pillow's integers do", async () => {
    // Image.new('RGB', (1, 1), c).convert('L') for each of these colours
    const cases = [
      [[255, 255, 255], 255],
      [[255, 0, 0], 76],
      [[0, 255, 0], 150],
      [[0, 0, 255], 29],
      [[1, 2, 3], 2],
      [[200, 100, 50], 124],
    ] as const
    for (const [colour, luma] of cases) {
      const { pixels } = await grayscale.apply(
        { data: Uint8Array.from(colour), count: 1, height: 1, width: 1 },
        {},
        {},
      )
      expect([...pixels.data]).toEqual([luma, luma, luma])
    }
  })
})

describe('Reinhard', () => {
  it('brings tissue to the statistics of the reference', async () => {
    const reference = drawTissue(2, 64)
    const patch = drawTissue(3, 64, 1, [[0.55, 0.75, 0.37], trueStains[1]], 0.7)
    const fit = await reinhard.fit(streamOf(reference), reinhard.defaults)
    const { pixels } = await reinhard.apply(patch, fit, reinhard.defaults)
    const after = await reinhard.fit(streamOf(pixels), reinhard.defaults)
    fit.means.forEach((mean, k) => {
      expect(Math.abs(after.means[k] - mean)).toBeLessThan(0.6)
      expect(Math.abs(after.deviations[k] - fit.deviations[k])).toBeLessThan(0.8)
    })
  })

  it('does not depend on how much glass a patch shows', async () => {
    const fit = await reinhard.fit(streamOf(drawTissue(2, 64)), reinhard.defaults)
    const apply = async (patch: ReturnType<typeof drawTissue>) =>
      (await reinhard.apply(patch, fit, reinhard.defaults)).pixels
    const [full, half] = [await apply(drawTissue(4, 64)), await apply(drawTissue(4, 64, 0.5))]
    const meanOf = (data: Uint8Array) => data.reduce((sum, level) => sum + level, 0) / data.length
    const length = 64 * 30 * 3
    expect(
      Math.abs(meanOf(full.data.subarray(0, length)) - meanOf(half.data.subarray(0, length))),
    ).toBeLessThan(2)
  })

  it('rejects one colour all over instead of turning it black', async () => {
    const grey = fillPatch(0, 16, () => 120)
    const fit = await reinhard.fit(streamOf(), reinhard.defaults)
    for (const compatibility of ['none', 'torchstain', 'staintools', 'tiatoolbox'] as const) {
      const { pixels, verdicts } = await reinhard.apply(grey, fit, { ...reinhard.defaults, compatibility })
      expect(verdicts[0]).not.toBe('ok')
      expect(pixels.data).toEqual(grey.data)
    }
  })
})

describe('luminosity', () => {
  it('makes the brightest pixels white', async () => {
    const dim = fillPatch(1, 16, (random) => 100 + random.integer(100))
    const { pixels } = await luminosity.apply(dim, {}, luminosity.defaults)
    expect(Math.max(...pixels.data)).toBe(255)
    const black = fillPatch(0, 4, () => 0)
    expect((await luminosity.apply(joinPatches([black]), {}, luminosity.defaults)).verdicts).toEqual([
      'rejected',
    ])
  })
})
