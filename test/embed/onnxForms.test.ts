import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRandom, type Pixels, pixels } from '../../src/base/index.ts'
import { compareRows } from '../../src/embed/agreement.ts'
import { openExtractorGraph } from '../../src/embed/extractorGraph.ts'
import { openExtractor } from '../../src/embed/index.ts'
import { openSession } from '../../src/engine/index.ts'
import {
  narrowHalf,
  type OnnxModel,
  type OnnxTensor,
  onnxTypes,
  readOnnx,
  writeOnnx,
} from '../../src/formats/index.ts'
import { cast, emitModel, input, mul, reduceMean, reshape, slice, transpose } from '../../src/graph/index.ts'
import { toTensor } from '../../src/patches/index.ts'

const random = openRandom(4, 'forms')
const drawPixels = (count: number, side: number): Pixels =>
  pixels(
    Uint8Array.from({ length: count * side * side * 3 }, () => random.uniform() * 256),
    count,
    side,
    side,
  )
const plain = { mean: [0, 0, 0], std: [1, 1, 1] }

// What exporters write for half precision: weights, constants, casts, input and output in float16 (10) or bfloat16 (16).
function halve(bytes: Uint8Array, to = 10): Uint8Array {
  const model = readOnnx(bytes)
  const halveTensor = (tensor: OnnxTensor) => {
    if (tensor.dataType !== onnxTypes.f32) return
    const values = tensor.rawData.length
      ? new Float32Array(new Uint8Array(tensor.rawData).buffer)
      : Float32Array.from(tensor.floatData)
    const upper = new Uint32Array(values.buffer, values.byteOffset, values.length)
    const bits = to === 10 ? narrowHalf(values) : Uint16Array.from(upper, (word) => word >>> 16)
    tensor.rawData = new Uint8Array(bits.buffer)
    tensor.floatData = []
    tensor.dataType = to
  }
  const { initializer, node: nodes, input: inputs, output: outputs } = model.graph!
  initializer.forEach(halveTensor)
  for (const { attribute } of nodes) {
    for (const each of attribute) {
      if (each.t) halveTensor(each.t)
      if (each.name === 'to' && each.i === 1n) each.i = BigInt(to)
    }
  }
  for (const { type } of [...inputs, ...outputs])
    if (type?.tensorType?.elemType === 1) type.tensorType.elemType = to
  model.graph!.valueInfo = []
  return writeOnnx(model)
}

describe('forms of the input', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'eosin-forms-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function write(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, bytes)
    return path
  }
  async function embed(path: string, batch: Pixels, options: object = plain) {
    const extractor = await openExtractor({ name: `onnx:${path}`, ...options }, { device: 'cpu' })
    try {
      return { rows: await extractor.embed(batch), key: extractor.key, dimensions: extractor.dimensions }
    } finally {
      await extractor.close()
    }
  }

  it.each(['vit_timm_17', 'vit_transformers_16'])('runs half precision, near to single: %s', async (name) => {
    const single = await readFile(`fixtures/onnx/${name}.onnx`)
    const batch = drawPixels(5, 28)
    const exact = await embed(await write(`${name}.onnx`, single), batch)
    const half = await embed(await write(`${name}-half.onnx`, halve(single)), batch)
    const { min } = compareRows(half.rows, exact.rows, exact.dimensions)
    expect(min).toBeGreaterThan(0.99999)
    expect(half.rows).not.toEqual(exact.rows)
  })

  it('reads as a graph in single precision what the device cannot run in half', async () => {
    const single = await readFile('fixtures/onnx/vit_timm_17.onnx')
    const batch = drawPixels(3, 28)
    const exact = await embed(await write('single.onnx', single), batch)
    const brain = await embed(await write('brain.onnx', halve(single, 16)), batch)
    expect(compareRows(brain.rows, exact.rows, exact.dimensions).min).toBeGreaterThan(0.999)
    expect(brain.key).not.toBe(exact.key)
  })

  it('reads half precision as a graph in single, for export and for devices without it', async () => {
    const bytes = await readFile('fixtures/onnx/vit_timm_17.onnx')
    const path = await write('graph-half.onnx', halve(bytes))
    const batch = drawPixels(2, 28)
    const { rows, dimensions } = await embed(path, batch)
    const graph = await openExtractorGraph(`onnx:${path}`, plain)
    const images = input('images', ['n', 3, 28, 28])
    const session = await openSession(emitModel({ embedding: graph.write(images) }), { provider: 'cpu' })
    const { embedding } = await session.run({ images: toTensor(batch) })
    await session.close()
    expect(compareRows(rows, embedding.data as Float32Array, dimensions).min).toBeGreaterThan(0.99999)
  })

  // The same computation on bytes or floats, channels before or behind: the mean of each channel, and one pixel.
  const inputs = {
    'uint8, channels last': input('x', ['n', 4, 4, 3], 'u8'),
    'uint8, channels first': input('x', ['n', 3, 4, 4], 'u8'),
    'float32, channels last': input('x', ['n', 4, 4, 3]),
  }
  it.each(Object.entries(inputs))('feeds %s', async (name, x) => {
    const isLast = x.shape[3] === 3
    const floats = x.dtype === 'u8' ? mul(cast(x, 'f32'), 1 / 255) : x
    const first = isLast ? transpose(floats, [0, 3, 1, 2]) : floats
    const pixel = reshape(slice(slice(first, 2, 1, 2), 3, 2, 3), ['n', 3])
    const bytes = emitModel({ mean: reduceMean(first, { axes: [2, 3] }), pixel })
    const path = await write(`${name}.onnx`, bytes)
    const batch = drawPixels(3, 4)
    const options = x.dtype === 'u8' ? {} : plain
    const { rows } = await embed(path, batch, { ...options, output: 'pixel', batch: 2 })
    const expected = [0, 1, 2].flatMap((i) => [...batch.data.subarray((i * 16 + 6) * 3, (i * 16 + 7) * 3)])
    expect([...rows].map((value) => Math.round(value * 255))).toEqual(expected)

    const graph = await openExtractorGraph(`onnx:${path}`, { ...options, output: 'pixel' })
    const images = input('images', ['n', 3, 4, 4])
    const session = await openSession(emitModel({ embedding: graph.write(images) }), { provider: 'cpu' })
    const { embedding } = await session.run({ images: toTensor(batch) })
    await session.close()
    expect([...(embedding.data as Float32Array)].map((value) => Math.round(value * 255))).toEqual(expected)
  })

  it('refuses mean and deviation for a model that takes bytes, and inputs of other types', async () => {
    const x = input('x', ['n', 4, 4, 3], 'u8')
    const path = await write('bytes.onnx', emitModel({ y: reduceMean(cast(x, 'f32'), { axes: [1, 2] }) }))
    await expect(embed(path, drawPixels(1, 4))).rejects.toThrow(/mean: expected none, .* takes bytes/)
    const whole = input('x', ['n', 3, 4, 4], 'i32')
    const other = await write(
      'whole.onnx',
      emitModel({ y: reduceMean(cast(whole, 'f32'), { axes: [2, 3] }) }),
    )
    await expect(embed(other, drawPixels(1, 4))).rejects.toThrow(
      /expected float32, float16 or uint8, got i32/,
    )
  })
})

describe('rows', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'eosin-rows-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const batch = pixels(
    Uint8Array.from({ length: 60 }, (_, i) => i * 4),
    5,
    2,
    2,
  )
  async function embed(name: string, bytes: Uint8Array, options: object = {}): Promise<number[]> {
    const path = join(folder, name)
    await writeFile(path, bytes)
    const extractor = await openExtractor({ name: `onnx:${path}`, ...plain, ...options }, { device: 'cpu' })
    try {
      return [...(await extractor.embed(batch))]
    } finally {
      await extractor.close()
    }
  }
  // One row whatever is fed, as from an exporter that took its example's batch for a constant.
  const x = input('x', ['n', 3, 2, 2])
  const one = reduceMean(x, { axes: [0], keep: true })
  const outputs = {
    rows: reduceMean(one, { axes: [2, 3] }),
    tokens: transpose(reshape(one, [1, 3, 4]), [0, 2, 1]),
    map: one,
  }

  it.each(
    Object.keys(outputs),
  )('refuses fewer %s than pictures, and takes the pictures one by one', async (output) => {
    const bytes = emitModel(outputs)
    await expect(embed(`${output}.onnx`, bytes, { output })).rejects.toThrow(
      /expected 2 rows for 2 pictures, got \[1, .*; it was exported for one picture at a time: set batch=1/,
    )
    const rows = await embed(`${output}.onnx`, bytes, { output, batch: 1 })
    expect(rows.filter((value) => value === 0).length).toBeLessThanOrEqual(1)
    expect(rows.length).toBe(15)
  })

  it('says what to do about a model that cannot run two pictures', async () => {
    const fixed = input('x', [1, 3, 2, 2])
    const model: OnnxModel = readOnnx(emitModel({ y: mul(reshape(fixed, [1, 12]), 2) }))
    model.graph!.input[0].type!.tensorType!.shape!.dim[0].value = { case: 'dimParam', value: 'n' }
    await expect(embed('reshape.onnx', writeOnnx(model))).rejects.toThrow(
      /several pictures at once.*set batch=1/,
    )
    expect((await embed('reshape.onnx', writeOnnx(model), { batch: 1 })).length).toBe(60)
  })

  it('fills up a fixed batch, and refuses one that gives other rows than it has', async () => {
    const fixed = input('x', [2, 3, 2, 2])
    const rows = await embed('fixed.onnx', emitModel({ y: reduceMean(fixed, { axes: [2, 3] }) }))
    const open = await embed('open.onnx', emitModel({ y: reduceMean(x, { axes: [2, 3] }) }))
    expect(rows).toEqual(open)
    const cut = emitModel({ y: reduceMean(reduceMean(fixed, { axes: [0], keep: true }), { axes: [2, 3] }) })
    await expect(embed('cut.onnx', cut)).rejects.toThrow(
      /expected 2 rows for 2 pictures.*export it with an open batch/,
    )
  })

  it('names a value that is not finite, its patch and the model', async () => {
    const y = reduceMean(mul(x, Number.MAX_VALUE ** 0.12), { axes: [2, 3] })
    const inverse = emitModel({ y: mul(y, Number.POSITIVE_INFINITY) })
    await expect(embed('inf.onnx', inverse)).rejects.toThrow(
      /inf\.onnx embedding: expected finite values, got .* in patch 0/,
    )
  })
})
