// Up to the number of threads that stableThreads gives, ONNX Runtime gives the same bits; what it gives is small where it must
// be and no smaller than is of use.

import { describe, expect, it } from 'vitest'
import { f32, type NdArray, openRandom, sizeOf } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import * as g from '../../src/graph/index.ts'

const random = openRandom(0, 'stable')
const draw = (shape: readonly number[]) =>
  f32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() + 0.1),
  )

type Write = (...inputs: g.Value[]) => g.Value
type Case = readonly [limit: number, shapes: readonly (readonly number[])[], write: Write]

const product: Write = (a, b) => g.matmul(a, b)
const withKernel =
  (options: object): Write =>
  (x, weight) =>
    g.conv(x, weight, options)
const sumOver =
  (...axes: number[]): Write =>
  (x) =>
    g.reduceSum(x, { axes })
const meanOver =
  (...axes: number[]): Write =>
  (x) =>
    g.reduceMean(x, { axes })
const any = Number.POSITIVE_INFINITY

const cases: Readonly<Record<string, Case>> = {
  'a wide product': [
    6,
    [
      [256, 768],
      [768, 512],
    ],
    product,
  ],
  'a product of few rows': [
    1,
    [
      [7, 768],
      [768, 128],
    ],
    product,
  ],
  'a product of columns that fill no block': [
    1,
    [
      [16, 512],
      [512, 37],
    ],
    product,
  ],
  'a product whose second factor is turned': [
    1,
    [
      [37, 256],
      [128, 256],
    ],
    (a, b) => g.matmul(a, b, { transposeB: true }),
  ],
  'a product whose first factor is turned': [
    any,
    [
      [768, 37],
      [768, 128],
    ],
    (a, b) => g.matmul(a, b, { transposeA: true }),
  ],
  'a product of short sums': [
    any,
    [
      [7, 128],
      [128, 512],
    ],
    product,
  ],
  'a tall product': [
    128,
    [
      [256, 768],
      [768, 96],
    ],
    product,
  ],
  'a product by constant weights': [any, [[7, 768]], (a) => g.matmul(a, g.constant(draw([768, 128])))],
  'a stack of products': [
    8,
    [
      [8, 7, 768],
      [8, 768, 128],
    ],
    product,
  ],
  'one row': [
    any,
    [
      [1, 768],
      [768, 256],
    ],
    product,
  ],
  'a convolution of one image': [
    1,
    [
      [1, 32, 24, 24],
      [64, 32, 4, 4],
    ],
    withKernel({ stride: 2, padding: 1 }),
  ],
  'a convolution of one larger image': [
    4,
    [
      [1, 32, 48, 48],
      [64, 32, 3, 3],
    ],
    withKernel({ stride: 2, padding: 1 }),
  ],
  'a convolution of several images': [
    any,
    [
      [3, 32, 24, 24],
      [64, 32, 4, 4],
    ],
    withKernel({ stride: 2, padding: 1 }),
  ],
  'a convolution of few pixels': [
    128,
    [
      [1, 64, 24, 24],
      [256, 64, 4, 4],
    ],
    withKernel({ stride: 2, padding: 1 }),
  ],
  'sums of channels': [any, [[2, 3, 97, 33]], sumOver(0, 2, 3)],
  'sums of channels of one image': [any, [[1, 3, 97, 33]], sumOver(0, 2, 3)],
  'means of tokens': [any, [[2, 50, 96]], meanOver(1)],
  'sums over the first axes': [any, [[3, 50, 96]], sumOver(0, 1)],
  'few logarithms': [any, [[256, 1]], (x) => g.softplus(g.log(x))],
  'many logarithms': [1, [[50_003]], (x) => g.log(x)],
  'what is computed element by element': [
    any,
    [[448, 97]],
    (x) => g.softmax(g.gelu(g.tanh(g.exp(g.sigmoid(g.erf(x)))))),
  ],
}

async function run(y: g.Value, feeds: Record<string, NdArray>, threads: number): Promise<Float32Array> {
  const session = await openSession(g.emitModel({ y }), { provider: 'cpu', threads, spin: false })
  const result = await session.run(feeds)
  await session.close()
  return result.y.data as Float32Array
}

describe('stableThreads', () => {
  it.each(Object.keys(cases))('is a number up to which the bits are the same: %s', async (name) => {
    const [limit, shapes, write] = cases[name]
    const y = write(...shapes.map((shape, i) => g.input(`x${i}`, shape)))
    expect(g.stableThreads({ y })).toBe(limit)
    const feeds = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, draw(shape)]))
    const first = await run(y, feeds, 1)
    for (const threads of [2, 3, 4, 5, 6, 7, 8, 16].filter((count) => count <= limit))
      expect([threads, await run(y, feeds, threads)]).toEqual([threads, first])
  })

  it('is the least of all parts, by what is left after the graph is simplified', () => {
    const x = g.input('x', [256, 768])
    const wide = g.matmul(x, g.input('w', [768, 512]))
    const narrow = g.matmul(wide, g.input('v', [512, 512]))
    expect(g.stableThreads({ wide })).toBe(6)
    expect(g.stableThreads({ narrow, logs: g.log(g.input('many', [100, 100])) })).toBe(1)
    expect(g.stableThreads({ x })).toBe(any)
  })
})
