import { describe, expect, it } from 'vitest'
import { EngineError, f32, type NdArray, openRandom, UnknownNameError } from '../../src/base/index.ts'
import { chooseProvider, listProviders, openSession } from '../../src/engine/index.ts'
import { hashBytes } from '../../src/files/index.ts'
import * as g from '../../src/graph/index.ts'

const doubling = () => g.emitModel({ y: g.mul(g.input('x', ['rows', 2]), 2) })

describe('openSession', () => {
  it('tells what goes in and out, and runs', async () => {
    const session = await openSession(doubling(), { provider: 'cpu' })
    expect(session.inputs).toEqual([{ name: 'x', dtype: 'f32', shape: ['rows', 2] }])
    expect(session.outputs).toEqual([{ name: 'y', dtype: 'f32', shape: ['rows', 2] }])
    expect(await session.run({ x: f32([2, 2], [1, 2, 3, 4]) })).toEqual({ y: f32([2, 2], [2, 4, 6, 8]) })
    await session.close()
  })

  it('writes into the arrays it is given, again and again, and sees new values in old arrays', async () => {
    const session = await openSession(doubling(), { provider: 'cpu' })
    const [x, y] = [f32([1, 2], [1, 2]), f32([1, 2])]
    expect(await session.run({ x }, { y })).toEqual({ y })
    expect(Array.from(y.data)).toEqual([2, 4])
    x.data.set([5, 6])
    await session.run({ x }, { y })
    expect(Array.from(y.data)).toEqual([10, 12])
    await session.close()
  })

  it('says what is wrong as an EngineError', async () => {
    await expect(openSession(Uint8Array.of(1, 2, 3), { provider: 'cpu' })).rejects.toThrow(EngineError)
    const session = await openSession(doubling(), { provider: 'cpu' })
    await expect(session.run({})).rejects.toThrow(EngineError)
    await expect(session.run({ x: f32([3], [1, 2, 3]) })).rejects.toThrow(EngineError)
    await session.close()
  })

  it('names the missing provider and what to do', async () => {
    expect(listProviders()).toContain('cpu')
    expect(() => chooseProvider('gpu' as 'cuda')).toThrow(UnknownNameError)
    if (listProviders().includes('cuda')) return expect(chooseProvider()).toBe('cuda')
    expect(chooseProvider()).toBe('cpu')
    expect(() => chooseProvider('cuda')).toThrow(
      /^provider cuda: expected an NVIDIA GPU, on Linux x64, got not available/,
    )
    await expect(openSession(doubling(), { provider: 'cuda' })).rejects.toThrow(
      /^provider cuda: expected an NVIDIA GPU.*; install/,
    )
  })
})

describe('the CPU provider', () => {
  // The ops that training steps consist of; each must give the same bits in every run and on any number of threads.
  const random = openRandom(0, 'bits')
  const fill = (shape: readonly number[]) =>
    f32(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    )
  const feeds: Record<string, NdArray> = {
    x: fill([96, 200]),
    w: fill([64, 200]),
    i: fill([2, 16, 24, 24]),
    k: fill([32, 16, 3, 3]),
    t: fill([16, 8, 3, 3]),
  }
  const [x, w, i, k, t] = Object.entries(feeds).map(([name, { shape }]) => g.input(name, shape))
  const product = g.matmul(x, w, { transposeB: true })
  const image = g.conv(i, k, { padding: 1 })
  const loss = g.add(
    g.reduceMean(g.softmax(g.tanh(product))),
    g.reduceMean(g.sigmoid(g.convTranspose(g.relu(i), t, { stride: 2 }))),
  )
  const all = g.add(loss, g.reduceMean(g.square(image)))
  const grads = g.gradients(all, [x, w, i, k, t])
  const model = g.emitModel({
    product,
    image,
    sums: g.reduceSum(product, { axes: [0] }),
    rows: g.reduceMean(product, { axes: [1] }),
    ...Object.fromEntries(grads.map((grad, j) => [`grad${j}`, grad])),
  })

  it('gives the same bits in every run and on one thread and two', async () => {
    const results: Record<string, NdArray>[] = []
    for (const threads of [1, 2]) {
      const session = await openSession(model, { provider: 'cpu', threads })
      for (let run = 0; run < 4; run++) results.push(await session.run(feeds))
      await session.close()
    }
    expect(Object.keys(results[0])).toHaveLength(9)
    const digest = (arrays: Record<string, NdArray>) =>
      Object.entries(arrays).map(
        ([name, { data }]) =>
          `${name} ${hashBytes(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength))}`,
      )
    for (const other of results.slice(1)) expect(digest(other)).toEqual(digest(results[0]))
  })
})
