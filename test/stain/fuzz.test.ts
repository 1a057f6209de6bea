import { describe, expect, it } from 'vitest'
import { openRandom, type Pixels } from '../../src/base/index.ts'
import { type Compatibility, openView, openWorkspace, stainMethods } from '../../src/stain/index.ts'
import { degradeAsJpeg } from '../../src/synthetic/jpeg.ts'
import { drawTissue, fillPatch, joinPatches, streamOf, trueStains } from './pictures.ts'

const side = 20
const size = side * side * 3

const kinds: readonly ((seed: number) => Pixels)[] = [
  (seed) => fillPatch(seed, side, () => seed % 256),
  (seed) => fillPatch(seed, side, (_, at) => [seed % 256, (seed * 7) % 256, (seed * 13) % 256][at % 3]),
  (seed) => fillPatch(seed, side, (random) => 255 - random.integer(1 + (seed % 9))),
  (seed) => fillPatch(seed, side, (random) => 225 + random.integer(25)),
  (seed) => fillPatch(seed, side, (random) => random.integer(1 + (seed % 12))),
  (seed) => fillPatch(seed, side, (random) => random.integer(256)),
  (seed) => fillPatch(seed, side, (random) => (random.uniform() < 0.5 ? 0 : 255)),
  (seed) => fillPatch(seed, side, (random, at) => (at < 3 * (1 + (seed % 13)) ? random.integer(200) : 245)),
  (seed) => drawTissue(seed, side, (seed % 30) / 100),
  (seed) => drawTissue(seed, side, 1, trueStains, 0.02 * (seed % 100)),
  (seed) => damage(drawTissue(seed, side, (seed % 10) / 10), 1 + (seed % 60)),
  (seed) => {
    const patch = drawTissue(seed, side)
    return { ...patch, data: patch.data.fill(0, 0, (seed * 3) % size) }
  },
]

function damage(patch: Pixels, quality: number): Pixels {
  degradeAsJpeg(patch.data, side, quality)
  return patch
}

const drawBatch = (first: number, count: number) =>
  joinPatches(Array.from({ length: count }, (_, i) => kinds[(first + i) % kinds.length](first + i)))
const verdicts = ['ok', 'fallback', 'passthrough', 'rejected']
// Methods that are trained are tested in gan/.
const fitted = Object.values(stainMethods).filter((method) => !method.train)

describe('10,000 odd patches', () => {
  it('each get a verdict, keep their background bytes, and leave the input as it was', async () => {
    const { macenko } = stainMethods
    const fit = await macenko.fit(streamOf(drawTissue(0, 64)), macenko.defaults)
    const view = openView(macenko.defaults)
    const workspace = openWorkspace(side * side)
    const seen: Record<string, number> = {}
    for (let first = 0; first < 10_000; first += 200) {
      const batch = drawBatch(first, 200)
      const before = batch.data.slice()
      const result = await macenko.apply(batch, fit, macenko.defaults)
      expect(Buffer.compare(batch.data, before)).toBe(0)
      let changed = 0
      for (let i = 0; i < 200; i++) {
        seen[result.verdicts[i]] = (seen[result.verdicts[i]] ?? 0) + 1
        const data = before.subarray(i * size, (i + 1) * size)
        const isOk = result.verdicts[i] === 'ok'
        workspace.load(data)
        const count = isOk ? view(workspace).findTissue(workspace) : 0
        const isTissue = new Uint8Array(size)
        for (const at of workspace.offsets.subarray(0, count)) isTissue.fill(1, at, at + 3)
        const after = result.pixels.data.subarray(i * size, (i + 1) * size)
        for (let at = 0; at < size; at++) if (!isTissue[at] && after[at] !== data[at]) changed++
        if ((result.reasons[i] === null) !== isOk) changed++
      }
      expect(changed).toBe(0)
    }
    expect(Object.values(seen).reduce((sum, n) => sum + n, 0)).toBe(10_000)
    expect(Object.keys(seen).every((verdict) => verdicts.includes(verdict))).toBe(true)
    expect(seen.ok).toBeGreaterThan(1000)
    expect(seen.passthrough).toBeGreaterThan(1000)
    expect(seen.rejected).toBeGreaterThan(100)
  })

  it('pass every method in every mode without an exception', async () => {
    const modes: Compatibility[] = ['none', 'torchstain', 'staintools', 'tiatoolbox']
    const batch = drawBatch(0, 120)
    for (const method of fitted) {
      for (const compatibility of modes) {
        const options = { ...method.defaults, compatibility }
        const fit = await method.fit(streamOf(drawTissue(0, 64)), options as never)
        expect(JSON.parse(JSON.stringify(fit))).toEqual(fit) // a NaN would come back as null
        const result = await method.apply(batch, fit as never, options as never)
        expect(result.verdicts.every((verdict) => verdicts.includes(verdict))).toBe(true)
        expect(result.pixels.data).toHaveLength(batch.data.length)
      }
    }
  })

  it('include one pixel and sizes that are not square', async () => {
    const random = openRandom(0, 'sizes')
    for (const [height, width] of [
      [1, 1],
      [1, 7],
      [3, 2],
      [17, 5],
    ]) {
      const data = Uint8Array.from({ length: height * width * 3 }, () => random.integer(256))
      for (const method of fitted) {
        const fit = await method.fit(streamOf(drawTissue(0, 32)), method.defaults as never)
        const result = await method.apply(
          { data, count: 1, height, width },
          fit as never,
          method.defaults as never,
        )
        expect(result.pixels.data).toHaveLength(data.length)
      }
    }
  })
})
