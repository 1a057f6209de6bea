// Reading ONNX models: what is read computes what the model computes.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { f32, type NdArray, openRandom, sizeOf } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { readOnnx } from '../../src/formats/index.ts'
import * as g from '../../src/graph/index.ts'
import { cases, drawValues, make } from './opCases.ts'

async function runModel(model: Uint8Array, feeds: Record<string, NdArray>) {
  const session = await openSession(model, { provider: 'cpu', threads: 1 })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

// Reads a model back and writes it again.
function rewrite(model: Uint8Array): Uint8Array {
  const read = g.readGraph(readOnnx(model))
  return g.emitModel(read.write(read.outputs), { inputs: Object.values(read.inputs) })
}

describe('readGraph', () => {
  for (const [op, arbitrary] of Object.entries(cases)) {
    it(`reads what ${op} writes: the same numbers`, async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary, fc.nat(1e6), async (one, seed) => {
          const { dtype = 'f64', shapes, write } = one
          const inputs = shapes.map((sides, i) => g.input(`x${i}`, sides, dtype))
          const model = g.emitModel({ result: write(...inputs) }, { inputs })
          const values = drawValues(one, shapes.map(sizeOf), seed)
          const feeds = Object.fromEntries(shapes.map((sides, i) => [`x${i}`, make(dtype, sides, values[i])]))
          const { result } = await runModel(model, feeds)
          expect((await runModel(rewrite(model), feeds)).result).toEqual(result)
        }),
        { numRuns: 6, seed: 2 },
      )
    })
  }
})

const folder = 'fixtures/onnx'

describe('models exported by PyTorch', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
    it(`${file} gives the same numbers once read`, async () => {
      const bytes = readFileSync(join(folder, file))
      const read = g.readGraph(readOnnx(bytes), file)
      const [x] = Object.values(read.inputs)
      const isFixed = x.shape.every((side) => typeof side === 'number')
      const again = g.emitModel(read.write(read.outputs), { inputs: [x] })
      for (const count of isFixed ? [x.shape[0] as number] : [1, 3]) {
        const sides = [count, ...x.shape.slice(1)] as number[]
        const random = openRandom(count, file)
        const feeds = {
          x: f32(
            sides,
            Float32Array.from({ length: sizeOf(sides) }, () => random.normal()),
          ),
        }
        const [expected, found] = [await runModel(bytes, feeds), await runModel(again, feeds)]
        expect(Object.keys(found)).toEqual(Object.keys(expected))
        for (const [name, { shape, data }] of Object.entries(expected)) {
          expect(found[name].shape).toEqual(shape)
          const errors = Array.from(data as Float32Array, (value, i) =>
            Math.abs(value - Number(found[name].data[i])),
          )
          expect(Math.max(...errors)).toBeLessThan(2e-5)
        }
      }
    })
  }
})
