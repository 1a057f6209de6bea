// Linear layers with 8-bit weights: what is stored, and what the graph computes with it.

import { describe, expect, it } from 'vitest'
import { runGraph } from '../../conformance/runGraph.ts'
import { f32, openRandom } from '../../src/base/index.ts'
import { constant, gradients, input, quantizedMatmul, reduceSum } from '../../src/graph/index.ts'
import { quantizeLinear } from '../../src/models/index.ts'
import { applyLinear } from '../../src/nn/index.ts'

const random = openRandom(4, 'layer')
const draw = (shape: readonly number[]) =>
  f32(
    shape,
    Float32Array.from({ length: shape.reduce((size, side) => size * side, 1) }, () => random.normal()),
  )

describe('quantizeLinear', () => {
  it('scales each output by its largest weight and stores inputs first', () => {
    const layer = { 'a.weight': f32([2, 3], [63, -1, 0.4, 0, 126, 2]), 'a.bias': f32([2], [5, 6]) }
    const { 'a.weight': weight, 'a.scale': scale, 'a.bias': bias } = quantizeLinear(layer)
    expect([weight.dtype, weight.shape, [...weight.data]]).toEqual(['i8', [3, 2], [63, 0, -1, 63, 0, 1]])
    expect([...scale.data]).toEqual([1, 2])
    expect(bias).toBe(layer['a.bias'])
  })

  it('leaves alone what is no linear layer, and takes an output of zeros', () => {
    const others = {
      'norm.weight': f32([2]),
      'norm.bias': f32([2]),
      projection: f32([2, 2]),
      'k.weight': f32([2, 3, 1, 1]),
    }
    expect(quantizeLinear(others)).toEqual(others)
    const zeros = quantizeLinear({ 'a.weight': f32([1, 2]), 'a.bias': f32([1]) })
    expect([...zeros['a.weight'].data, ...zeros['a.scale'].data]).toEqual([0, 0, 0])
  })

  it('computes what its rounded weights and inputs say', async () => {
    const layer = { 'a.weight': draw([7, 12]), 'a.bias': draw([7]) }
    const quantized = quantizeLinear(layer)
    const values = Object.fromEntries(
      Object.entries(quantized).map(([name, array]) => [name, constant(array)]),
    )
    const x = input('x', [2, 3, 12])
    const feed = draw([2, 3, 12])
    const { y } = await runGraph({ y: applyLinear('a', values, x) }, [x], { x: feed })
    expect(y.shape).toEqual([2, 3, 7])
    // 8 bits over the range of all inputs, which holds 0
    const [low, high] = [Math.min(0, ...feed.data), Math.max(0, ...feed.data)]
    const step = (high - low) / 255
    const rounded = feed.data.map((value) => step * Math.round(value / step))
    for (let row = 0; row < 6; row++) {
      for (let output = 0; output < 7; output++) {
        let sum = layer['a.bias'].data[output]
        for (let i = 0; i < 12; i++)
          sum +=
            rounded[row * 12 + i] *
            Number(quantized['a.weight'].data[i * 7 + output]) *
            Number(quantized['a.scale'].data[output])
        expect(Math.abs(Number(y.data[row * 7 + output]) - sum)).toBeLessThan(step * 4) // the zero point is rounded too
      }
    }
  })

  it('has no gradient and checks its shapes', () => {
    const { 'a.weight': weight, 'a.scale': scale } = quantizeLinear({
      'a.weight': draw([4, 3]),
      'a.bias': f32([4]),
    })
    const x = input('x', [2, 3])
    const [w, s, b] = [weight, scale, f32([4])].map(constant)
    expect(() => gradients(reduceSum(quantizedMatmul(x, w, s, b)), [x])).toThrow(
      /rounded weights are for use/,
    )
    expect(() => quantizedMatmul(input('x', [2, 4]), w, s, b)).toThrow(/expected x \[\.\., inputs\]/)
  })
})
