import { afterAll, describe, expect, it } from 'vitest'
import { openRandom, type Pixels, pixels, ShapeError } from '../../src/base/index.ts'
import { openExtractor, textureNames } from '../../src/embed/index.ts'
import { createTexture } from '../../src/embed/texture/texture.ts'

const dimensions = textureNames.length

function draw(count: number, side: number, colour: (y: number, x: number, i: number) => number[]): Pixels {
  const values = new Uint8Array(count * side * side * 3)
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) values.set(colour(y, x, i), ((i * side + y) * side + x) * 3)
    }
  }
  return pixels(values, count, side, side)
}

function drawNoise(count: number, side: number): Pixels {
  const random = openRandom(3, 'texture test')
  return draw(count, side, () => [random.integer(256), random.integer(256), random.integer(256)])
}

function measure(batch: Pixels): Record<string, number> {
  const row = new Float32Array(dimensions)
  createTexture(batch.height, batch.width).measure(batch.data, 0, row, 0)
  return Object.fromEntries(textureNames.map((name, i) => [name, row[i]]))
}

const white = [255, 255, 255]
const violet = [90, 60, 140]

describe('texture features', () => {
  it('have one name each', () => {
    expect(new Set(textureNames).size).toBe(dimensions)
    expect(dimensions).toBe(266)
  })

  it('fill every dimension with a finite number, on blank, black, flat and noisy patches of any size', () => {
    const patches = [32, 33, 63, 64, 96, 150].flatMap((side) => [
      drawNoise(1, side),
      ...[white, [0, 0, 0], violet].map((colour) => draw(1, side, () => colour)),
    ])
    for (const patch of patches) {
      const row = new Float32Array(dimensions).fill(Number.NaN)
      createTexture(patch.height, patch.width).measure(patch.data, 0, row, 0)
      expect(row.every(Number.isFinite)).toBe(true)
    }
  })

  it('tell blank glass as no density, no pattern and no power', () => {
    const blank = measure(draw(1, 96, () => white))
    expect(blank['density.patch.mean']).toBe(0)
    expect(blank['density.patch.sd']).toBe(0)
    expect(blank['density.patch.lbp.r1.uniform0']).toBe(1)
    expect(blank['density.patch.glcm.d1.contrast']).toBe(0)
    expect(blank['density.patch.glcm.d1.correlation']).toBe(1)
    expect(blank['density.spectrum.total']).toBe(0)
  })

  it('take the density of a flat patch as -ln of its luma', () => {
    const flat = measure(draw(1, 64, () => [94, 94, 94])) // -ln(94 / 255) = 0.998, that is 100 steps of 0.01
    expect(flat['density.patch.mean']).toBeCloseTo(100 / 255, 6)
    expect(flat['density.center.mean']).toBeCloseTo(100 / 255, 6)
  })

  it('see in the center only what lies in the central 32 x 32', () => {
    const inside = (y: number, x: number) => y >= 32 && y < 64 && x >= 32 && x < 64
    const framed = measure(
      draw(1, 96, (y, x) => (inside(y, x) ? white : [(y * 37) % 256, (x * 91) % 256, 60])),
    )
    const blank = measure(draw(1, 96, () => white))
    for (const statistic of ['mean', 'sd', 'p95', 'glcm.d2.contrast']) {
      expect(framed[`density.center.${statistic}`]).toBe(blank[`density.center.${statistic}`])
      expect(framed[`density.patch.${statistic}`]).not.toBe(blank[`density.patch.${statistic}`])
    }
  })

  it('do not change when a patch is turned by quarters, but for rows and pairs that are skipped', () => {
    const noise = drawNoise(1, 64)
    const turned = draw(1, 64, (y, x) => {
      const from = ((63 - x) * 64 + y) * 3
      return [...noise.data.subarray(from, from + 3)]
    })
    const [a, b] = [measure(noise), measure(turned)]
    const names = textureNames.filter((name) => !/patch\.lbp|glcm/.test(name))
    expect(names.length).toBe(122)
    for (const name of names) expect(b[name], name).toBeCloseTo(a[name], 4)
  })

  it('find the scale of stripes in the ring of their frequency', () => {
    const stripes = measure(draw(1, 64, (_, x) => (Math.floor(x / 4) % 2 ? white : violet))) // period 8 pixels
    const shares = Array.from({ length: 10 }, (_, ring) => stripes[`density.spectrum.ring${ring}`])
    // log2(64 / 8) / log2(32) = 0.6: the first frequency of ring 6, with the window's leak into its neighbours
    expect(shares.indexOf(Math.max(...shares))).toBe(6)
  })

  it('count hand-checked co-occurrences: stripes one pixel wide differ at distance 1 and agree at 2', () => {
    const stripes = measure(draw(1, 96, (_, x) => (x % 2 ? white : violet)))
    expect(stripes['density.patch.glcm.d2.contrast']).toBe(0)
    expect(stripes['density.patch.glcm.d1.contrast']).toBeGreaterThan(1)
    expect(stripes['density.patch.glcm.d1.correlation']).toBeLessThan(0)
  })

  it('refuse patches below 32 x 32', () => {
    expect(() => createTexture(31, 96)).toThrow(ShapeError)
  })
})

describe('the texture extractor', () => {
  const opened = [1, 2].map((threads) => openExtractor('texture', { threads }))
  afterAll(async () => {
    for (const extractor of opened) await (await extractor).close()
  })

  it('gives the same bytes with one and two threads, whole and in parts', async () => {
    const [one, two] = await Promise.all(opened)
    const batch = drawNoise(50, 48)
    const whole = await one.embed(batch)
    const parts = await two.embed(batch)
    const last = await two.embed(pixels(batch.data.subarray(49 * 48 * 48 * 3), 1, 48, 48))
    expect(whole.length).toBe(50 * dimensions)
    expect(parts).toEqual(whole)
    expect(last).toEqual(whole.subarray(49 * dimensions))
    expect(one.key).toBe(two.key)
  })

  it('embeds nothing to nothing and leaves the batch as it was', async () => {
    const extractor = await opened[1]
    expect(await extractor.embed(pixels(new Uint8Array(0), 0, 96, 96))).toEqual(new Float32Array(0))
    const batch = drawNoise(3, 40)
    const buffer = { ...batch, data: Buffer.from(batch.data) } // its slice would be a view, not a copy
    const shared = { ...batch, data: new Uint8Array(new SharedArrayBuffer(batch.data.length)) }
    shared.data.set(batch.data)
    const rows = await extractor.embed(batch)
    expect(await extractor.embed(buffer)).toEqual(rows)
    expect(await extractor.embed(shared)).toEqual(rows)
    expect(batch.data).toEqual(drawNoise(3, 40).data)
    expect([...buffer.data]).toEqual([...batch.data])
  })

  it('refuses patches that are too small', async () => {
    await expect((await opened[0]).embed(drawNoise(2, 16))).rejects.toThrow(ShapeError)
  })
})
