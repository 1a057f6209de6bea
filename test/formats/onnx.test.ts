import { describe, expect, it } from 'vitest'
import { DataError, f32, ndarray } from '../../src/base/index.ts'
import { readOnnx, tensorFromOnnx, tensorToOnnx, writeOnnx } from '../../src/formats/index.ts'
import { constant, emitModel, input, mul } from '../../src/graph/index.ts'

describe('onnx', () => {
  it('reads back a model byte for byte', () => {
    const bytes = emitModel({ y: mul(input('x', ['rows', 2]), constant(f32([2], [3, 4]))) })
    const model = readOnnx(bytes)
    expect(writeOnnx(model)).toEqual(bytes)
    expect(model.graph?.node.map(({ opType }) => opType)).toEqual(['Mul'])
    expect(tensorFromOnnx(model.graph!.initializer[0])).toEqual(f32([2], [3, 4]))
  })

  it('keeps tensors of every dtype, also where the values are typed fields', () => {
    for (const array of [
      f32([2], [1, 2]),
      ndarray('i64', [1], BigInt64Array.of(-5n)),
      ndarray('f64', [], Float64Array.of(0.1)),
    ]) {
      expect(tensorFromOnnx(tensorToOnnx('t', array))).toEqual(array)
    }
    const typed = { ...tensorToOnnx('t', f32([2], [0, 0])), rawData: new Uint8Array(), floatData: [5, 6] }
    expect(tensorFromOnnx(typed)).toEqual(f32([2], [5, 6]))
  })

  it('refuses what is no model, and tensors it cannot hold', () => {
    expect(() => readOnnx(Uint8Array.of(1, 2, 3), 'm.onnx')).toThrow(/^m\.onnx: expected an ONNX model/)
    expect(() => readOnnx(new Uint8Array(), 'm.onnx')).toThrow(DataError)
    const tensor = tensorToOnnx('t', f32([2], [0, 0]))
    expect(() => tensorFromOnnx({ ...tensor, dataType: 10 })).toThrow(DataError)
    expect(() => tensorFromOnnx({ ...tensor, rawData: tensor.rawData.subarray(1) })).toThrow(
      /expected values of 4 bytes/,
    )
    expect(() => tensorFromOnnx({ ...tensor, dataLocation: 1 })).toThrow(/external data/)
    expect(() => tensorFromOnnx({ ...tensor, dims: [3n] })).toThrow(DataError)
  })
})
