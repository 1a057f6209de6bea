import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ndarray, openRandom, sizeOf } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { gradientRules } from '../../src/graph/gradientRules.ts'
import * as g from '../../src/graph/index.ts'
import type { OpName } from '../../src/graph/value.ts'
import { type Case, cases, drawValues, make } from './opCases.ts'

// The largest difference between gradients and central differences of a randomly weighted sum of the op's result.
async function measureError(one: Case, seed: number): Promise<number> {
  const { dtype = 'f64', shapes, write } = one
  const inputs = shapes.map((sides, i) => g.input(`x${i}`, sides, dtype))
  const result = write(...inputs)
  const random = openRandom(seed, 'weights')
  const weights = Array.from({ length: sizeOf(result.shape as number[]) }, () => 0.5 + random.uniform())
  const loss = g.reduceSum(g.mul(result, g.constant(make(dtype, result.shape as number[], weights))))
  const grads = g.gradients(loss, inputs)
  const session = await openSession(
    g.emitModel({ result, ...Object.fromEntries(grads.map((grad, i) => [`g${i}`, grad])) }, { inputs }),
    { provider: 'cpu', threads: 1 },
  )
  try {
    const values = drawValues(one, shapes.map(sizeOf), seed)
    const run = (all: number[][]) =>
      session.run(Object.fromEntries(shapes.map((sides, i) => [`x${i}`, make(dtype, sides, all[i])])))
    // Summed in double precision outside: the loss itself would lose the difference.
    const evaluate = async (all: number[][]) =>
      Array.from((await run(all)).result.data as Float64Array).reduce(
        (sum, value, i) => sum + value * weights[i],
        0,
      )
    const found = await run(values)
    const step = dtype === 'f64' ? 1e-5 : 4e-3
    let error = 0
    for (const [i, list] of values.entries()) {
      for (const [j, value] of list.entries()) {
        const shifted = (by: number) => values.with(i, list.with(j, value + by))
        const slope = ((await evaluate(shifted(step))) - (await evaluate(shifted(-step)))) / (2 * step)
        const claimed = (found[`g${i}`].data as Float64Array)[j]
        error = Math.max(error, Math.abs(slope - claimed) / Math.max(1, Math.abs(slope)))
      }
    }
    return error
  } finally {
    await session.close()
  }
}

describe('gradients', () => {
  const differentiable = (Object.keys(gradientRules) as OpName[]).filter(
    (op) => typeof gradientRules[op] !== 'string' && op !== 'stopGradient',
  )

  it('are tested for every op that has a rule', () => {
    expect(Object.keys(cases).sort()).toEqual(differentiable.toSorted())
  })

  for (const [op, arbitrary] of Object.entries(cases)) {
    it(`of ${op} agree with central differences`, async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary, fc.nat(1e6), async (one, seed) => {
          expect(await measureError(one, seed)).toBeLessThan((one.dtype ?? 'f64') === 'f64' ? 1e-7 : 4e-3)
        }),
        { numRuns: op.startsWith('conv') ? 5 : 12, seed: 1 },
      )
    })
  }

  it('say why where an op on the path has none', () => {
    const x = g.input('x', [3])
    expect(() => g.gradients(g.reduceSum(g.sign(x)), [x])).toThrow(
      /gradient of sign: got none: its derivative is 0/,
    )
  })

  it('are zeros for a value that the target does not depend on', () => {
    const [x, y] = [g.input('x', [2]), g.input('y', [3])]
    const [, zero] = g.gradients(g.reduceSum(x), [x, y])
    expect(g.printGraph({ zero })).toContain('[0,0,0]')
  })

  it('take what a stopped gradient would have flowed into for a constant', async () => {
    const x = g.input('x', [2])
    const [grad] = g.gradients(g.reduceSum(g.mul(x, g.stopGradient(g.square(x)))), [x])
    const session = await openSession(g.emitModel({ grad }), { provider: 'cpu' })
    const found = await session.run({ x: ndarray('f32', [2], Float32Array.of(3, -2)) })
    await session.close()
    expect([...found.grad.data]).toEqual([9, 4])
  })

  it('cost nothing for what is frozen: no node on the path to it is written', () => {
    const [x, w, v] = [g.input('x', [2, 3]), g.input('w', [3, 3]), g.input('v', [3, 1])]
    const loss = g.reduceSum(g.matmul(g.tanh(g.matmul(x, w)), v))
    const [grad] = g.gradients(loss, [v])
    expect(g.printGraph({ grad }).match(/matmul/g)).toHaveLength(2)
  })
})
