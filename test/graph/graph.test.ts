import { describe, expect, it } from 'vitest'
import { f32, type NdArray, ShapeError } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { readOnnx } from '../../src/formats/index.ts'
import * as g from '../../src/graph/index.ts'
import { simplify } from '../../src/graph/simplify.ts'

async function run(
  outputs: Record<string, g.Value>,
  feeds: Record<string, NdArray>,
): Promise<Record<string, number[]>> {
  const session = await openSession(g.emitModel(outputs), { provider: 'cpu', threads: 1 })
  const results = await session.run(feeds)
  await session.close()
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  )
}

describe('shapes', () => {
  const a = g.input('a', [2, 3])

  it('are refused when the op is written, not when it runs', () => {
    expect(() => g.add(a, g.input('b', [4]))).toThrow(ShapeError)
    expect(() => g.matmul(a, g.input('b', [2, 3]))).toThrow(
      'matmul: expected equal inner sides and dtypes, got [2,3] and [2,3]',
    )
    expect(() => g.reshape(a, [4, -1])).toThrow(ShapeError)
    expect(() => g.concat([a, g.input('b', [2, 2])], 0)).toThrow(ShapeError)
    expect(() => g.slice(a, 1, 2, 2)).toThrow(ShapeError)
    expect(() => g.transpose(a, [0, 0])).toThrow(ShapeError)
    expect(() => g.pad(a, [0, 3], [0, 0], 'reflect')).toThrow(ShapeError)
    expect(() => g.conv(g.input('x', [1, 3, 2, 2]), g.input('w', [4, 3, 3, 3]))).toThrow(ShapeError)
    expect(() => g.reduceSum(a, { axes: [2] })).toThrow(ShapeError)
    expect(() => g.add(a, g.input('b', [3], 'i64'))).toThrow('cast one')
  })

  it('carry a named batch through layers', () => {
    const x = g.input('x', ['rows', 4, 3])
    const y = g.matmul(g.reshape(x, ['rows', 12]), g.input('w', [5, 12]), { transposeB: true })
    expect(y.shape).toEqual(['rows', 5])
    expect(g.reshape(y, [-1, 1, 5]).shape).toEqual(['rows', 1, 5])
    expect(() => g.add(x, g.input('z', ['others', 4, 3]))).toThrow(ShapeError)
  })

  it('of convolutions follow their geometry', () => {
    const x = g.input('x', [1, 3, 96, 96])
    expect(g.conv(x, g.input('w', [8, 3, 4, 4]), { stride: 2, padding: 1 }).shape).toEqual([1, 8, 48, 48])
    const up = g.convTranspose(x, g.input('v', [3, 8, 3, 3]), { stride: 2, padding: 1, outputPadding: 1 })
    expect(up.shape).toEqual([1, 8, 192, 192])
  })
})

describe('mapAxis', () => {
  it('takes the same sums along whichever axis, of one axis or of many', async () => {
    const values = [1, 2, 3, 4, 5, 6]
    const matrix = g.constant(f32([2, 1], [10, 1]))
    const y = Object.fromEntries(
      [[2], [2, 3], [3, 2], [2, 3, 1], [1, 3, 2], [3, 2, 1], [2, 1, 1, 3]].map((shape) => [
        `${shape}`,
        g.mapAxis(
          g.constant(f32(shape, values.slice(0, shape.length === 1 ? 2 : 6))),
          shape.indexOf(2),
          matrix,
        ),
      ]),
    )
    expect(Object.values(y).map(({ shape }) => `${shape}`)).toEqual([
      ...['1', '1,3', '3,1', '1,3,1', '1,3,1', '3,1,1', '1,1,1,3'],
    ])
    const [apart, beside] = [
      [14, 25, 36],
      [12, 34, 56],
    ]
    expect(Object.values(await run(y, {}))).toEqual([[12], apart, beside, apart, beside, beside, apart])
  })
})

describe('emitModel', () => {
  it('gives the same bytes for the same graph', () => {
    const write = () => {
      const x = g.input('x', ['rows', 3])
      return g.emitModel({ y: g.softmax(g.add(g.mul(x, 2), 2)) }, { metadata: { mean: '0.5' } })
    }
    expect(write()).toEqual(write())
    const model = readOnnx(write())
    expect(model.metadataProps).toMatchObject([{ key: 'mean', value: '0.5' }])
    expect(model.graph?.initializer).toHaveLength(1)
  })

  it('lets a value be an input and several outputs at once', async () => {
    const x = g.input('x', [2])
    const doubled = g.add(x, x)
    const outputs = await run({ same: x, y: doubled, z: doubled }, { x: f32([2], [1, 2]) })
    expect(outputs).toEqual({ same: [1, 2], y: [2, 4], z: [2, 4] })
  })

  it('refuses two inputs of one name', () => {
    expect(() => g.emitModel({ y: g.add(g.input('x', [1]), g.input('x', [1])) })).toThrow(
      /input 'x': expected one input/,
    )
  })

  it('keeps minus zero apart from zero', async () => {
    const x = g.input('x', [])
    const { y } = await run({ y: g.add(g.div(x, g.scalar(-0)), g.mul(x, 0)) }, { x: f32([], [1]) })
    expect(y).toEqual([Number.NEGATIVE_INFINITY])
  })
})

describe('simplify', () => {
  const [x, w, b] = [g.input('x', [4, 3]), g.input('w', [2, 3]), g.input('b', [2])]
  const product = g.matmul(g.mul(x, 3), w, { transposeB: true })

  it('writes scaled products with a bias as one op', () => {
    const text = g.printGraph(simplify({ y: g.add(g.mul(product, 0.5), b) }))
    expect(text).toContain('= gemm(%0, %1, %2, transposeA=false, transposeB=true, scale=1.5) f32 [4,2]')
    expect(text).not.toMatch(/mul\(|add\(/)
  })

  it('leaves a product alone that something else needs as it is', () => {
    const plain = g.matmul(x, w, { transposeB: true })
    const text = g.printGraph(simplify({ y: g.add(plain, b), z: plain }))
    expect(text).toMatch(/matmul.*\n.*\n.*add/)
  })

  it('changes no value', async () => {
    const z = g.add(g.mul(product, 0.5), b)
    const outputs = {
      z,
      sum: g.reduceSum(z, { axes: [0] }),
      mean: g.reduceMean(z, { axes: [0], keep: true }),
    }
    const results = await run(outputs, {
      x: f32([4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
      w: f32([2, 3], [1, 0, -1, 2, 1, 0]),
      b: f32([2], [10, 20]),
    })
    expect(results.z).toEqual([7, 26, 7, 39.5, 7, 53, 7, 66.5])
    expect(results.sum).toEqual([28, 185])
    expect(results.mean).toEqual([7, 46.25])
  })
})

describe('printGraph', () => {
  it('shows one line a value', () => {
    const x = g.input('x', ['rows', 2])
    expect(g.printGraph({ y: g.reduceSum(g.mul(x, 2), { axes: [1] }) })).toBe(
      [
        '%0 = input(name=x) f32 [rows,2]',
        '%1 = constant(array=[2]) f32 []',
        '%2 = mul(%0, %1) f32 [rows,2]',
        '%3 = reduceSum(%2, axes=[1], keep=false) f32 [rows]',
        'y = %3',
      ].join('\n'),
    )
  })
})
