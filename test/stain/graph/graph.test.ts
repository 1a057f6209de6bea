// Stain methods as graph ops, against the methods themselves on the same patches.

import { describe, expect, it } from 'vitest'
import { type Pixels, pixels, UnknownNameError } from '../../../src/base/index.ts'
import { openSession } from '../../../src/engine/index.ts'
import { cast, emitModel, input } from '../../../src/graph/index.ts'
import { stainGraphs, writeStain } from '../../../src/stain/graph/index.ts'
import { type StainFit, type StainMethod, stainMethods } from '../../../src/stain/index.ts'
import { openSyntheticSet } from '../../../src/synthetic/index.ts'
import { drawTissue, fillPatch, joinPatches, streamOf } from '../pictures.ts'

async function runStain(batch: Pixels, name: string, options: object, fit: object): Promise<Uint8Array> {
  const { count, height, width, data } = batch
  const patches = input('patches', ['n', height, width, 3], 'u8')
  const entry = { name, options: options as Record<string, unknown> }
  const stained = writeStain(cast(patches, 'f64'), entry, fit as Record<string, unknown>)
  const session = await openSession(emitModel({ stained }), { provider: 'cpu' })
  try {
    const fed = { patches: { dtype: 'u8', shape: [count, height, width, 3], data } } as const
    return Uint8Array.from((await session.run(fed)).stained.data as Float64Array)
  } finally {
    await session.close()
  }
}

function countDifferent(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((count, byte, i) => count + Number(byte !== b[i]), 0)
}

// All 16,777,216 colours would be slow: steps of 5 meet every level of the tables.
function everyColour(): Pixels {
  const levels = Array.from({ length: 52 }, (_, i) => 5 * i)
  const data = levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b])))
  return pixels(Uint8Array.from(data), 1, 52 * 52, 52)
}

describe('writeStain', () => {
  it('leaves patches as they are for none', async () => {
    const batch = everyColour()
    expect(countDifferent(await runStain(batch, 'none', {}, {}), batch.data)).toBe(0)
  })

  it('is grayscale bit for bit', async () => {
    const batch = everyColour()
    const expected = await stainMethods.grayscale.apply(batch, {}, {})
    const found = await runStain(batch, 'grayscale', {}, {})
    expect(countDifferent(found, expected.pixels.data)).toBe(0)
  })

  // Tissue in other stains and strengths, little of it, one stain only, and what is no tissue at all.
  async function everyKind(): Promise<Pixels> {
    const set = openSyntheticSet('train', { seed: 5, counts: { train: 40, val: 0, test: 0 } })
    const { data } = await set.read(Array.from({ length: 40 }, (_, i) => i))
    const side = set.height
    const parts = [0, 1, 2, 3].map((i) =>
      drawTissue(i, side, [1, 0.5, 0.03, 0.01][i], undefined, [1, 2, 0.6, 1][i]),
    )
    const oneStain = drawTissue(9, side, 1, [
      [0.6, 0.7, 0.387],
      [0.6, 0.7, 0.387],
    ])
    const flat = [0, 30, 128, 255].map((level) => fillPatch(1, side, () => level))
    const noise = fillPatch(2, side, (random) => random.integer(256))
    const pink = fillPatch(3, side, (_, at) => [220, 120, 180][at % 3])
    const drawn = joinPatches([...parts, oneStain, ...flat, noise, pink])
    const all = new Uint8Array(data.length + drawn.data.length)
    all.set(data)
    all.set(drawn.data, data.length)
    return pixels(all, 40 + drawn.count, side, side)
  }

  it.each([
    ['macenko', {}],
    ['macenko', { alpha: 5, percentile: 95, io: 240, minTissue: 0.1, maxGain: 1.5, minAngle: 12 }],
    ['luminosity', {}],
    ['luminosity', { percentile: 33.3 }],
    ['reinhard', {}],
    ['reinhard', { variant: 'modified', density: 0.15 }],
    ['ruifrok', {}],
    [
      'ruifrok',
      {
        stains: [
          [0.6, 0.7, 0.39],
          [0.2, 0.88, 0.43],
        ],
        density: 0.2,
      },
    ],
  ] as const)('is %s byte for byte: %o', async (name, given) => {
    const method = stainMethods[name] as StainMethod<object, StainFit>
    const options = { ...method.defaults, ...given }
    const batch = await everyKind()
    const fit = await method.fit(streamOf(drawTissue(77, batch.height)), options)
    const { pixels: expected, verdicts } = await method.apply(batch, fit, options)
    const found = await runStain(batch, name, options, fit)
    // A sum in another order may fall on the other side of a whole number: one byte in millions.
    expect(countDifferent(found, expected.data)).toBeLessThan(found.length * 1e-6)
    expect(new Set(verdicts).size).toBeGreaterThan(1)
    expect(countDifferent(expected.data, batch.data)).toBeGreaterThan(batch.data.length / 4)
  })

  it('refuses what follows another library', async () => {
    const options = { ...stainMethods.macenko.defaults, compatibility: 'torchstain' }
    await expect(runStain(everyColour(), 'macenko', options, {})).rejects.toThrow(
      /expected none, Eosin's own way, got torchstain/,
    )
  })

  it.each([
    ['vahadane', 'stain vectors learned from each patch'],
    ['cyclegan', 'networks'],
    ['multistain', 'networks'],
  ])('refuses %s, which has no graph, and says why and what to do', async (name, reason) => {
    await expect(runStain(everyColour(), name, {}, {})).rejects.toThrow(
      new RegExp(
        `^stain ${name}: expected a method that graph ops can express: none, grayscale, luminosity, reinhard, macenko, ruifrok, got ${reason}.*predict with the run instead`,
      ),
    )
  })

  it('knows every method, and no other', async () => {
    expect(Object.keys(stainGraphs)).toEqual(Object.keys(stainMethods))
    await expect(runStain(everyColour(), 'makenko', {}, {})).rejects.toThrow(UnknownNameError)
  })
})
