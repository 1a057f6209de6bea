// The parts of the synthetic generator: noise of the promised mean and spread, JPEG as a real encoder does it,
// optics that keep the light, stains that absorb as Beer and Lambert say.

import { describe, expect, it } from 'vitest'
import { openRandom, pixels } from '../../src/base/index.ts'
import { decodeImage } from '../../src/files/index.ts'
import { renderSyntheticPatch, type Slide, syntheticDefaults } from '../../src/synthetic/index.ts'
import { degradeAsJpeg } from '../../src/synthetic/jpeg.ts'
import { drawFibres, drawField } from '../../src/synthetic/noise.ts'
import { makeOptics, scanSection } from '../../src/synthetic/scanner.ts'
import { encodeJpeg } from '../files/encodeJpeg.ts'

const spread = (values: ArrayLike<number>) => {
  const list = Array.from(values)
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length
  return {
    mean,
    deviation: Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length),
  }
}

describe('drawField', () => {
  it('has mean 0 and a standard deviation of about 1, whatever the grain', () => {
    for (const grain of [1.5, 2.1, 5]) {
      const { mean, deviation } = spread(drawField(openRandom(3), 200, grain))
      expect(Math.abs(mean)).toBeLessThan(0.15)
      expect(deviation).toBeGreaterThan(0.8)
      expect(deviation).toBeLessThan(1.2)
    }
    expect(spread(drawFibres(openRandom(3), 96, 0.7)).deviation).toBeGreaterThan(0.7)
  })

  it('is smooth on the scale of its grain', () => {
    const roughness = (grain: number) => {
      const field = drawField(openRandom(4), 100, grain)
      return spread(field.map((value, i) => (i % 100 < 99 ? field[i + 1] - value : 0))).deviation
    }
    expect(roughness(16)).toBeLessThan(roughness(4) / 2)
  })
})

describe('degradeAsJpeg', () => {
  it('loses what a real encoder loses', async () => {
    const original = renderSyntheticPatch(syntheticDefaults, 'train', 1).pixels
    for (const quality of [40, 75, 85]) {
      const ours = Uint8Array.from(original)
      degradeAsJpeg(ours, 96, quality)
      const theirs = await decodeImage(await encodeJpeg(pixels(original, 1, 96, 96), quality), 'a.jpg')
      const difference = (a: Uint8Array, b: Uint8Array) =>
        spread(a.map((value, i) => Math.abs(value - b[i]))).mean
      const loss = difference(theirs.data, original)
      expect(difference(ours, original) / loss).toBeGreaterThan(0.93)
      expect(difference(ours, original) / loss).toBeLessThan(1.07)
      // What is left is rounding to the same steps, one way here and the other way there.
      expect(difference(ours, theirs.data)).toBeLessThan(0.6 * loss)
    }
  })

  it('leaves a plain colour nearly as it is, for sides that are no multiple of 16', () => {
    const plain = Uint8Array.from({ length: 3 * 37 * 37 }, (_, i) => [200, 120, 170][i % 3])
    const degraded = Uint8Array.from(plain)
    degradeAsJpeg(degraded, 37, 90)
    for (const [i, value] of degraded.entries()) expect(Math.abs(value - plain[i])).toBeLessThanOrEqual(3)
  })
})

describe('scanSection', () => {
  const slide: Slide = {
    hematoxylin: [0.6, 0.7, 0.39],
    eosin: [0.2, 0.9, 0.39],
    strength: [1, 1],
    white: [250, 245, 240],
    gamma: 1,
    blur: 0.5,
    noise: 0,
    sharpening: 0,
    quality: 100,
  }

  it('follows Beer and Lambert on an even section', () => {
    const even = (value: number) => new Float32Array(32 * 32).fill(value)
    const scanned = scanSection(even(0.8), even(0.5), 32, slide, openRandom(0))
    for (const channel of [0, 1, 2]) {
      const density = 0.8 * slide.hematoxylin[channel] + 0.5 * slide.eosin[channel]
      const expected = slide.white[channel] * Math.exp(-density)
      expect(Math.abs(scanned[3 * 500 + channel] - expected)).toBeLessThan(2)
    }
  })

  it('shows bare glass as the slide says, with noise of the promised size', () => {
    const glass = new Float32Array(64 * 64)
    const dim = { ...slide, white: [200, 200, 200] as const, noise: 4 }
    const green = scanSection(glass, glass, 64, dim, openRandom(0)).filter((_, i) => i % 3 === 1)
    const { mean, deviation } = spread(green)
    expect(Math.abs(mean - 200)).toBeLessThan(0.5)
    // JPEG blends the channels' noise into one another: luma keeps about two thirds.
    expect(deviation).toBeGreaterThan(0.5 * 4 * Math.sqrt(200 / 255))
    expect(deviation).toBeLessThan(1.1 * 4 * Math.sqrt(200 / 255))
  })

  it('keeps the light: optics sum to 1, sharpening or not', () => {
    for (const sharpening of [0, 0.35]) {
      const [middle, ...sides] = makeOptics(0.7, sharpening)
      expect(middle + 2 * sides.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
    }
  })
})
