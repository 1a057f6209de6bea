import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import {
  concentrationDefaults,
  hedDefaults,
  jitterConcentrations,
  jitterHed,
  publishedProfile,
  restainRandomly,
  stainMethods,
} from '../../src/stain/index.ts'
import { drawTissue, joinPatches, streamOf } from './pictures.ts'

const batch = joinPatches([drawTissue(1, 48, 0.6), drawTissue(2, 48, 0.6)])
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
const drawsOf = (seed: number) => (index: number) => openRandom(seed, index)
const ways = {
  jitterConcentrations: (seed: number) => jitterConcentrations(batch, drawsOf(seed), concentrationDefaults),
  jitterHed: (seed: number) => jitterHed(batch, drawsOf(seed), hedDefaults),
  restainRandomly: (seed: number) =>
    restainRandomly(batch, drawsOf(seed), { targetsOf: () => [publishedProfile] }),
}

describe.each(Object.entries(ways))('%s', (_name, augment) => {
  it('gives the same bytes for the same seed and others for another', () => {
    expect(same(augment(1).data, augment(1).data)).toBe(true)
    expect(same(augment(1).data, augment(2).data)).toBe(false)
  })

  it('leaves glass and its input as they are', () => {
    const before = batch.data.slice()
    const { data } = augment(3)
    expect(same(batch.data, before)).toBe(true)
    const glass = 48 * 30 * 3
    expect(same(data.subarray(glass, batch.data.length / 2), before.subarray(glass, before.length / 2))).toBe(
      true,
    )
    expect(same(data.subarray(0, glass), before.subarray(0, glass))).toBe(false)
  })
})

describe('a patch without targets', () => {
  it('is not restained', () => {
    expect(same(restainRandomly(batch, drawsOf(1), { targetsOf: () => [] }).data, batch.data)).toBe(true)
  })
})

describe('jitter of nothing', () => {
  it('changes no byte', () => {
    const nothing = { scale: 0, shift: 0 }
    expect(same(jitterConcentrations(batch, drawsOf(0), nothing).data, batch.data)).toBe(true)
    expect(same(jitterHed(batch, drawsOf(0), nothing).data, batch.data)).toBe(true)
  })
})

describe('jitter of concentrations', () => {
  it('changes strengths within its range', async () => {
    const { macenko } = stainMethods
    const patch = drawTissue(4, 96, 0.8)
    const before = await macenko.fit(streamOf(patch), macenko.defaults)
    for (let seed = 0; seed < 8; seed++) {
      const after = await macenko.fit(
        streamOf(jitterConcentrations(patch, drawsOf(seed), { scale: 0.2, shift: 0 })),
        macenko.defaults,
      )
      after.maxConcentrations.forEach((strength, s) => {
        const ratio = strength / before.maxConcentrations[s]
        expect(ratio).toBeGreaterThan(0.75)
        expect(ratio).toBeLessThan(1.25)
      })
    }
  })
})
