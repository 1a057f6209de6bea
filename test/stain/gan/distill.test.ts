import { describe, expect, it } from 'vitest'
import { type Pixels, pixelsAt } from '../../../src/base/index.ts'
import { colourGan } from '../../../src/stain/gan/buildGan.ts'
import { distill, meanDifference } from '../../../src/stain/gan/distill.ts'
import { openRestainer } from '../../../src/stain/gan/index.ts'
import { drawTissue, joinPatches } from '../pictures.ts'

const place = { provider: 'cpu', threads: 1, seed: 0 } as const
const before = joinPatches([1, 2, 3, 4].map((seed) => drawTissue(seed, 48, 0.8)))
// Another stain: red and blue change places, and all is a little paler.
const after: Pixels = {
  ...before,
  data: before.data.map((_, i) => 20 + 0.9 * before.data[i - (i % 3) + 2 - (i % 3)]),
}

async function openMap(network: Awaited<ReturnType<typeof distill>>, tile = 4096) {
  const map = openRestainer({ gan: colourGan(16), network, unit: 1, tile, place })
  return map
}

describe('a colour map', () => {
  it('learns what a generator makes of colours, the same for the same seed', async () => {
    const network = await distill(before, after, 16, place)
    const map = await openMap(network)
    const held = drawTissue(9, 48, 0.8)
    const wanted = { ...held, data: held.data.map((_, i) => 20 + 0.9 * held.data[i - (i % 3) + 2 - (i % 3)]) }
    expect(meanDifference(held, wanted)).toBeGreaterThan(10)
    expect(meanDifference(await map.restain(held), wanted)).toBeLessThan(2.5)
    await map.close()
    expect(await distill(before, after, 16, place)).toEqual(network)
  })

  it('has no seams: tiles are what the whole is, and a pixel does not look at others', async () => {
    const network = await distill(before, after, 16, place)
    const [whole, tiled] = [await openMap(network), await openMap(network, 16)]
    const image = drawTissue(9, 50, 0.8)
    const made = await whole.restain(image)
    expect(meanDifference(await tiled.restain(image), made)).toBeLessThan(0.01)
    const other = { ...image, data: image.data.slice().fill(0, 3 * 1250) }
    const half = pixelsAt(await whole.restain(other), 0).data.subarray(0, 3 * 1250)
    expect(half).toEqual(made.data.subarray(0, 3 * 1250))
    await whole.close()
    await tiled.close()
  })
})
