import { describe, expect, it } from 'vitest'
import { openRandom, type Pixels, pixels } from '../../../src/base/index.ts'
import { buildGan, openRestainer } from '../../../src/stain/gan/index.ts'
import { fixMoments } from '../../../src/stain/gan/moments.ts'
import { cutTile, openBlend, type Planes, placeTiles, tentWeights } from '../../../src/stain/gan/tiles.ts'
import { type Networks, stainMethods } from '../../../src/stain/index.ts'
import { initParams, pickPart } from '../../../src/train/index.ts'

describe('tiles', () => {
  it('cover a side in steps of half a tile, the last flush with the end', () => {
    expect(placeTiles(64, 64)).toEqual([0])
    expect(placeTiles(100, 64)).toEqual([0, 32, 36])
    expect(placeTiles(128, 64)).toEqual([0, 32, 64])
  })

  it('weigh least at their edges and never nothing', () => {
    expect([...tentWeights(4)]).toEqual([0.25, 0.75, 0.75, 0.25])
  })

  it('mirror an image that is smaller than they are', () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i)
    const tile = cutTile({ data, height: 2, width: 2 }, 0, 0, { height: 2, width: 4 })
    expect([...tile.data.subarray(0, 8)]).toEqual([0, 1, 0, 1, 2, 3, 2, 3])
  })

  it('blended give back what they were cut from', () => {
    const [height, width] = [5, 9]
    const image = { data: Float32Array.from({ length: 3 * height * width }, (_, i) => i), height, width }
    const blend = openBlend(image)
    for (const top of placeTiles(height, 4)) {
      for (const left of placeTiles(width, 4)) {
        blend.add(cutTile(image, top, left, { height: 4, width: 4 }), top, left)
      }
    }
    blend.finish().forEach((value, i) => {
      expect(value).toBeCloseTo(i, 4)
    })
  })
})

// What InstanceNorm does to each tile by itself: mean 0, deviation 1.
function normalise(tile: Planes): Planes {
  const mean = tile.data.reduce((sum, value) => sum + value, 0) / tile.data.length
  const square = tile.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / tile.data.length
  return { ...tile, data: tile.data.map((value) => (value - mean) / Math.sqrt(square)) }
}

// The image through `normalise` in tiles that begin at these columns.
function normaliseTiles(image: Planes, tile: number, lefts: readonly number[]): Float32Array {
  const blend = openBlend(image)
  const sides = { height: image.height, width: tile }
  for (const left of lefts) blend.add(normalise(cutTile(image, 0, left, sides)), 0, left)
  return blend.finish()
}

describe('a seam', () => {
  const [height, width, tile] = [8, 192, 64]
  // Brighter from left to right, so that neighbouring tiles have other statistics.
  const ramp = Float32Array.from({ length: 3 * height * width }, (_, i) => (i % width) / width)
  const image = { data: ramp, height, width }
  const largestStep = (line: Float32Array) =>
    Math.max(...Array.from({ length: width - 1 }, (_, x) => Math.abs(line[x + 1] - line[x])))

  it('is there where tiles meet edge to edge, and not where they are blended', () => {
    const hard = normaliseTiles(image, tile, [0, 64, 128])
    const blended = normaliseTiles(image, tile, placeTiles(width, tile))
    expect(largestStep(hard)).toBeGreaterThan(3) // from brightest of one tile to darkest of the next
    expect(largestStep(blended)).toBeLessThan(0.1)
  })
})

describe('an image larger than its tiles', () => {
  const options = {
    ...stainMethods.cyclegan.defaults,
    generator: { form: 'resnet', width: 4, blocks: 1, downs: 2 },
  } as const
  const gan = buildGan(options)
  const network = pickPart(initParams(gan.params, 1), 'G_A') as Networks[string]
  const place = { provider: 'cpu', threads: 1 } as const

  it('under fixed moments has the same middle in tiles as whole', async () => {
    const random = openRandom(4, 'image')
    const data = Uint8Array.from(
      { length: 128 * 128 * 3 },
      (_, i) => 128 + 100 * Math.sin(i / 400) * random.uniform(),
    )
    const image = pixels(data, 1, 128, 128)
    const fixed = await fixMoments(gan, network, image, 128, place)
    const restain = async (weights: Networks[string], tile: number) => {
      const restainer = openRestainer({ gan, network: weights, unit: 4, tile, place })
      const made = await restainer.restain(image)
      await restainer.close()
      return made.data
    }
    const differ = async (weights: Networks[string]) => {
      const [whole, tiled] = [await restain(weights, 128), await restain(weights, 96)]
      return whole.filter((level, i) => Math.abs(level - tiled[i]) > 1).length / whole.length
    }
    expect(await differ(fixed)).toBeLessThan(0.5 * (await differ(network)))
  })

  it('of any sides comes out in its own, another way in tiles than whole', async () => {
    const random = openRandom(3, 'image')
    const data = Uint8Array.from({ length: 50 * 71 * 3 }, () => random.integer(256))
    const image = pixels(data, 1, 50, 71)
    const made: Pixels[] = []
    for (const tile of [32, 128]) {
      const restainer = openRestainer({ gan, network, unit: 4, tile, place })
      made.push(await restainer.restain(image))
      await restainer.close()
    }
    for (const { height, width } of made) expect([height, width]).toEqual([50, 71])
    const differing = made[0].data.filter((level, i) => level !== made[1].data[i]).length
    expect(differing).toBeGreaterThan(100)
  })
})
