// Read graphs that are trained: their gradients, and graphs cut into a trunk and a tail.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { f32, type NdArray, openRandom, sizeOf } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { readOnnx } from '../../src/formats/index.ts'
import * as g from '../../src/graph/index.ts'

const open = (file: string) => g.readGraph(readOnnx(readFileSync(join('fixtures/onnx', file))), file)

function draw(shape: readonly number[], label: string, scale = 1): NdArray<'f32'> {
  const random = openRandom(1, label)
  return f32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => scale * random.normal()),
  )
}

async function run(outputs: Record<string, g.Value>, feeds: Record<string, NdArray>) {
  const session = await openSession(g.emitModel(outputs), { provider: 'cpu', threads: 1 })
  try {
    const needed = Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]]))
    return await session.run(needed)
  } finally {
    await session.close()
  }
}

const inputsOf = (params: Readonly<Record<string, NdArray>>) =>
  Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, g.input(name, shape)]))

describe('a read graph', () => {
  it.each([
    ['vit_timm_11.onnx', [2, 3, 28, 28]],
    ['vit_transformers_16.onnx', [2, 3, 28, 28]],
    ['swin_13.onnx', [2, 3, 32, 32]],
    ['mlp_8.onnx', [3, 6]],
  ])('has the gradients of its parameters: %s', async (file, sides) => {
    const graph = open(file)
    const values = inputsOf(graph.params)
    const x = g.input('x', sides)
    const [output] = graph.outputs
    const y = graph.write([output], { x, ...values })[output]
    const weights = draw(y.shape as number[], 'weights')
    const loss = g.reduceSum(g.mul(y, g.constant(weights)))
    const names = Object.keys(values)
    const grads = g.gradients(
      loss,
      names.map((name) => values[name]),
    )
    const feeds: Record<string, NdArray> = { x: draw(sides, 'x'), ...graph.params }
    const found = await run(Object.fromEntries(names.map((name, i) => [`d ${name}`, grads[i]])), feeds)
    // Along a random direction of all parameters, the slope of the loss by central differences.
    const step = 5e-4
    const direction = Object.fromEntries(names.map((name) => [name, draw(graph.params[name].shape, name)]))
    const lossAt = async (by: number) => {
      const moved = names.map((name) => {
        const { shape, data } = graph.params[name]
        return [
          name,
          f32(
            shape,
            data.map((value, i) => value + by * direction[name].data[i]),
          ),
        ] as const
      })
      const { result } = await run({ result: y }, { ...feeds, ...Object.fromEntries(moved) })
      return (result.data as Float32Array).reduce((sum, value, i) => sum + value * weights.data[i], 0)
    }
    const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step)
    const claimed = names.reduce((sum, name) => {
      const grad = found[`d ${name}`].data as Float32Array
      return sum + grad.reduce((part, value, i) => part + value * direction[name].data[i], 0)
    }, 0)
    expect(Math.abs(slope)).toBeGreaterThan(0.1)
    expect(Math.abs(claimed / slope - 1)).toBeLessThan(2e-2)
  })
})

// A network full of kinks (ReLU, largest values) is looked at one number at a time: few of them move over one.
describe('a read network with kinks', () => {
  it('has the gradients of its parameters', async () => {
    const graph = open('cnn_11.onnx')
    const values = inputsOf(graph.params)
    const names = Object.keys(values)
    const y = graph.write(['y'], { x: g.input('x', [2, 3, 32, 32]), ...values }).y
    const weights = draw(y.shape as number[], 'weights')
    const grads = g.gradients(
      g.reduceSum(g.mul(y, g.constant(weights))),
      names.map((name) => values[name]),
    )
    const outputs = { y, ...Object.fromEntries(names.map((name, i) => [`d ${name}`, grads[i]])) }
    const session = await openSession(g.emitModel(outputs), { provider: 'cpu', threads: 1 })
    const feeds: Record<string, NdArray> = { x: draw([2, 3, 32, 32], 'x'), ...graph.params }
    const lossAt = async (name: string, at: number, by: number) => {
      const { shape, data } = graph.params[name]
      const found = await session.run({ ...feeds, [name]: f32(shape, data.with(at, data[at] + by)) })
      return (found.y.data as Float32Array).reduce((sum, value, i) => sum + value * weights.data[i], 0)
    }
    const found = await session.run(feeds)
    const random = openRandom(1, 'places')
    let agreeing = 0
    const places = names.flatMap((name) => Array.from({ length: 8 }, () => name))
    for (const name of places) {
      const at = random.integer(graph.params[name].data.length)
      const slope = ((await lossAt(name, at, 2e-3)) - (await lossAt(name, at, -2e-3))) / 4e-3
      const claimed = (found[`d ${name}`].data as Float32Array)[at]
      if (Math.abs(claimed - slope) < 0.02 * Math.max(0.1, Math.abs(slope))) agreeing++
    }
    await session.close()
    expect(agreeing / places.length).toBeGreaterThan(0.85)
    expect(names.length).toBeGreaterThan(12)
  })
})

describe('cutGraph', () => {
  it.each([
    ['vit_timm_11.onnx', 4],
    ['vit_timm_17.onnx', 20],
    ['vit_fixed_14.onnx', 14],
    ['vit_transformers_16.onnx', 3],
    ['cnn_11.onnx', 2],
    ['swin_13.onnx', 1],
  ])('gives trunk and tail that together are the whole: %s', async (file, count) => {
    const graph = open(file)
    const output = graph.outputs.at(-1)!
    const cut = g.cutGraph(graph, output, count)
    expect(Object.keys(cut.params).length).toBeGreaterThanOrEqual(count)
    const image = graph.inputs.x
    const sides = [2, ...image.shape.slice(1)] as number[]
    const feeds = { x: draw(sides, 'x') }
    const { whole, passed } = await run(
      { whole: graph.write([output])[output], passed: cut.writeTrunk(image) },
      feeds,
    )
    const between = g.input('between', passed.shape)
    const tail = cut.writeTail(between, inputsOf(cut.params))
    const { result } = await run({ result: tail }, { between: passed, ...cut.params })
    expect(result.shape).toEqual(whole.shape)
    const errors = Array.from(whole.data as Float32Array, (value, i) =>
      Math.abs(value - Number(result.data[i])),
    )
    expect(Math.max(...errors)).toBeLessThan(1e-5)
    expect(g.gradients(g.reduceSum(tail), [between])[0].shape).toEqual(passed.shape)
  })

  it('cuts a ViT between its blocks, and nowhere within the way past an attention', () => {
    const graph = open('vit_timm_11.onnx')
    const { at, params } = g.cutGraph(graph, 'y', 14)
    expect(Object.keys(params).filter((name) => name.startsWith('b.0.'))).toEqual([])
    expect(Object.keys(params)).toContain('norm.weight')
    const softmax = graph.steps.find(({ type }) => type === 'Softmax')!.outputs[0]
    expect(() => g.cutGraph(graph, 'y', softmax)).toThrow(/one that others pass by; the nearest before it is/)
    expect(() => g.cutGraph(graph, 'y', 'nothing')).toThrow(/a value on the way from 'x' to 'y'/)
    expect(() => g.cutGraph(graph, 'y', 1000)).toThrow(/1000 parameters/)
    expect(g.cutGraph(graph, 'y', at).params).toEqual(params)
  })
})
