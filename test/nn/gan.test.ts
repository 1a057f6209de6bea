import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkGan } from '../../conformance/gan.ts'
import { runGraph } from '../../conformance/runGraph.ts'
import { f32, openRandom } from '../../src/base/index.ts'
import * as g from '../../src/graph/index.ts'
import * as nn from '../../src/nn/index.ts'

const golden = '../shared/golden'

async function evaluate(value: g.Value): Promise<number[]> {
  const { found } = await runGraph({ found: value }, [], {})
  return Array.from(found.data as Float32Array)
}

describe('instanceNorm', () => {
  it('brings each channel of each image to mean 0 and variance 1', async () => {
    const x = g.constant(f32([2, 1, 1, 2], [1, 3, 10, 10]))
    const [low, high, ...flat] = await evaluate(nn.instanceNorm('norm').apply({}, x, nn.inferencePass))
    expect([low, high]).toEqual([-1, 1].map((value) => expect.closeTo(value, 4)))
    expect(flat).toEqual([0, 0])
  })
})

describe('a stack', () => {
  it('names layers by their places, and a prefix renames parameters and updates alike', async () => {
    const stack = nn.stackLayers('model', [
      nn.activation(g.relu),
      (name) => nn.convolution(name, 1, 1, { kernel: 1, spectral: true }),
    ])
    expect(Object.keys(stack.params)[0]).toBe('model.1.bias')
    const model = nn.prefixModel('D', stack)
    const values = {
      'D.model.1.bias': [1],
      'D.model.1.weight_orig': [4],
      'D.model.1.weight_u': [1],
      'D.model.1.weight_v': [1],
    }
    const params = Object.fromEntries(
      Object.entries(values).map(([name, data]) => [name, g.constant(f32(model.params[name].shape, data))]),
    )
    const pass = nn.openTrainingPass()
    expect(await evaluate(model.apply(params, g.constant(f32([1, 1, 1, 2], [-5, 7])), pass))).toEqual([1, 8])
    expect([...pass.updates.keys()]).toEqual(['D.model.1.weight_v', 'D.model.1.weight_u'])
  })
})

describe('spectral normalisation', () => {
  it('divides by the largest singular value once its vectors have converged', async () => {
    const spec = { shape: [2, 2], role: 'weight', init: nn.fill(0) } as const
    const random = openRandom(1)
    const { w_u, w_v } = nn.spectralSpecs('w', spec)
    let params: nn.ParamValues = {
      w_orig: g.constant(f32([2, 2], [3, 0, 0, 1])),
      w_u: g.constant(f32([2], w_u.init([2], random))),
      w_v: g.constant(f32([2], w_v.init([2], random))),
    }
    for (let i = 0; i < 20; i++) {
      const pass = nn.openTrainingPass()
      nn.normaliseWeight('w', params, pass)
      params = { ...params, ...Object.fromEntries(pass.updates) }
    }
    const [first, , , last] = await evaluate(nn.normaliseWeight('w', params, nn.inferencePass))
    expect([first, last]).toEqual([expect.closeTo(1, 6), expect.closeTo(1 / 3, 6)])
  })
})

describe('the gradient penalty', () => {
  // A discriminator whose slope is w everywhere: the penalty is (|w| - 1)^2.
  it('measures the slope, and can be differentiated itself', async () => {
    const w = g.input('w', [1, 1, 2, 2])
    const [real, fake] = [f32([1, 1, 2, 2], [1, 2, 3, 4]), f32([1, 1, 2, 2])].map(g.constant)
    const discriminate = (x: g.Value) => g.reduceSum(g.mul(x, w))
    const shares = g.constant(f32([1, 1, 1, 1], [0.25]))
    const penalty = nn.gradientPenalty(discriminate, real, fake, shares, 10)
    const found = await runGraph({ penalty, grad: g.gradients(penalty, [w])[0] }, [w], {
      w: f32([1, 1, 2, 2], [3, 0, 4, 0]),
    })
    expect(found.penalty.data[0]).toBeCloseTo(160, 3)
    const slopes = [...(found.grad.data as Float32Array)]
    for (const [i, slope] of [48, 0, 64, 0].entries()) expect(slopes[i]).toBeCloseTo(slope, 3)
  })

  it('reaches every weight of a PatchGAN with spectral normalisation', async () => {
    const model = nn.stackLayers('model', [
      (name) => nn.convolution(name, 1, 2, { kernel: 4, stride: 2, padding: 1, spectral: true }),
      nn.instanceNorm,
      nn.activation((x) => g.leakyRelu(x, 0.2)),
      (name) => nn.convolution(name, 2, 1, { kernel: 4, padding: 1, spectral: true }),
    ])
    const random = openRandom(2)
    const draw = (shape: readonly number[]) => g.constant(f32(shape, nn.normal(1)(shape, random)))
    const params = Object.fromEntries(
      Object.entries(model.params).map(([name, { shape }]) => [name, draw(shape)]),
    )
    const [real, fake] = [draw([1, 1, 12, 12]), draw([1, 1, 12, 12])]
    const write = (weight: g.Value) =>
      nn.gradientPenalty(
        (x) => model.apply({ ...params, 'model.0.weight_orig': weight }, x, nn.inferencePass),
        real,
        fake,
        g.constant(f32([1, 1, 1, 1], [0.5])),
      )
    const weight = g.input('w', model.params['model.0.weight_orig'].shape)
    const penalty = write(weight)
    const values = (params['model.0.weight_orig'] as g.Value<'constant'>).attributes.array
    const graph = { penalty, grad: g.gradients(penalty, [weight])[0] }
    const at = async (shift: number) => {
      const w = f32(values.shape, values.data as Float32Array)
      const moved = f32(w.shape, w.data.with(5, w.data[5] + shift))
      return runGraph(graph, [weight], { w: moved })
    }
    const [low, here, high] = [await at(-0.01), await at(0), await at(0.01)]
    const slope = ((high.penalty.data[0] as number) - (low.penalty.data[0] as number)) / 0.02
    expect(Math.abs(slope)).toBeGreaterThan(1e-3)
    expect((here.grad.data[5] as number) / slope).toBeCloseTo(1, 1)
  })
})

describe('a jitter', () => {
  const strengths = { brightness: 0.75, contrast: 0.5, saturation: 0.75, hue: 0 }

  it('draws each change once, in any order, within its strength', () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 60; seed++) {
      const draw = nn.drawJitter(strengths, openRandom(seed))
      orders.add(draw.map(({ change }) => change).join())
      for (const { change, factor } of draw)
        expect(Math.abs(factor - 1)).toBeLessThanOrEqual(strengths[change])
    }
    expect(orders.size).toBe(6)
  })

  it('of no strength gives back the image itself, unclamped', () => {
    const x = g.input('x', [1, 3, 2, 2])
    const none = { brightness: 0, contrast: 0, saturation: 0, hue: 0 }
    expect(nn.jitterColors(x, g.input('draw', [0, 5]), none)).toBe(x)
  })
})

describe.skipIf(!existsSync(golden))('the parts of GAN training agree with the reference', () => {
  it.each(['cyclegan_ganloss_pool', 'multistain_jitter'])('%s', async (name) => {
    const results = await checkGan(`${golden}/${name}`)
    expect(results.length).toBeGreaterThan(20)
    expect(results.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([])
  })
})
