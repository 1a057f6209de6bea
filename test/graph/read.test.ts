// Reading ONNX models: what is read computes what the model computes.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { f32, type NdArray, ndarray, openRandom, sizeOf } from '../../src/base/index.ts'
import { openSession } from '../../src/engine/index.ts'
import { readOnnxFile, writeOnnxFile } from '../../src/files/index.ts'
import {
  attributeToOnnx,
  type OnnxModelParts,
  readOnnx,
  tensorToOnnx,
  writeOnnx,
} from '../../src/formats/index.ts'
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

const float = (name: string, sides: readonly (number | string)[]) => ({
  name,
  type: {
    tensorType: {
      elemType: 1,
      shape: {
        dim: sides.map((side) => ({
          value:
            typeof side === 'number'
              ? ({ case: 'dimValue', value: BigInt(side) } as const)
              : ({ case: 'dimParam', value: side } as const),
        })),
      },
    },
  },
})

// Fixtures for what exporters of PyTorch do not write, by our own writer.
function writeModel(parts: Partial<NonNullable<OnnxModelParts['graph']>>, opset = 18n): Uint8Array {
  return writeOnnx({
    irVersion: 8n,
    opsetImport: [{ domain: '', version: opset }],
    graph: { name: 'g', input: [float('x', ['n', 4])], output: [float('y', ['n', 4])], ...parts },
  } as OnnxModelParts)
}

describe('a model that cannot be read', () => {
  const write = (parts: object) => {
    const read = g.readGraph(readOnnx(writeModel(parts)), 'model.onnx')
    return () => read.write(['y'])
  }

  it('is refused by the name of the node and its op', () => {
    expect(write({ node: [{ name: 'best', opType: 'ArgMax', input: ['x'], output: ['y'] }] })).toThrow(
      /^model.onnx node 'best' \(ArgMax\): expected an op that can be read.*got ArgMax/,
    )
  })

  it('is refused where a shape depends on data', () => {
    const cast = {
      name: 'c',
      opType: 'Cast',
      input: ['x'],
      output: ['s'],
      attribute: [attributeToOnnx('to', { int: 7 })],
    }
    expect(
      write({ node: [cast, { name: 'r', opType: 'Reshape', input: ['x', 's'], output: ['y'] }] }),
    ).toThrow(/node 'r' \(Reshape\): expected input 1 \('s'\) known when the graph is read/)
  })

  it('is refused where a size is the product of two sides that only a run tells', () => {
    const size = (sides: readonly (number | string)[]) =>
      write({
        input: [float('x', sides)],
        node: [
          { name: 's', opType: 'Size', input: ['x'], output: ['s'] },
          { name: 'u', opType: 'Unsqueeze', input: ['s', 'front'], output: ['shape'] },
          { name: 'r', opType: 'Reshape', input: ['x', 'shape'], output: ['y'] },
        ],
        initializer: [tensorToOnnx('front', ndarray('i64', [1], BigInt64Array.of(0n)))],
      })
    expect(size(['n', 'm', 4])).toThrow(/node 's' \(Size\): expected at most one named side, got \[n,m,4\]/)
    expect(size(['n', 3, 4])().y.shape).toEqual(['12*n'])
    expect(size([5, 3, 4])().y.shape).toEqual([60])
  })

  it('is refused where its nodes go round in a circle, or one is missing', () => {
    const add = (from: string, to: string) => ({ name: to, opType: 'Add', input: ['x', from], output: [to] })
    expect(write({ node: [add('y', 'z'), add('z', 'y')] })).toThrow(/a graph without circles/)
    expect(write({ node: [add('nowhere', 'y')] })).toThrow(/value 'nowhere': expected a node that gives it/)
  })

  it('is refused where shapes do not fit, by the node', () => {
    const constant = {
      opType: 'Constant',
      name: 'k',
      input: [],
      output: ['k'],
      attribute: [attributeToOnnx('value_floats', { floats: [1, 2, 3] })],
    }
    expect(
      write({ node: [constant, { name: 'sum', opType: 'Add', input: ['x', 'k'], output: ['y'] }] }),
    ).toThrow(/model.onnx node 'sum' \(Add\): got add: expected shapes that broadcast/)
  })

  it('names the values there are where another is asked for', () => {
    const read = g.readGraph(
      readOnnx(writeModel({ node: [{ opType: 'Relu', input: ['x'], output: ['y'] }] })),
    )
    expect(() => read.write(['logit'])).toThrow(/expected one of y, got 'logit'/)
  })
})

describe('half precision', () => {
  it('is read as single', () => {
    const tensor = {
      ...tensorToOnnx('w', f32([2], [0, 0])),
      dataType: 10,
      rawData: Uint8Array.of(0, 0x3c, 0, 0xc0),
    }
    const read = g.readGraph(readOnnx(writeModel({ initializer: [tensor], node: [] })))
    expect([...read.params.w.data]).toEqual([1, -2])
  })
})

describe('readOnnxFile', () => {
  it('reads tensors that lie in another file, and names a file that is missing or short', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'eosin-onnx-')), 'model.onnx')
    const weight = f32(
      [40, 40],
      Float32Array.from({ length: 1600 }, (_, i) => i),
    )
    const y = g.matmul(g.input('x', ['n', 40]), g.constant(weight))
    await writeOnnxFile(path, g.emitParts({ y }), 1000)
    const feeds = { x: f32([1, 40], new Float32Array(40).fill(1)) }
    const session = await openSession(path, { provider: 'cpu' })
    const expected = (await session.run(feeds)).y
    await session.close()
    const read = g.readGraph(await readOnnxFile(path), path)
    expect((await runModel(g.emitModel(read.write(['y'])), feeds)).y).toEqual(expected)
    const data = readFileSync(`${path}.data`)
    writeFileSync(`${path}.data`, data.subarray(0, 6000))
    await expect(readOnnxFile(path)).rejects.toThrow(/tensor 'constant:0': expected 6400 bytes, got 6000/)
    rmSync(`${path}.data`)
    await expect(readOnnxFile(path)).rejects.toThrow(/model.onnx.data: expected the tensors of/)
    await expect(readOnnxFile(`${path}.gone`)).rejects.toThrow(/expected an ONNX file/)
  })
})
