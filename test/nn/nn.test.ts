import { describe, expect, it } from 'vitest'
import { f32, type NdArray, openRandom } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import * as g from '../../src/graph/index.ts'
import * as nn from '../../src/nn/index.ts'

async function run(
  outputs: Record<string, g.Value>,
  feeds: Record<string, NdArray> = {},
): Promise<Record<string, number[]>> {
  const session = await openSession(g.emitModel(outputs), { provider: 'cpu', threads: 1 })
  const results = await session.run(feeds)
  await session.close()
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  )
}

const fixed = (shape: number[], values: number[]) => g.constant(f32(shape, values))

describe('batchNorm', () => {
  const layer = nn.batchNorm('1', 2, { epsilon: 0, momentum: 0.1 })
  const params = {
    '1.weight': fixed([2], [1, 2]),
    '1.bias': fixed([2], [0, 10]),
    '1.running_mean': fixed([2], [5, 0]),
    '1.running_var': fixed([2], [4, 1]),
  }

  it('normalises by the batch in training and moves the statistics to its mean and unbiased variance', async () => {
    const pass = nn.openTrainingPass()
    const y = layer.apply(params, g.input('x', [2, 2]), pass)
    const updates = Object.fromEntries(pass.updates)
    const results = await run({ y, ...updates }, { x: f32([2, 2], [1, 4, 3, 8]) })
    expect(results.y).toEqual([-1, 8, 1, 12])
    expect(results['1.running_mean']).toEqual([0.9 * 5 + 0.1 * 2, 0.6].map(Math.fround))
    expect(results['1.running_var'][0]).toBeCloseTo(0.9 * 4 + 0.1 * 2, 6)
    expect(results['1.running_var'][1]).toBeCloseTo(0.9 + 0.1 * 8, 6)
  })

  it('normalises by the statistics in use, also for images', async () => {
    const { y } = await run(
      { y: layer.apply(params, g.input('x', ['n', 2]), nn.inferencePass) },
      { x: f32([1, 2], [9, 3]) },
    )
    expect(y).toEqual([2, 16])
    const image = layer.apply(params, g.input('x', [1, 2, 1, 2]), nn.inferencePass)
    expect((await run({ y: image }, { x: f32([1, 2, 1, 2], [9, 5, 3, 0]) })).y).toEqual([2, 0, 16, 10])
  })

  it('refuses a batch of one, whose variance is unknown', () => {
    expect(() => layer.apply(params, g.input('x', [1, 2]), nn.openTrainingPass())).toThrow(/at least 2/)
  })
})

describe('dropout', () => {
  it('zeroes what the mask drops and scales the rest, with and without ReLU before it', async () => {
    const pass = nn.openTrainingPass()
    const x = g.input('x', [4])
    const drop = nn.dropout(0.75)
    const outputs = { plain: drop.apply({}, x, pass), relu: drop.apply({}, g.relu(x), pass) }
    expect(pass.masks).toEqual([
      { name: 'mask.0', shape: [4], keep: 0.25 },
      { name: 'mask.1', shape: [4], keep: 0.25 },
    ])
    const mask = { dtype: 'bool', shape: [4], data: Uint8Array.of(1, 0, 1, 0) } as const
    const feeds = { x: f32([4], [1, 2, -3, -4]), 'mask.0': mask, 'mask.1': mask }
    expect(await run(outputs, feeds)).toEqual({ plain: [4, 0, -12, -0], relu: [4, 0, -0, -0] })
  })

  it('does nothing in use', () => {
    const x = g.input('x', ['rows', 4])
    expect(nn.dropout(0.5).apply({}, x, nn.inferencePass)).toBe(x)
  })
})

describe('losses', () => {
  it('are right by hand and finite for extreme logits', async () => {
    const [z, y] = [fixed([4], [0, 200, -200, -200]), fixed([4], [1, 1, 0, 1])]
    const outputs = {
      bce: nn.bceWithLogits(z, y),
      accuracy: nn.binaryAccuracy(z, y),
      squared: nn.meanSquaredError(fixed([2], [1, 4]), 2),
      absolute: nn.meanAbsoluteError(fixed([2], [1, 4]), fixed([2], [2, 2])),
    }
    const results = await run(outputs)
    expect(results.bce[0]).toBeCloseTo((Math.log(2) + 200) / 4, 5)
    expect(results).toMatchObject({ accuracy: [0.5], squared: [2.5], absolute: [1.5] })
  })
})

describe('optimizers', () => {
  // One parameter, one gradient, `steps` times, by the optimizer's own graph.
  async function walk(optimizer: nn.Optimizer, decays: boolean, steps: number): Promise<number> {
    const input = (name: string) => g.input(name, [1])
    const scalars = Object.fromEntries(
      Object.keys(optimizer.scalars(1, 1)).map((name) => [name, g.input(name, [])]),
    )
    const slots = Object.fromEntries(optimizer.slots.map((slot) => [slot, input(slot)]))
    const updated = optimizer.update({ param: input('param'), grad: input('grad'), slots, scalars, decays })
    const session = await openSession(
      g.emitModel({
        p: updated.param,
        ...Object.fromEntries(optimizer.slots.map((slot) => [`${slot}2`, updated.slots[slot]])),
      }),
      { provider: 'cpu' },
    )
    let state: Record<string, number> = {
      param: 1,
      grad: 0.5,
      ...Object.fromEntries(optimizer.slots.map((slot) => [slot, 0])),
    }
    for (let step = 1; step <= steps; step++) {
      const all: Record<string, number> = { ...state, ...optimizer.scalars(step, optimizer.learningRate) }
      const feeds = session.inputs.map(({ name, shape }) => [name, f32(shape as number[], [all[name]])])
      const results = await session.run(Object.fromEntries(feeds))
      const read = (name: string) => results[name].data[0] as number
      state = {
        param: read('p'),
        grad: 0.5,
        ...Object.fromEntries(optimizer.slots.map((slot) => [slot, read(`${slot}2`)])),
      }
    }
    await session.close()
    return state.param
  }

  it('take torch.optim steps: a constant gradient moves Adam by the learning rate', async () => {
    expect(await walk(nn.adam({ learningRate: 0.1 }), false, 2)).toBeCloseTo(0.8, 6)
    expect(await walk(nn.adamW({ learningRate: 0.1, weightDecay: 0.5 }), true, 1)).toBeCloseTo(0.95 - 0.1, 6)
    expect(await walk(nn.adamW({ learningRate: 0.1, weightDecay: 0.5 }), false, 1)).toBeCloseTo(0.9, 6)
    expect(await walk(nn.sgd({ learningRate: 0.1, momentum: 0.9 }), false, 2)).toBeCloseTo(
      1 - 0.05 - 0.095,
      6,
    )
    expect(await walk(nn.sgd({ learningRate: 0.1, weightDecay: 1 }), true, 1)).toBeCloseTo(1 - 0.15, 6)
  })

  it('decay every parameter, or weights only by option', () => {
    const all = nn.adamW()
    const weights = nn.adamW({ decay: 'weights' })
    expect((['weight', 'bias', 'norm'] as const).map(all.decays)).toEqual([true, true, true])
    expect((['weight', 'bias', 'norm'] as const).map(weights.decays)).toEqual([true, false, false])
    expect(nn.adam().decays('weight')).toBe(false)
  })
})

describe('initializers', () => {
  it('draw linear layers within 1/sqrt(inputs), as torch does', () => {
    const { params } = nn.linear('0', 16, 100)
    const values = params['0.weight'].init([100, 16], openRandom(3))
    expect(Math.max(...values)).toBeLessThanOrEqual(0.25)
    expect(Math.max(...values)).toBeGreaterThan(0.245)
    expect(Math.min(...values)).toBeLessThan(-0.245)
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0, 1)
  })
})
