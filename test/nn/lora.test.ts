// Low-rank adapters around a small model of two matrices.

import { describe, expect, it } from 'vitest'
import { f32, type NdArray } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { constant, emitModel } from '../../src/graph/index.ts'
import {
  adaptModel,
  inferencePass,
  isAdapter,
  linear,
  mergeAdapters,
  sequential,
} from '../../src/nn/index.ts'
import { initParams } from '../../src/train/index.ts'

const plain = sequential([linear('first', 4, 6), linear('second', 6, 1)])
const options = { rank: 2, alpha: 6, adapts: (name: string) => name.startsWith('first') }
const adapted = adaptModel(plain, options)
const x = f32([3, 4], [1, -1, 2, 0.5, 0, 3, -2, 1, 4, 1, 1, -1])

async function apply(model: typeof plain, params: Readonly<Record<string, NdArray>>): Promise<number[]> {
  const values = Object.fromEntries(Object.entries(params).map(([name, array]) => [name, constant(array)]))
  const session = await openSession(emitModel({ y: model.apply(values, constant(x), inferencePass) }))
  const { y } = await session.run({})
  await session.close()
  return Array.from(y.data as Float32Array)
}

describe('low-rank adapters', () => {
  it('adapt the matrices chosen, biases never, and begin as the model itself', async () => {
    const params = initParams(adapted.params, 1)
    const names = Object.keys(params).filter(isAdapter)
    expect(names).toEqual(['first.weight.lora_a', 'first.weight.lora_b'])
    expect(params['first.weight.lora_a'].shape).toEqual([2, 4])
    expect(params['first.weight.lora_b'].shape).toEqual([6, 2])
    expect(await apply(adapted, params)).toEqual(await apply(plain, params))
  })

  it('count alpha / rank times, and can be merged into the weights', async () => {
    const params = initParams(adapted.params, 1)
    params['first.weight.lora_b'].data.set([1, 0, 0, 1, -1, 2, 0, 0, 3, 1, 0.5, -0.5])
    const merged = mergeAdapters(params, options)
    expect(Object.keys(merged)).toEqual(Object.keys(plain.params))
    const a = params['first.weight.lora_a'].data
    // Row 2 of B is (-1, 2), and alpha / rank is 3.
    expect(merged['first.weight'].data[2 * 4]).toBeCloseTo(
      params['first.weight'].data[2 * 4] + 3 * (-a[0] + 2 * a[4]),
      6,
    )
    const [wanted, found] = [await apply(adapted, params), await apply(plain, merged)]
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i], 5)
    })
    expect(found).not.toEqual(await apply(plain, params))
  })
})
