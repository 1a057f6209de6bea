import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, f32, pixels, RecipeError, ShapeError, UnknownNameError } from '../../src/base/index.ts'
import { openExtractor } from '../../src/embed/index.ts'
import { readOnnx, writeOnnx } from '../../src/formats/index.ts'
import {
  concat,
  constant,
  conv,
  emitModel,
  input,
  mul,
  reduceMean,
  reshape,
  type Shape,
  transpose,
} from '../../src/graph/index.ts'
import { resizePixels } from '../../src/patches/index.ts'

// Models that give a picture's own pixels back: as tokens [batch, 4, 3] of a 2 x 2 picture, as a feature map,
// as their mean, so that every number can be checked by hand.
function emitPictureModel(shape: Shape): Uint8Array {
  const x = input('pixels', shape)
  const flat = reshape(x, [shape[0], 3, 4])
  return emitModel({
    tokens: transpose(flat, [0, 2, 1]),
    map: reshape(flat, [shape[0], 3, 2, 2]),
    mean: reduceMean(x, { axes: [2, 3] }),
    flat: reshape(x, [shape[0] as number, 12]),
    scores: reduceMean(x, { axes: [1, 2, 3] }),
  })
}

const plain = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } // values 0 to 255
const batch = pixels(
  Uint8Array.from({ length: 5 * 12 }, (_, i) => i * 4),
  5,
  2,
  2,
)
const bytesOf = (patch: number) => [...batch.data.subarray(patch * 12, patch * 12 + 12)]
const rounded = (values: Float32Array) => [...values].map((value) => Math.round(value * 1000) / 1000)

describe('the onnx extractor', () => {
  let folder = ''
  let dynamic = ''
  let fixed = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'eosin-onnx-'))
    dynamic = join(folder, 'dynamic.onnx')
    fixed = join(folder, 'fixed.onnx')
    await writeFile(dynamic, emitPictureModel(['patches', 3, 2, 2]))
    await writeFile(fixed, emitPictureModel([2, 3, 2, 2]))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function embed(path: string, options: object) {
    const extractor = await openExtractor({ name: `onnx:${path}`, ...plain, ...options })
    try {
      const rows = await extractor.embed(batch)
      expect(rows.length).toBe(batch.count * extractor.dimensions)
      return rounded(rows)
    } finally {
      await extractor.close()
    }
  }

  it('takes the first token, the mean of patch tokens, or both', async () => {
    const firstTokens = [0, 1, 2, 3, 4].flatMap((patch) => bytesOf(patch).slice(0, 3))
    const patchMeans = [0, 1, 2, 3, 4].flatMap((patch) => {
      const bytes = bytesOf(patch)
      return [0, 1, 2].map(
        (c) => Math.round(((bytes[3 + c] + bytes[6 + c] + bytes[9 + c]) / 3) * 1000) / 1000,
      )
    })
    expect(await embed(dynamic, {})).toEqual(firstTokens)
    expect(await embed(dynamic, { pooling: 'mean', prefixTokens: 1 })).toEqual(patchMeans)
    const both = await embed(dynamic, { pooling: 'cls+mean', prefixTokens: 1 })
    expect(both.slice(6, 12)).toEqual([...firstTokens.slice(3, 6), ...patchMeans.slice(3, 6)])
  })

  it('averages a feature map and takes two dimensions as they are', async () => {
    const map = await embed(dynamic, { output: 'map' })
    expect(map.slice(0, 3)).toEqual([18, 22, 26])
    expect(await embed(dynamic, { output: 'mean' })).toEqual(map)
  })

  it('leaves out as many tokens as told', async () => {
    const all = await embed(dynamic, { pooling: 'mean', prefixTokens: 0 })
    expect(all).toEqual(await embed(dynamic, { output: 'mean' }))
  })

  it('leaves class and register tokens out of the mean without being told', async () => {
    // Patches of 2 x 2 pixels as tokens, behind a class token and four registers of a value that would show.
    const images = input('pixels', [2, 3, 4, 4])
    const weight = Array.from({ length: 36 }, (_, i) =>
      Math.floor(i / 12) === Math.floor((i % 12) / 4) ? 0.25 : 0,
    )
    const patches = conv(images, constant(f32([3, 3, 2, 2], weight)), { stride: 2 })
    const tokens = transpose(reshape(patches, [2, 3, 4]), [0, 2, 1])
    const prefix = constant(f32([2, 5, 3], Array(30).fill(1e4)))
    const path = join(folder, 'registers.onnx')
    await writeFile(
      path,
      emitModel({ tokens: concat([prefix, tokens], 1), mean: reduceMean(images, { axes: [2, 3] }) }),
    )
    const large = pixels(
      Uint8Array.from({ length: 5 * 48 }, (_, i) => i),
      5,
      4,
      4,
    )
    const embedLarge = async (options: object) => {
      const extractor = await openExtractor({ name: `onnx:${path}`, ...plain, ...options })
      try {
        return rounded(await extractor.embed(large))
      } finally {
        await extractor.close()
      }
    }
    const means = await embedLarge({ output: 'mean' })
    expect(await embedLarge({ pooling: 'mean' })).toEqual(means)
    expect(await embedLarge({ pooling: 'mean', prefixTokens: 5 })).toEqual(means)
    await expect(embedLarge({ pooling: 'mean', prefixTokens: 1 })).rejects.toThrow(
      /expected prefixTokens 5, the rest of 9 tokens, got 1/,
    )
    const config = join(folder, 'config.json')
    await writeFile(config, JSON.stringify({ num_register_tokens: 3 }))
    await expect(embedLarge({ pooling: 'mean' })).rejects.toThrow(/expected prefixTokens 5.*got 4/)
    await rm(config)
  })

  it('fills up runs of a model with a fixed batch, and cuts runs of another', async () => {
    const whole = await embed(dynamic, {})
    expect(await embed(fixed, {})).toEqual(whole)
    expect(await embed(dynamic, { batch: 2 })).toEqual(whole)
  })

  it('resizes to the sides of the model and crops by option', async () => {
    const large = pixels(
      Uint8Array.from({ length: 48 }, (_, i) => i * 5),
      1,
      4,
      4,
    )
    const resized = await openExtractor({ name: `onnx:${dynamic}`, ...plain, filter: 'bilinear' })
    expect(rounded(await resized.embed(large))).toEqual([
      ...resizePixels(large, 2, 2, 'bilinear').data.subarray(0, 3),
    ])
    await resized.close()
    const cropped = await openExtractor({ name: `onnx:${dynamic}`, ...plain, resize: false, crop: 2 })
    expect(rounded(await cropped.embed(large))).toEqual([...large.data.subarray(15, 18)])
    await cropped.close()
  })

  it('reads preprocessor_config.json beside the model, options going before it', async () => {
    const config = {
      do_resize: true,
      size: { shortest_edge: 2 },
      resample: 2,
      do_center_crop: true,
      crop_size: { height: 2, width: 2 },
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
    }
    const path = join(folder, 'preprocessor_config.json')
    await writeFile(path, JSON.stringify(config))
    try {
      const extractor = await openExtractor(`onnx:${dynamic}`)
      const rows = await extractor.embed(batch)
      expect([...rows.subarray(0, 3)]).toEqual(
        [0, 4, 8].map((value) => Math.fround((Math.fround(value / 255) - 0.5) / 0.5)),
      )
      await extractor.close()
      expect((await embed(dynamic, {})).slice(0, 3)).toEqual([0, 4, 8])
    } finally {
      await rm(path)
    }
  })

  it('has a key that knows the weights and the preprocessing, not the path', async () => {
    const keyOf = async (path: string, options: object) => {
      const extractor = await openExtractor({ name: `onnx:${path}`, ...plain, ...options })
      await extractor.close()
      return extractor.key
    }
    const copy = join(folder, 'copy.onnx')
    await writeFile(copy, emitPictureModel(['patches', 3, 2, 2]))
    const key = await keyOf(dynamic, {})
    expect(await keyOf(copy, {})).toBe(key)
    const others = [
      await keyOf(fixed, {}),
      await keyOf(dynamic, { pooling: 'mean', prefixTokens: 1 }),
      await keyOf(dynamic, { filter: 'box' }),
    ]
    expect(new Set([key, ...others]).size).toBe(4)
  })

  it('follows weights that lie in a file of their own, and knows them in its key', async () => {
    const x = input('pixels', ['patches', 3, 2, 2])
    const scale = constant(f32([1, 3, 2, 2], Array(12).fill(2)))
    const model = readOnnx(emitModel({ y: reduceMean(mul(x, scale), { axes: [2, 3] }) }))
    const [weight] = model.graph!.initializer.filter(({ rawData }) => rawData.length === 48)
    const path = join(folder, 'split.onnx')
    const location = 'split.weights'
    await writeFile(join(folder, location), weight.rawData)
    weight.rawData = new Uint8Array(0)
    weight.dataLocation = 1
    weight.externalData = [{ $typeName: 'eosin.onnx.Entry', key: 'location', value: location }]
    await writeFile(path, writeOnnx(model))
    const doubled = await openExtractor({ name: `onnx:${path}`, ...plain })
    expect(rounded(await doubled.embed(batch)).slice(0, 3)).toEqual([36, 44, 52])
    await doubled.close()
    await writeFile(join(folder, location), new Uint8Array(new Float32Array(12).fill(3).buffer))
    const tripled = await openExtractor({ name: `onnx:${path}`, ...plain })
    expect(rounded(await tripled.embed(batch)).slice(0, 3)).toEqual([54, 66, 78])
    expect(tripled.key).not.toBe(doubled.key)
    await tripled.close()
  })

  it('gives the rows of calls made at once to the right caller', async () => {
    const extractor = await openExtractor({ name: `onnx:${dynamic}`, ...plain })
    const rows = await Promise.all(
      [0, 1, 2, 3].map((patch) =>
        extractor.embed({ ...batch, count: 1, data: batch.data.subarray(patch * 12, patch * 12 + 12) }),
      ),
    )
    expect(rows.map((row) => Math.round(row[0]))).toEqual([0, 48, 96, 144])
    await extractor.close()
  })

  it('says that a file is missing or no ONNX model', async () => {
    await expect(openExtractor({ name: `onnx:${join(folder, 'none.onnx')}`, ...plain })).rejects.toThrow(
      DataError,
    )
    const text = join(folder, 'text.onnx')
    await writeFile(text, 'this is no model')
    await expect(openExtractor({ name: `onnx:${text}`, ...plain })).rejects.toThrow(/expected an ONNX model/)
  })

  it('lists the outputs for a name that is none of them', async () => {
    const opening = openExtractor({ name: `onnx:${dynamic}`, ...plain, output: 'token' })
    await expect(opening).rejects.toThrow(UnknownNameError)
    await expect(opening).rejects.toThrow(/tokens, map, mean, flat, scores.*did you mean 'tokens'/)
  })

  it('refuses an input that takes no pictures', async () => {
    const path = join(folder, 'vector.onnx')
    await writeFile(path, emitModel({ y: reduceMean(input('x', ['n', 12]), { axes: [1] }) }))
    const opening = openExtractor({ name: `onnx:${path}`, ...plain })
    await expect(opening).rejects.toThrow(ShapeError)
    await expect(opening).rejects.toThrow(/'x': expected \[batch, 3, height, width\] or .*, got \[n, 12\]/)
  })

  it('refuses a pooling that the output does not allow, and pictures of the wrong size', async () => {
    await expect(embed(dynamic, { output: 'mean', pooling: 'cls' })).rejects.toThrow(
      /expected pooling output/,
    )
    await expect(embed(dynamic, { output: 'scores' })).rejects.toThrow(/2 to 4 dimensions/)
    await expect(embed(dynamic, { resize: 3 })).rejects.toThrow(
      /expected pictures of 2x2, got 3x3; set resize or crop/,
    )
  })

  it('does not guess mean and deviation, and refuses options out of range', async () => {
    await expect(openExtractor(`onnx:${dynamic}`)).rejects.toThrow(/preprocessor_config.json/)
    await expect(embed(dynamic, { std: [1, 0, 1] })).rejects.toThrow(RecipeError)
    await expect(embed(dynamic, { resize: -4 })).rejects.toThrow(RecipeError)
    await expect(embed(dynamic, { filter: 'cubic' })).rejects.toThrow(UnknownNameError)
    await expect(openExtractor('onnx:')).rejects.toThrow(/onnx:PATH/)
  })
})
