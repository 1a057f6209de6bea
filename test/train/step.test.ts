import { describe, expect, it } from 'vitest'
import { f32, openRandom, ShapeError } from '../../src/base/index.ts'
import { input, reduceMean } from '../../src/graph/index.ts'
import { mlp } from '../../src/models/index.ts'
import {
  adam,
  adamW,
  averaged,
  bceWithLogits,
  meanSquaredError,
  type Optimizer,
  sgd,
} from '../../src/nn/index.ts'
import { copyArrays, initParams, openState, openStep, type StepOptions } from '../../src/train/index.ts'

const model = mlp({ inputs: 5, hidden: [7, 3], dropout: [0.5] })
const [x, y] = [input('x', [16, 5]), input('y', [16, 1])]
const random = openRandom(2)
const batch = {
  x: f32(
    [16, 5],
    Float32Array.from({ length: 80 }, () => random.normal()),
  ),
  y: f32(
    [16, 1],
    Float32Array.from({ length: 16 }, () => random.integer(2)),
  ),
}

async function walk(optimizer: Optimizer, steps: number, options: StepOptions) {
  const state = openState(model.params, initParams(model.params, 0))
  const step = await openStep(
    {
      params: model.params,
      optimizer,
      rateOf: (name) => (name.startsWith('4.') ? 0.5 : 1),
      build: (params, pass) => ({ loss: bceWithLogits(model.apply(params, x, pass), y) }),
    },
    state,
    { provider: 'cpu', threads: 1, ...options },
  )
  const losses: number[] = []
  for (let i = 1; i <= steps; i++) {
    const { loss } = await step.run(state, batch, { epoch: 1, step: i, learningRate: 0.01, seed: 0 })
    losses.push(loss.data[0] as number)
  }
  await step.close()
  return { losses, arrays: copyArrays(state) }
}

describe('openStep', () => {
  it.each([
    adamW({ decay: 'weights' }),
    adam({ weightDecay: 0.1 }),
    sgd({ learningRate: 0.01, momentum: 0.9 }),
    sgd({ learningRate: 0.01 }),
    averaged(sgd({ learningRate: 0.01, momentum: 0.9 }), 0.9),
  ])('updates in the graph as in the loop: $name, slots $slots', async (optimizer) => {
    const loop = await walk(optimizer, 5, { update: 'loop' })
    const graph = await walk(optimizer, 5, { update: 'graph' })
    expect(Object.keys(graph.arrays).sort()).toEqual(Object.keys(loop.arrays).sort())
    // Biases before batch norm have rounding noise as gradient, which Adam scales up: they may differ.
    for (const [key, { data }] of Object.entries(loop.arrays)) {
      const isNoise = /(param|mean|square)\/[04]\.bias$|running_mean$/.test(key)
      const worst = Math.max(...Array.from(data, (value, i) => Math.abs(value - graph.arrays[key].data[i])))
      expect(worst, key).toBeLessThan(isNoise ? 0.11 : 1e-6)
    }
    expect(loop.losses).toEqual(graph.losses.map((loss) => expect.closeTo(loss, 6)))
  })

  it('keeps averages that begin with the first step and look back less and less of the whole', async () => {
    const optimizer = averaged(sgd({ learningRate: 0.01 }), 0.15)
    const walks = await Promise.all([1, 2, 3].map((steps) => walk(optimizer, steps, { update: 'loop' })))
    const name = '0.weight'
    const [first, second, third] = walks.map(({ arrays }) => arrays[`param/${name}`].data)
    const expected = Array.from(first, (value, i) => {
      const two = value + (second[i] - value) * (10 / 11)
      return two + (third[i] - two) * 0.85 // more than 10 / 12
    })
    const average = walks[2].arrays[`average/${name}`].data
    expected.forEach((value, i) => void expect(average[i]).toBeCloseTo(value, 6))
    expect(walks[0].arrays[`average/${name}`].data).toEqual(first)
    expect(average).not.toEqual(third)
  })

  // A software Vulkan driver is enough: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json
  it.runIf(process.env.VK_ICD_FILENAMES)('trains on WebGPU as on CPU', async () => {
    const cpu = await walk(adamW(), 5, {})
    const gpu = await walk(adamW(), 5, { provider: 'webgpu' })
    expect(gpu.losses).toEqual(cpu.losses.map((loss) => expect.closeTo(loss, 5)))
    for (const key of ['param/0.weight', 'param/8.weight', 'square/4.weight']) {
      expect(Array.from(gpu.arrays[key].data)).toEqual(
        Array.from(cpu.arrays[key].data, (value) => expect.closeTo(value, 5)),
      )
    }
  })

  it('draws other masks at every step, and the same for the same step', async () => {
    const still = sgd({ learningRate: 0.01 })
    const frozen = { ...still, scalars: () => ({ rate: 0 }) }
    const { losses } = await walk(frozen, 3, {})
    expect(new Set(losses).size).toBe(3)
    expect((await walk(frozen, 3, {})).losses).toEqual(losses)
  })

  it('lets two steps train their own parameters of one state, as a GAN does', async () => {
    const params = mlp({ inputs: 5, hidden: [] }).params
    const specs = { 'a.weight': params['0.weight'], 'b.weight': params['0.weight'] }
    const state = openState(specs, initParams(specs, 0))
    const before = copyArrays(state)
    const open = (own: string) =>
      openStep(
        {
          params: specs,
          optimizer: sgd({ learningRate: 0.1 }),
          trains: (name) => name.startsWith(own),
          build: (values) => ({ loss: meanSquaredError(values['a.weight'], values['b.weight']) }),
        },
        state,
        { provider: 'cpu' },
      )
    const place = { epoch: 1, step: 1, learningRate: 0.1, seed: 0 }
    const [a, b] = [await open('a'), await open('b')]
    await a.run(state, {}, place)
    const between = copyArrays(state)
    expect(between['param/a.weight']).not.toEqual(before['param/a.weight'])
    expect(between['param/b.weight']).toEqual(before['param/b.weight'])
    await b.run(state, {}, place)
    expect(copyArrays(state)['param/b.weight']).not.toEqual(before['param/b.weight'])
    await expect(open('a')).rejects.toThrow(ShapeError)
    await Promise.all([a.close(), b.close()])
  })

  it('gives back reports beside the loss', async () => {
    const specs = model.params
    const state = openState(specs, initParams(specs, 0))
    const step = await openStep(
      {
        params: specs,
        optimizer: sgd({ learningRate: 0 }),
        build(params, pass) {
          const logits = model.apply(params, x, pass)
          return { loss: bceWithLogits(logits, y), reports: { logits, mean: reduceMean(logits) } }
        },
      },
      state,
      { provider: 'cpu' },
    )
    const { logits, mean } = await step.run(state, batch, { epoch: 1, step: 1, learningRate: 0, seed: 0 })
    const values = Array.from(logits.data as Float32Array)
    expect(mean.data[0]).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / 16, 6)
    await step.close()
  })
})
