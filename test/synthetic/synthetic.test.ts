// The synthetic generator: reproducible in any order, true to its label and its stain matrix, and not to be
// told by mean colour.

import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import {
  completeSyntheticOptions,
  describeSyntheticPatch,
  openSyntheticSet,
  renderSyntheticPatch,
  type SyntheticOptions,
  syntheticCenters,
  syntheticDefaults,
} from '../../src/synthetic/index.ts'

const clean: SyntheticOptions = { ...syntheticDefaults, aberrantShare: 0 }
const indices = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('renderSyntheticPatch', () => {
  it('gives the same bytes for the same seed, split and index, in whatever order', () => {
    const forward = [3, 4, 5].map((index) => renderSyntheticPatch(clean, 'val', index).pixels)
    const backward = [5, 4, 3].map((index) => renderSyntheticPatch(clean, 'val', index).pixels)
    expect(backward.reverse()).toEqual(forward)
  })

  it('gives other bytes for another seed, split or index', () => {
    const { pixels } = renderSyntheticPatch(clean, 'train', 0)
    expect(renderSyntheticPatch({ ...clean, seed: 1 }, 'train', 0).pixels).not.toEqual(pixels)
    expect(renderSyntheticPatch(clean, 'val', 0).pixels).not.toEqual(pixels)
    expect(renderSyntheticPatch(clean, 'train', 1).pixels).not.toEqual(pixels)
  })

  it('shows tumour in the central square exactly where the label says so', () => {
    for (const index of indices(80)) {
      const { label, truth } = renderSyntheticPatch({ ...clean, difficulty: 1 }, 'train', index)
      if (label === 1) expect(truth.tumourShare).toBeGreaterThan(0.1)
      else expect(truth.tumourShare).toBe(0)
      if (truth.tumour === 'none') expect(truth.maps.tumour.every((value) => value === 0)).toBe(true)
    }
  })

  it('renders any size, with the label still true to the central third', () => {
    for (const size of [33, 50, 128]) {
      for (const index of indices(4)) {
        const { pixels, label, truth } = renderSyntheticPatch({ ...clean, size }, 'train', index)
        expect(pixels.length).toBe(size * size * 3)
        expect(truth.tumourShare > 0).toBe(label === 1)
      }
    }
  })

  it('absorbs light as the truth says: stains and maps give back the pixels', () => {
    for (const index of indices(6)) {
      const { pixels, truth } = renderSyntheticPatch(clean, 'test', index)
      const { hematoxylin, eosin, white, gamma } = truth.stains
      let error = 0
      for (let i = 0; i < pixels.length; i++) {
        const [pixel, channel] = [Math.floor(i / 3), i % 3]
        const density =
          truth.maps.hematoxylin[pixel] * hematoxylin[channel] + truth.maps.eosin[pixel] * eosin[channel]
        error += Math.abs(pixels[i] - white[channel] * Math.exp(-gamma * density))
      }
      // Blur, noise and JPEG are all that remains.
      expect(error / pixels.length).toBeLessThan(12)
    }
  })
})

describe('mean colour', () => {
  // Which side of the line between the two class means, in least squares on three features.
  const separate = (features: number[][], labels: number[]) => {
    const mean = (wanted: number) => {
      const chosen = features.filter((_, i) => labels[i] === wanted)
      return [0, 1, 2].map((k) => chosen.reduce((sum, row) => sum + row[k], 0) / chosen.length)
    }
    const [normal, tumour] = [mean(0), mean(1)]
    const centered = features.map((row, i) => row.map((value, k) => value - [normal, tumour][labels[i]][k]))
    const covariance = [0, 1, 2].map((j) =>
      [0, 1, 2].map((k) => centered.reduce((sum, row) => sum + row[j] * row[k], 0) / centered.length),
    )
    const weights = solve(
      covariance,
      tumour.map((value, k) => value - normal[k]),
    )
    const middle = weights.reduce((sum, weight, k) => sum + (weight * (normal[k] + tumour[k])) / 2, 0)
    return (row: number[]) => (weights.reduce((sum, weight, k) => sum + weight * row[k], -middle) > 0 ? 1 : 0)
  }
  // Cramer's rule.
  const solve = (m: number[][], v: number[]) => {
    const det = ([a, b, c]: number[][]) =>
      a[0] * (b[1] * c[2] - b[2] * c[1]) -
      a[1] * (b[0] * c[2] - b[2] * c[0]) +
      a[2] * (b[0] * c[1] - b[1] * c[0])
    return [0, 1, 2].map(
      (k) => det(m.map((row, i) => row.map((value, j) => (j === k ? v[i] : value)))) / det(m),
    )
  }
  const measure = (split: 'train' | 'test', count: number) => {
    const patches = indices(count).map((index) => renderSyntheticPatch(clean, split, index))
    const average = (pixels: Uint8Array, see: (value: number) => number) =>
      [0, 1, 2].map((channel) => {
        let sum = 0
        for (let i = channel; i < pixels.length; i += 3) sum += see(pixels[i])
        return (3 * sum) / pixels.length
      })
    return {
      labels: patches.map(({ label }) => label as number),
      colour: patches.map(({ pixels }) => average(pixels, (value) => value)),
      density: patches.map(({ pixels }) => average(pixels, (value) => -Math.log((value + 1) / 256))),
    }
  }

  it('hardly tells tumour on the unseen center: neither mean RGB nor mean optical density', () => {
    const train = measure('train', 300)
    const test = measure('test', 200)
    for (const feature of ['colour', 'density'] as const) {
      const predict = separate(train[feature], train.labels)
      const right = test[feature].filter((row, i) => predict(row) === test.labels[i]).length
      expect(right / 200).toBeLessThan(0.65)
      expect(right / 200).toBeGreaterThan(0.35)
    }
  })
})

describe('describeSyntheticPatch', () => {
  const rows = indices(4000).map((index) => describeSyntheticPatch(syntheticDefaults, 'train', index))

  it('draws labels evenly and independent of the index', () => {
    const half = (list: typeof rows) => list.reduce((sum, { label }) => sum + label, 0) / list.length
    for (const part of [rows.slice(0, 2000), rows.slice(2000), rows.filter((_, i) => i % 2 === 0)]) {
      expect(half(part)).toBeGreaterThan(0.45)
      expect(half(part)).toBeLessThan(0.55)
    }
  })

  it('draws train from centers 0, 3 and 4 in the shares of the challenge, val from 1, test from 2', () => {
    const share = (center: string) => rows.filter((row) => row.center === center).length / rows.length
    expect(share('0')).toBeCloseTo(0.178, 1)
    expect(share('3')).toBeCloseTo(0.387, 1)
    expect(share('4')).toBeCloseTo(0.435, 1)
    expect(describeSyntheticPatch(syntheticDefaults, 'val', 7).center).toBe('1')
    expect(describeSyntheticPatch(syntheticDefaults, 'test', 7).center).toBe('2')
  })

  it('gives each center slides of its own, of different sizes', () => {
    const counts = new Map<number, number>()
    for (const { slide, center } of rows) {
      expect(Math.floor(slide / 10)).toBe(Number(center))
      counts.set(slide, (counts.get(slide) ?? 0) + 1)
    }
    expect(counts.size).toBe(30)
    expect(counts.get(40)!).toBeGreaterThan(2 * counts.get(49)!)
  })

  it('spoils the share of patches that is asked for, in each of the three ways', () => {
    const spoiled = indices(60).map((i) => renderSyntheticPatch({ ...clean, aberrantShare: 0.3 }, 'val', i))
    const kinds = new Set(spoiled.map(({ truth }) => truth.aberration))
    expect(kinds).toEqual(new Set([null, 'blackBar', 'blackRegion', 'blank']))
    for (const { pixels, truth, label } of spoiled) {
      let black = 0
      for (let i = 0; i < pixels.length; i += 3) {
        if (pixels[i] + pixels[i + 1] + pixels[i + 2] === 0) black++
      }
      if (truth.aberration?.startsWith('black')) expect(black).toBeGreaterThan(100)
      else expect(black).toBeLessThan(10)
      if (truth.aberration === 'blank') expect([label, truth.tumourShare]).toEqual([0, 0])
    }
  })
})

describe('syntheticCenters', () => {
  it('have stain vectors of length 1 that differ from center to center', () => {
    const seen = new Set<string>()
    for (const { hematoxylin, eosin } of Object.values(syntheticCenters)) {
      expect(Math.hypot(...hematoxylin)).toBeCloseTo(1, 2)
      expect(Math.hypot(...eosin)).toBeCloseTo(1, 2)
      seen.add(`${hematoxylin} ${eosin}`)
    }
    expect(seen.size).toBe(5)
  })
})

describe('completeSyntheticOptions', () => {
  it('names the option that is out of range', () => {
    expect(() => completeSyntheticOptions({ size: 8 })).toThrow(/synthetic size.*32 to 1024.*8/)
    expect(() => completeSyntheticOptions({ difficulty: Number.NaN })).toThrow(DataError)
    expect(() => completeSyntheticOptions({ counts: { train: 1.5, val: 0, test: 0 } })).toThrow(
      /counts\.train/,
    )
    expect(() => completeSyntheticOptions({ slidesPerCenter: 11 })).toThrow(/slidesPerCenter/)
  })
})

describe('openSyntheticSet', () => {
  it('reads rows in the order asked and knows its origin', async () => {
    const set = openSyntheticSet('train', { counts: { train: 20, val: 0, test: 0 } })
    const batch = await set.read([7, 2])
    expect([set.origin, set.count, set.height, batch.count]).toEqual(['synthetic', 20, 96, 2])
    const { pixels, label } = renderSyntheticPatch(syntheticDefaults, 'train', 7)
    expect(batch.data.subarray(0, pixels.length)).toEqual(pixels)
    expect(set.labels![7]).toBe(label)
    await expect(set.read([20])).rejects.toThrow(/rows below 20/)
  })

  it('withholds labels and centers of test unless asked', () => {
    const closed = openSyntheticSet('test')
    expect([closed.labels, closed.centers, closed.slides]).toEqual([null, null, null])
    expect(new Set(openSyntheticSet('test', { testLabels: true }).centers)).toEqual(new Set(['2']))
  })

  it('has a fingerprint that changes with what decides the patches, and only with that', async () => {
    const print = (options: Partial<SyntheticOptions>) => openSyntheticSet('train', options).fingerprint()
    const plain = await print({})
    expect(await print({ truth: 'maps' })).toBe(plain)
    expect(await print({ seed: 1 })).not.toBe(plain)
    expect(await print({ difficulty: 0.6 })).not.toBe(plain)
  })
})
