import { describe, expect, it } from 'vitest'
import { f32, type NdArray } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import * as g from '../../src/graph/index.ts'
import * as nn from '../../src/nn/index.ts'

async function run(outputs: Record<string, g.Value>, feeds: Record<string, NdArray>) {
  const session = await openSession(g.emitModel(outputs), { provider: 'cpu', threads: 1 })
  const results = await session.run(feeds)
  await session.close()
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  )
}

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5))

describe('crossEntropy', () => {
  it('is the mean over rows for soft targets, however large the logits, and has softmax less target as gradient', async () => {
    const logits = g.input('logits', [2, 3])
    const loss = nn.crossEntropy(logits, g.constant(f32([2, 3], [1, 0, 0, 0.2, 0.3, 0.5])))
    const [grad] = g.gradients(loss, [logits])
    const results = await run({ loss, grad }, { logits: f32([2, 3], [1000, 998, 997, 1, 2, 3]) })
    const [first, second] = [
      [0, -2, -3],
      [-2, -1, 0],
    ].map((row) => {
      const sum = row.reduce((total, value) => total + Math.exp(value), 0)
      return row.map((value) => value - Math.log(sum))
    })
    const expected = (-first[0] - (0.2 * second[0] + 0.3 * second[1] + 0.5 * second[2])) / 2
    expect(results.loss).toEqual(close([expected]))
    const targets = [1, 0, 0, 0.2, 0.3, 0.5]
    const grads = [...first, ...second].map((value, i) => (Math.exp(value) - targets[i]) / 2)
    expect(results.grad).toEqual(close(grads))
  })
})

describe('reverseGradient', () => {
  it('gives the value itself, to the bit, and its gradient turned round', async () => {
    const x = g.input('x', [3])
    const reversed = nn.reverseGradient(x, 70)
    const [grad] = g.gradients(g.reduceSum(g.square(reversed)), [x])
    const values = [1 / 3, -7e5, 1e-20]
    const results = await run({ reversed, grad }, { x: f32([3], values) })
    expect(results.reversed).toEqual(values.map(Math.fround))
    expect(results.grad.map((value, i) => value / Math.fround(values[i]))).toEqual(close([-140, -140, -140]))
  })
})

describe('groupDro', () => {
  const dro = nn.groupDro('logs', 3, 0.5)
  const losses = f32([4, 1], [1, 3, 4, 8])
  const members = f32([4, 3], [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0]) // nobody of the third group
  const write = () => {
    const pass = nn.openTrainingPass()
    const params = { logs: g.input('logs', [1, 3]) }
    const loss = dro.write(params, g.input('losses', [4, 1]), g.input('members', [4, 3]), pass)
    return { loss, next: pass.updates.get('logs')! }
  }

  it('weighs groups by the exponential of their losses, a group without rows by its weight so far', async () => {
    const { loss, next } = await run(write(), { losses, members, logs: f32([1, 3], [0, -1, -0.5]) })
    const raised = [0 + 0.5 * 2, -1 + 0.5 * 6, -0.5].map(Math.exp)
    const total = raised.reduce((sum, value) => sum + value, 0)
    expect(loss).toEqual(close([(raised[0] * 2 + raised[1] * 6) / total]))
    expect(next).toEqual(close([-1, 0, -2.5]))
  })

  it('keeps what is finite of a group that was the best for very long', async () => {
    const { loss, next } = await run(write(), { losses, members, logs: f32([1, 3], [-500, 0, 0]) })
    expect(next[0]).toBeCloseTo(-502, 3)
    expect(Number.isFinite(loss[0])).toBe(true)
  })
})
