import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkPreprocess } from '../../conformance/preprocess.ts'
import { pixels, ShapeError, UnknownNameError } from '../../src/base/index.ts'
import { decodeImage } from '../../src/files/index.ts'
import { cropCenter, resizePixels, rotatePixels, shorterSides, toTensor } from '../../src/patches/index.ts'

const golden = '../shared/golden/preprocess'

function gray(height: number, width: number, values: readonly number[]) {
  return pixels(Uint8Array.from(values.flatMap((value) => [value, value, value])), 1, height, width)
}

function grayOf(data: Uint8Array): number[] {
  return [...data].filter((_, i) => i % 3 === 0)
}

async function findMissed(folder: string, atLeast: number) {
  const results = await checkPreprocess(folder)
  expect(results.length).toBeGreaterThanOrEqual(atLeast)
  return results.filter(({ error, tolerance }) => !(error <= tolerance))
}

describe('preprocessing against Pillow and torchvision', () => {
  it('gives the synthetic pictures and tensors, bit for bit but for interpolated rotations', async () => {
    expect(await findMissed('fixtures/preprocess', 16)).toEqual([])
  })

  it('is compared at whichever values a fixture names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-preprocess-'))
    await cp('fixtures/preprocess', folder, { recursive: true })
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
    const [name, image] = Object.entries<Record<string, unknown>>(config.images)[0]
    const eval224 = await decodeImage(await readFile(join(folder, `dinov2_eval_${name}.png`)), name)
    const tensor = toTensor(eval224, config.mean, config.std).data
    const at = (channel: number, y: number, x: number) => tensor[(channel * 224 + y) * 224 + x]
    const { mean, std_unbiased } = image.dinov2_tensor as Record<string, unknown>
    const facts = (shift: number) => ({
      mean,
      std_unbiased,
      first_row_first_3_px_per_channel: [0, 1, 2].map((c) => [0, 1, 2].map((x) => at(c, 0, x))),
      'pixel[5][200]': [0, 1, 2].map((c) => at(c, 5, 200) + shift),
    })
    const missedWith = async (shift: number) => {
      const images = { [name]: { dinov2_tensor: facts(shift), gan_tensor_first2: [[], [], []] } }
      await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, images }))
      return (await findMissed(folder, 8)).map(({ quantity }) => quantity)
    }
    expect(await missedWith(0)).toEqual([])
    expect(await missedWith(0.01)).toEqual([`${name} dinov2 pixel[5][200]`])
    await rm(folder, { recursive: true })
  })

  it.skipIf(!existsSync(golden))('gives the real ones too (needs ../shared/golden)', async () => {
    expect(await findMissed(golden, 36)).toEqual([])
  })
})

describe('resizing', () => {
  it('halves by the triangle of twice the width', () => {
    // Weights 1 3 3 1 over 8 around each new pixel; at the border 3 3 1 over 7.
    const halved = grayOf(resizePixels(gray(1, 4, [0, 70, 140, 210]), 1, 2, 'bilinear').data)
    expect(halved).toEqual([Math.round((3 * 0 + 3 * 70 + 140) / 7), Math.round((70 + 3 * 140 + 3 * 210) / 7)])
  })

  it('keeps pixels where the size stays and flat colours at any size', () => {
    const batch = gray(2, 3, [1, 2, 3, 250, 0, 9])
    expect(resizePixels(batch, 2, 3, 'bicubic').data).toEqual(batch.data)
    for (const filter of ['box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const) {
      const flat = resizePixels(gray(5, 5, Array(25).fill(137)), 13, 3, filter)
      expect(new Set(flat.data)).toEqual(new Set([137]))
    }
  })

  it('treats every patch of a batch alone', () => {
    const [a, b] = [
      gray(
        4,
        4,
        Array.from({ length: 16 }, (_, i) => i * 15),
      ),
      gray(4, 4, Array(16).fill(200)),
    ]
    const both = pixels(Uint8Array.of(...a.data, ...b.data), 2, 4, 4)
    const joined = [a, b].flatMap((batch) => [...resizePixels(batch, 7, 3, 'bicubic').data])
    expect([...resizePixels(both, 7, 3, 'bicubic').data]).toEqual(joined)
  })

  it('keeps the aspect by the shorter side, rounding down', () => {
    expect(shorterSides(3, 5, 7)).toEqual({ height: 7, width: 11 })
    expect(shorterSides(5, 3, 7)).toEqual({ height: 11, width: 7 })
  })

  it('refuses no size and an unknown filter', () => {
    expect(() => resizePixels(gray(1, 1, [0]), 0, 4, 'box')).toThrow(ShapeError)
    expect(() => resizePixels(gray(1, 1, [0]), 4, 4, 'cubic' as 'bicubic')).toThrow(UnknownNameError)
  })
})

describe('cropping', () => {
  it('takes the middle, a half pixel going to the even side as in torchvision', () => {
    const row = gray(1, 5, [1, 2, 3, 4, 5])
    expect(grayOf(cropCenter(row, 1, 3).data)).toEqual([2, 3, 4])
    expect(grayOf(cropCenter(row, 1, 4).data)).toEqual([1, 2, 3, 4]) // start 0.5 -> 0
    expect(grayOf(cropCenter(row, 1, 2).data)).toEqual([3, 4]) // start 1.5 -> 2
  })

  it('fills up a smaller patch with black', () => {
    expect(grayOf(cropCenter(gray(1, 2, [8, 9]), 1, 5).data)).toEqual([0, 8, 9, 0, 0])
  })
})

describe('making tensors', () => {
  it('parts the channels and applies mean and deviation in float32', () => {
    const batch = pixels(Uint8Array.of(0, 51, 255, 255, 102, 0), 1, 1, 2)
    expect(toTensor(batch).shape).toEqual([1, 3, 1, 2])
    expect([...toTensor(batch).data]).toEqual([0, 1, 0.2, 0.4, 1, 0].map(Math.fround))
    const shifted = toTensor(batch, [0.5, 0.5, 0.5], [0.5, 0.5, 0.25]).data
    expect([...shifted].map((value) => Number(value.toFixed(6)))).toEqual([-1, 1, -0.6, -0.2, 2, -2])
  })
})

describe('turning', () => {
  it('by a quarter counter-clockwise moves pixels exactly', () => {
    const square = gray(2, 2, [1, 2, 3, 4])
    expect(grayOf(rotatePixels(square, 90, 'nearest').data)).toEqual([2, 4, 1, 3])
    expect(grayOf(rotatePixels(square, 0, 'bilinear').data)).toEqual([1, 2, 3, 4])
  })
})
