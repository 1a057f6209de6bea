import { describe, expect, it } from 'vitest'
import { f32, openRandom, ShapeError } from '../../src/base/index.ts'
import { openKernelMemory, openSession } from '../../src/engine/index.ts'
import * as g from '../../src/graph/index.ts'

const size = 12

describe('emitKernel', () => {
  it('computes what ONNX Runtime computes, over a part of each array and in place', async () => {
    const [a, b] = [g.input('a', [size]), g.input('b', [size])]
    const s = g.input('s', [])
    const sum = g.add(g.mul(a, s), g.sub(g.abs(b), 0.25))
    const outputs = { b: g.div(g.sqrt(g.abs(sum)), g.maximum(g.minimum(g.neg(b), 2), 0.5)), sum }

    const kernel = g.emitKernel(outputs)
    expect(kernel.arrays).toEqual(['a', 'b', 'b', 'sum'])
    const memory = openKernelMemory(3, size)
    const random = openRandom(0, 'kernel')
    const views = [0, 1, 2].map((region) => memory.view(region, 0, [size]))
    for (const { data } of views.slice(0, 2)) data.set(Array.from(data, () => random.normal()))
    const before = views.map(({ data }) => Array.from(data))
    memory.open(kernel.bytes)([0, 1, 1, 2], 4, 8, [1.5])

    const session = await openSession(g.emitModel({ next: outputs.b, sum }), { provider: 'cpu', threads: 1 })
    const expected = await session.run({
      a: f32([size], before[0]),
      b: f32([size], before[1]),
      s: f32([], [1.5]),
    })
    await session.close()
    const merge = (old: number[], data: unknown) => [
      ...old.slice(0, 4),
      ...Array.from(data as Float32Array).slice(4),
    ]
    expect(Array.from(views[0].data)).toEqual(before[0])
    expect(Array.from(views[1].data)).toEqual(merge(before[1], expected.next.data))
    expect(Array.from(views[2].data)).toEqual(merge(before[2], expected.sum.data))
  })

  it('does nothing for no elements', () => {
    const memory = openKernelMemory(1, 4)
    memory.open(g.emitKernel({ a: g.add(g.input('a', [4]), 1) }).bytes)([0, 0], 0, 0, [])
    expect(Array.from(memory.view(0, 0, [4]).data)).toEqual([0, 0, 0, 0])
  })

  it('refuses ops that are no single vector instruction', () => {
    expect(() => g.emitKernel({ y: g.exp(g.input('x', [4])) })).toThrow(ShapeError)
  })
})
