// Winograd's form and turned kernels against the plain convolution.

import { describe, expect, it } from 'vitest'
import { f32, type NdArray, openRandom, sizeOf } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import * as g from '../../src/graph/index.ts'
import { resnetGenerator } from '../../src/models/index.ts'
import { inferencePass } from '../../src/nn/index.ts'
import { initParams } from '../../src/train/index.ts'

const random = openRandom(0, 'quicken')
const draw = (...shape: number[]) =>
  f32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1),
  )

/** The largest difference of the quickened graph, as a share of the plain one's largest value. */
async function compare(result: g.Value, feeds: Record<string, NdArray>): Promise<number> {
  const [plain, quick] = await Promise.all([{ result }, g.quickenConvolutions({ result })].map(run))
  expect(quick.shape).toEqual(plain.shape)
  const largest = plain.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return plain.data.reduce((most, value, i) => Math.max(most, Math.abs(value - quick.data[i])), 0) / largest

  async function run(outputs: Record<string, g.Value>) {
    const session = await openSession(g.emitModel(outputs), { provider: 'cpu', threads: 1 })
    const { result: made } = await session.run(feeds)
    await session.close()
    return { shape: made.shape, data: Array.from(made.data as Float32Array) }
  }
}

const opsOf = (outputs: Record<string, g.Value>) => g.sortValues(Object.values(outputs)).map(({ op }) => op)
const isQuick = (result: g.Value) => !opsOf(g.quickenConvolutions({ result })).includes('conv')

describe('convolutions in Winograd form', () => {
  for (const [height, width] of [
    [16, 16],
    [24, 20],
    [13, 18],
    [10, 31],
  ]) {
    for (const mode of ['reflect', 'edge', 'constant'] as const) {
      it(`is the convolution on ${height}x${width}, padded by ${mode}`, async () => {
        const x = g.input('x', ['images', 96, height, width])
        const sizes = [0, 0, 1, 1]
        const result = g.conv(g.pad(x, sizes, sizes, mode), g.constant(draw(96, 96, 3, 3)))
        expect(isQuick(result)).toBe(true)
        expect(await compare(result, { x: draw(3, 96, height, width) })).toBeLessThan(2e-5)
      })
    }
  }

  it('takes zeros of its own, uneven paddings, and none', async () => {
    const x = g.input('x', [2, 96, 17, 14])
    const weight = g.constant(draw(96, 96, 3, 3))
    const uneven = g.pad(x, [0, 0, 0, 2], [0, 0, 3, 1], 'reflect')
    for (const result of [
      g.conv(x, weight, { padding: 1 }),
      g.conv(uneven, weight, { padding: 1 }),
      g.conv(x, weight),
    ]) {
      expect(isQuick(result)).toBe(true)
      expect(await compare(result, { x: draw(2, 96, 17, 14) })).toBeLessThan(2e-5)
    }
  })

  it('keeps what lies between convolutions in their layout, and says the same', async () => {
    const x = g.input('x', ['images', 64, 16, 16])
    const inside = { axes: [2, 3], keep: true }
    const layer = (from: g.Value) => {
      const padded = g.pad(from, [0, 0, 1, 1], [0, 0, 1, 1], 'reflect')
      const biased = g.add(g.conv(padded, g.constant(draw(64, 64, 3, 3))), g.constant(draw(64, 1, 1)))
      const centred = g.sub(biased, g.reduceMean(biased, inside))
      return g.relu(g.div(centred, g.sqrt(g.add(g.reduceMean(g.square(centred), inside), 1e-5))))
    }
    const result = g.tanh(g.add(x, layer(layer(x))))
    expect(await compare(result, { x: draw(2, 64, 16, 16) })).toBeLessThan(2e-4)
    // in, and out: nothing is turned in between
    const turned = g
      .sortValues(Object.values(g.quickenConvolutions({ result })))
      .filter(({ op, attributes }) => op === 'transpose' && `${Object.values(attributes)}` === '2,3,0,1')
    expect(
      turned.filter(({ inputs }) => inputs[0].op !== 'reshape' && inputs[0].op !== 'constant'),
    ).toHaveLength(2)
  })

  it('gives the images of a whole generator', async () => {
    const { params, apply } = resnetGenerator({ width: 16, blocks: 3 })
    const values = Object.fromEntries(
      Object.entries(initParams(params, 0)).map(([name, array]) => [name, g.constant(array)]),
    )
    const result = apply(values, g.input('x', ['images', 3, 40, 32]), inferencePass)
    const { quickened, plain } = { quickened: g.quickenConvolutions({ result }), plain: { result } }
    const count = (outputs: Record<string, g.Value>) => opsOf(outputs).filter((op) => op === 'conv').length
    expect([count(plain), count(quickened)]).toEqual([10, 3])
    expect(await compare(result, { x: draw(2, 3, 40, 32) })).toBeLessThan(2e-4)
  })

  it('leaves alone what would not gain', () => {
    const x = g.input('x', [1, 8, 16, 16])
    const wide = g.input('x', [1, 64, 16, 16])
    for (const result of [
      g.conv(x, g.constant(draw(8, 8, 3, 3)), { padding: 1 }), // few channels
      g.conv(wide, g.constant(draw(64, 64, 3, 3)), { stride: 2, padding: 1 }),
      g.conv(wide, g.constant(draw(64, 64, 3, 3)), { dilation: 2, padding: 2 }),
      g.conv(wide, g.constant(draw(64, 1, 3, 3)), { groups: 64, padding: 1 }),
      g.conv(wide, g.constant(draw(64, 64, 5, 5)), { padding: 2 }),
    ]) {
      expect(g.quickenConvolutions({ result }).result).toBe(result)
    }
  })
})

describe('convolutions to few channels', () => {
  it('are transposed ones with turned kernels', async () => {
    const x = g.input('x', ['images', 16, 20, 14])
    for (const result of [
      g.conv(g.pad(x, [0, 0, 3, 3], [0, 0, 3, 3], 'reflect'), g.constant(draw(3, 16, 7, 7))),
      g.conv(x, g.constant(draw(1, 16, 5, 3)), { padding: 2 }),
    ]) {
      expect(isQuick(result)).toBe(true)
      expect(await compare(result, { x: draw(2, 16, 20, 14) })).toBeLessThan(1e-6)
    }
  })

  it('are so too with weights that change, on one small image, and on any number of threads', async () => {
    const weight = draw(1, 512, 4, 4)
    const result = g.conv(g.input('x', [1, 512, 12, 12]), g.input('weight', [1, 512, 4, 4]), { padding: 1 })
    expect(isQuick(result)).toBe(true)
    expect(await compare(result, { x: draw(1, 512, 12, 12), weight })).toBeLessThan(2e-6)
    expect(g.stableThreads({ result })).toBe(1)
    expect(g.stableThreads(g.quickenConvolutions({ result }))).toBe(Number.POSITIVE_INFINITY)
  })

  it('stay as they are where kernels are single pixels, are not fixed, or are padded by more than they reach', () => {
    const x = g.input('x', [1, 16, 20, 14])
    for (const result of [
      g.conv(x, g.constant(draw(3, 16, 1, 1))),
      g.conv(g.input('large', [1, 16, 40, 40]), g.input('weight', [3, 16, 7, 7])),
      g.conv(g.input('several', [2, 16, 20, 14]), g.input('weight', [3, 16, 7, 7])),
      g.conv(x, g.constant(draw(3, 16, 3, 3)), { padding: 3 }),
    ]) {
      expect(opsOf(g.quickenConvolutions({ result }))).toContain('conv')
    }
  })
})
