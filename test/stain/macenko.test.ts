import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../src/base/index.ts'
import { decomposeSymmetric } from '../../src/stain/eigen.ts'
import { angleBetween, type MacenkoOptions, publishedProfile, stainMethods } from '../../src/stain/index.ts'
import { drawTissue, fillPatch, joinPatches, streamOf, trueStains } from './pictures.ts'

const { macenko } = stainMethods
const seedPaper: MacenkoOptions = { ...macenko.defaults, compatibility: 'torchstain' }

// The seed paper's formula as it is written down: no tables, no brackets, sorting.
function fitPlainly({ data }: Pixels, io: number, beta: number, alpha: number) {
  const density = Array.from({ length: data.length / 3 }, (_, i) =>
    [0, 1, 2].map((k) => -Math.log((data[3 * i + k] + 1) / io)),
  )
  const tissue = density.filter((pixel) => pixel.every((value) => value >= beta))
  const mean = [0, 1, 2].map((k) => tissue.reduce((sum, pixel) => sum + pixel[k], 0) / tissue.length)
  const cov = (a: number, b: number) =>
    tissue.reduce((sum, p) => sum + (p[a] - mean[a]) * (p[b] - mean[b]), 0) / (tissue.length - 1)
  const { vectors } = decomposeSymmetric([cov(0, 0), cov(0, 1), cov(0, 2), cov(1, 1), cov(1, 2), cov(2, 2)])
  const along = (pixel: readonly number[], v: readonly number[]) =>
    pixel.reduce((sum, x, k) => sum + x * v[k], 0)
  const angles = tissue.map((pixel) => Math.atan2(along(pixel, vectors[2]), along(pixel, vectors[1])))
  const at = (angle: number) =>
    vectors[1].map((x, k) => x * Math.cos(angle) + vectors[2][k] * Math.sin(angle))
  const [a, b] = [at(percentile(angles, alpha)), at(percentile(angles, 100 - alpha))]
  const [h, e] = a[0] > b[0] ? [a, b] : [b, a]
  const [hh, he, ee] = [along(h, h), along(h, e), along(e, e)]
  const codes = density.map((pixel) => {
    const [x, y] = [along(pixel, h), along(pixel, e)]
    return [(ee * x - he * y) / (hh * ee - he * he), (hh * y - he * x) / (hh * ee - he * he)]
  })
  const strengths = [0, 1].map((s) =>
    percentile(
      codes.map((code) => code[s]),
      99,
    ),
  )
  return { stains: [h, e], strengths, codes }
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((x, y) => x - y)
  const position = (percent / 100) * (sorted.length - 1)
  const low = Math.floor(position)
  return sorted[low] + (position - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low])
}

describe("Macenko in torchstain's mode", () => {
  it('gives the stains and strengths of the plain formula, at any size and with other constants', async () => {
    for (const [side, io, beta, alpha] of [
      [12, 255, 0.15, 1],
      [64, 255, 0.15, 1],
      [96, 240, 0.15, 1],
      [96, 250, 0.3, 5],
      [200, 255, 0.1, 0.5],
    ]) {
      const patch = drawTissue(side, side, 0.8)
      const plain = fitPlainly(patch, io, beta, alpha)
      const fit = await macenko.fit(streamOf(patch), { ...seedPaper, io, beta, alpha })
      fit.stains.flat().forEach((value, i) => {
        expect(value).toBeCloseTo(plain.stains.flat()[i], 11)
      })
      fit.maxConcentrations.forEach((value, i) => {
        expect(value).toBeCloseTo(plain.strengths[i], 11)
      })
    }
  })

  it('rebuilds every pixel as the plain formula does, truncated', async () => {
    const [patch, reference] = [drawTissue(1, 48, 0.7), drawTissue(2, 48)]
    const plain = fitPlainly(patch, 255, 0.15, 1)
    const fit = await macenko.fit(streamOf(reference), seedPaper)
    const { pixels } = await macenko.apply(patch, fit, seedPaper)
    plain.codes.forEach(([a, b], i) => {
      for (let k = 0; k < 3; k++) {
        const c = [a, b].map((code, s) => (code * fit.maxConcentrations[s]) / plain.strengths[s])
        const light = 255 * Math.exp(-(c[0] * fit.stains[0][k] + c[1] * fit.stains[1][k]))
        expect(pixels.data[3 * i + k]).toBe(Math.trunc(Math.min(light, 255)))
      }
    })
  })

  it('takes the published target where there is no reference', async () => {
    expect(await macenko.fit(streamOf(), seedPaper)).toEqual({ ...publishedProfile, patches: 0 })
  })
})

describe("Macenko in Eosin's own way", () => {
  it('finds the stains that a patch was made with', async () => {
    const fit = await macenko.fit(streamOf(drawTissue(3, 96)), macenko.defaults)
    expect(angleBetween(fit.stains[0], trueStains[0])).toBeLessThan(3)
    expect(angleBetween(fit.stains[1], trueStains[1])).toBeLessThan(3)
  })

  it('finds them on weak stain and little tissue, where the plain formula is lost', async () => {
    const patch = drawTissue(4, 96, 0.06, trueStains, 0.45)
    const own = await macenko.fit(streamOf(patch), macenko.defaults)
    const plain = await macenko.fit(streamOf(patch), seedPaper)
    expect(angleBetween(own.stains[1], trueStains[1])).toBeLessThan(6)
    expect(angleBetween(plain.stains[1], trueStains[1])).toBeGreaterThan(8)
  })

  it('leaves background bytes as they are and does not touch its input', async () => {
    const patch = drawTissue(5, 64, 0.5)
    const before = patch.data.slice()
    const fit = await macenko.fit(streamOf(drawTissue(6, 64)), macenko.defaults)
    const { pixels, verdicts } = await macenko.apply(patch, fit, macenko.defaults)
    expect(verdicts).toEqual(['ok'])
    expect(patch.data).toEqual(before)
    const half = patch.data.length / 2
    expect(pixels.data.subarray(half)).toEqual(before.subarray(half))
    expect(pixels.data.subarray(0, half)).not.toEqual(before.subarray(0, half))
  })

  it('ignores black bars, which make a stain vector grey otherwise', async () => {
    const patch = drawTissue(7, 96)
    const barred = { ...patch, data: patch.data.slice().fill(0, 0, 96 * 20 * 3) }
    const own = await macenko.fit(streamOf(barred), macenko.defaults)
    const plain = await macenko.fit(streamOf(barred), seedPaper)
    expect(angleBetween(own.stains[0], trueStains[0])).toBeLessThan(4)
    expect(angleBetween(plain.stains[0], trueStains[0])).toBeGreaterThan(6)
  })

  it('makes no stain more than four times as strong', async () => {
    const strong = await macenko.fit(streamOf(drawTissue(8, 64, 1, trueStains, 1.6)), macenko.defaults)
    const patch = drawTissue(9, 64, 1, trueStains, 0.2)
    const gain = async (maxGain: number) => {
      const { pixels } = await macenko.apply(patch, strong, { ...macenko.defaults, maxGain })
      return pixels.data.reduce((sum, level) => sum + 255 - level, 0)
    }
    expect(await gain(4)).toBeLessThan(await gain(100))
  })

  it('falls back on the group where a patch has too little tissue, and says so', async () => {
    const poor = drawTissue(10, 64, 0.01)
    const batch = joinPatches([poor, poor, drawTissue(11, 64)])
    const fit = await macenko.fit(streamOf(drawTissue(12, 64)), macenko.defaults)
    const group = await macenko.fit(streamOf(drawTissue(13, 64)), macenko.defaults)
    const { pixels, verdicts, reasons } = await macenko.apply(batch, fit, macenko.defaults, {
      groups: [null, group, group],
    })
    expect(verdicts).toEqual(['passthrough', 'fallback', 'ok'])
    expect(reasons[1]).toMatch(/^too little tissue: \d+ of 4096 pixels$/)
    expect(pixels.data.subarray(0, poor.data.length)).toEqual(poor.data)
    expect(pixels.data.subarray(poor.data.length, 2 * poor.data.length)).not.toEqual(poor.data)
  })

  it('rejects a patch of one stain instead of making noise of the other', async () => {
    const pink = fillPatch(1, 64, (random, at) => [215, 130, 190][at % 3] + random.integer(5))
    const { verdicts, reasons, pixels } = await macenko.apply(
      pink,
      { ...publishedProfile, patches: 0 },
      macenko.defaults,
    )
    expect([verdicts, reasons]).toEqual([['rejected'], ['one stain only']])
    expect(pixels.data).toEqual(pink.data)
  })
})

describe('several references', () => {
  const references = [drawTissue(20, 48), drawTissue(21, 48, 1, [trueStains[0], [0.3, 0.85, 0.433]])]

  it('averaged are the plain means of their fits', async () => {
    const options: MacenkoOptions = { ...seedPaper, references: 'averaged' }
    const [a, b] = await Promise.all(references.map((patch) => macenko.fit(streamOf(patch), options)))
    const both = await macenko.fit(streamOf(...references), options)
    both.stains.flat().forEach((value, i) => {
      expect(value).toBeCloseTo((a.stains.flat()[i] + b.stains.flat()[i]) / 2, 12)
    })
    expect(both.maxConcentrations[0]).toBeCloseTo((a.maxConcentrations[0] + b.maxConcentrations[0]) / 2, 12)
    expect(both.patches).toBe(2)
  })

  it('concatenated are one tall image', async () => {
    const options: MacenkoOptions = { ...seedPaper, references: 'concatenated' }
    const { data } = joinPatches(references)
    const tall = { data, count: 1, height: 96, width: 48 }
    const [joined, single] = [
      await macenko.fit(streamOf(...references), options),
      await macenko.fit(streamOf(tall), options),
    ]
    expect(joined.stains).toEqual(single.stains)
    expect(joined.maxConcentrations).toEqual(single.maxConcentrations)
  })

  it('pooled have unit vectors and do not depend on their order', async () => {
    const forth = await macenko.fit(streamOf(...references), macenko.defaults)
    const back = await macenko.fit(streamOf(...[...references].reverse()), macenko.defaults)
    expect(Math.hypot(...forth.stains[0])).toBeCloseTo(1, 12)
    back.stains.flat().forEach((value, i) => {
      expect(value).toBeCloseTo(forth.stains.flat()[i], 12)
    })
  })

  it('without tissue are a DataError that says what to do', async () => {
    const white = fillPatch(0, 16, () => 250)
    await expect(macenko.fit(streamOf(white), macenko.defaults)).rejects.toThrow(
      /stain reference: expected a patch that stain vectors can be fitted on, got 1 without .*choose reference/,
    )
  })
})
