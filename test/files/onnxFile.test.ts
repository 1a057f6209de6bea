import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { f32 } from '../../src/base/index.ts'
import { readOnnxFile } from '../../src/files/index.ts'
import { readOnnx, writeOnnx } from '../../src/formats/index.ts'
import { constant, emitModel, input, mul } from '../../src/graph/index.ts'
import { makeTemporaryFolder } from './temporaryFolder.ts'

const inFolder = makeTemporaryFolder()

describe('readOnnxFile', () => {
  it('asks for no more memory than the file beside the model has bytes', async () => {
    const model = readOnnx(emitModel({ y: mul(input('x', [2]), constant(f32([2], [1, 2]))) }))
    const [weight] = model.graph!.initializer
    const entry = (key: string, value: string) => ({ $typeName: 'eosin.onnx.Entry' as const, key, value })
    weight.rawData = new Uint8Array(0)
    weight.dataLocation = 1
    weight.externalData = [entry('location', 'weights.bin'), entry('length', '9000000000000')]
    const path = inFolder('outside.onnx')
    writeFileSync(inFolder('weights.bin'), new Uint8Array(8))
    writeFileSync(path, writeOnnx(model))
    await expect(readOnnxFile(path)).rejects.toThrow(/expected 9000000000000 bytes, got 8/)
  })
})
