// Known models as extractors, on the weights of a golden fixture and on checkpoints written here.

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { compareArrays } from '../../conformance/compare.ts'
import { readParams } from '../../conformance/network.ts'
import { runGraph } from '../../conformance/runGraph.ts'
import { f32, type NdArray, ndarray, openRandom, type Pixels, pixels, sizeOf } from '../../src/base/index.ts'
import { openExtractor } from '../../src/embed/index.ts'
import { listProviders } from '../../src/engine/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import { constant, input, reduceMean, slice } from '../../src/graph/index.ts'
import { publishedVitShapes, type VitArchitecture, type VitNaming, vit } from '../../src/models/index.ts'
import { toTensor } from '../../src/patches/index.ts'
import { catalog, type ModelCard, parseModelCard } from '../../src/weights/index.ts'
import { spyThreads } from '../engine/spyThreads.ts'
import { tinyCard, tinyWeights as weights } from './tinyVit.ts'

let folder = ''
let path = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eosin-model-'))
  path = join(folder, 'tiny.json')
  await writeFile(path, JSON.stringify(tinyCard))
})
afterAll(() => rm(folder, { recursive: true }))

function drawPixels(count: number, side: number): Pixels {
  const random = openRandom(3, 'pictures')
  return pixels(
    Uint8Array.from({ length: count * side * side * 3 }, () => random.integer(256)),
    count,
    side,
    side,
  )
}

async function embed(options: Record<string, unknown>, batch: Pixels): Promise<Float32Array> {
  const extractor = await openExtractor({ name: `vit:${path}`, weights, ...options })
  try {
    const rows = await extractor.embed(batch)
    expect(rows.length).toBe(batch.count * extractor.dimensions)
    return rows
  } finally {
    await extractor.close()
  }
}

async function keyOf(options: Record<string, unknown>): Promise<string> {
  const extractor = await openExtractor({ name: `vit:${path}`, weights, ...options })
  await extractor.close()
  return extractor.key
}

describe('a model as an extractor', () => {
  it('gives the class token, the patch mean, or both', async () => {
    const batch = drawPixels(3, 42)
    const parsed = parseModelCard(JSON.stringify(tinyCard), 'card')
    const params = await readParams(weights, parsed)
    const model = vit(parsed.architecture as VitArchitecture)
    const x = input('x', [3, 3, 42, 42])
    const values = Object.fromEntries(Object.entries(params).map(([name, array]) => [name, constant(array)]))
    const { tokens } = model.write(values, x)
    const wanted = { cls: slice(tokens, 1, 0, 1), mean: reduceMean(slice(tokens, 1, 5, 14), { axes: [1] }) }
    const { mean, std } = parsed.preprocessing
    const expected = await runGraph(wanted, [x], { x: toTensor(batch, mean, std) })
    const agree = (name: string, got: Float32Array, reference: Float32Array) => {
      const result = compareArrays(name, f32([got.length], got), f32([reference.length], reference), {
        atol: 2e-5,
      })
      expect(result.error).toBeLessThanOrEqual(result.tolerance)
    }
    const [cls, patches] = [expected.cls.data as Float32Array, expected.mean.data as Float32Array]
    agree('cls', await embed({}, batch), cls)
    agree('mean', await embed({ pooling: 'mean' }, batch), patches)
    const both = await embed({ pooling: 'cls+mean' }, batch)
    agree('both', both.slice(48, 72), cls.slice(24, 48))
    agree('both', both.slice(72, 96), patches.slice(24, 48))
  })

  it('gives the same bytes however patches fall into runs', async () => {
    const batch = drawPixels(5, 42)
    const whole = await embed({ batch: 2 }, batch)
    const single = await embed({ batch: 2 }, { ...batch, count: 1, data: batch.data.slice(4 * 42 * 42 * 3) })
    expect(whole.slice(4 * 24)).toEqual(single)
  })

  it.each(['fp32', 'int8'])('gives the same bytes with one thread and two: %s', async (precision) => {
    const batch = drawPixels(9, 42)
    const rows: Float32Array[] = []
    for (const threads of [1, 2]) {
      const opened = spyThreads()
      const extractor = await openExtractor({ name: `vit:${path}`, weights, precision }, { threads })
      rows.push(await extractor.embed(batch))
      await extractor.measureAgreement?.(batch)
      await extractor.close()
      expect(new Set(opened)).toEqual(new Set([threads]))
      vi.restoreAllMocks()
    }
    expect(rows[1]).toEqual(rows[0])
  })

  it('gives the same bytes whichever thread makes pictures ready', async () => {
    const batch = drawPixels(72, 42)
    const extractor = await openExtractor(
      { name: `vit:${path}`, weights, batch: 8, resize: 56 },
      { threads: 2 },
    )
    const [mixed, threaded] = await Promise.all([extractor.embed(batch), extractor.embed(batch)])
    await extractor.close()
    expect(threaded).toEqual(mixed)
    const alone = await openExtractor({ name: `vit:${path}`, weights, batch: 8, resize: 56 }, { threads: 1 })
    await alone.embed(batch)
    expect(await alone.embed(batch)).toEqual(mixed) // no thread beside this one
    await alone.close()
    const last = { ...batch, count: 8, data: batch.data.slice(64 * 42 * 42 * 3) }
    expect(await embed({ batch: 8, resize: 56 }, last)).toEqual(mixed.slice(64 * 24))
  })

  it('in int8 is near and not the same, whatever else is embedded, and measures how near', async () => {
    const batch = drawPixels(5, 42)
    const exact = await embed({ pooling: 'cls+mean' }, batch)
    const rounded = await embed({ pooling: 'cls+mean', precision: 'int8' }, batch)
    expect(rounded).not.toEqual(exact)
    const last = { ...batch, count: 1, data: batch.data.slice(4 * 42 * 42 * 3) }
    expect(await embed({ pooling: 'cls+mean', precision: 'int8' }, last)).toEqual(rounded.slice(4 * 48))
    const extractor = await openExtractor({ name: `vit:${path}`, weights, precision: 'int8' })
    const agreement = await extractor.measureAgreement!(batch)
    await extractor.close()
    expect(agreement.patches).toBe(5)
    expect(agreement.min).toBeGreaterThan(0.98)
    expect(agreement.min).toBeLessThanOrEqual(agreement.mean)
    expect(agreement.mean).toBeLessThan(1)
    expect(await keyOf({ precision: 'int8' })).not.toBe(await keyOf({}))
  })

  it('refuses a precision that it has not, and runs of several images in int8', async () => {
    await expect(embed({ precision: 'int4' }, drawPixels(1, 42))).rejects.toThrow(/precision.*int4/)
    await expect(embed({ precision: 'int8', batch: 4 }, drawPixels(1, 42))).rejects.toThrow(
      /batch: expected 1 with precision int8, got 4/,
    )
  })

  it.each([
    ['timm', { mlp: { kind: 'swiglu', hidden: 64 }, registers: 4, positions: 'patches' }],
    ['huggingface dinov2', { mlp: { kind: 'gelu', hidden: 48 }, maskToken: true }],
    ['huggingface dinov3', { registers: 2, positions: 'rotary', maskToken: true, resampling: 'none' }],
  ] as const)('gives the same bytes from weights in their file and from weights that are read: %s', async (naming, more) => {
    const described = {
      ...tinyCard,
      naming,
      architecture: { width: 24, depth: 2, heads: 2, patchSize: 14, imageSize: 42, ...more },
    }
    const place = join(folder, naming.replace(' ', '-'))
    await mkdir(place)
    await writeFile(join(place, 'card.json'), JSON.stringify(described))
    const { architecture } = parseModelCard(JSON.stringify(described), 'card')
    const tensors = drawTensors(architecture as VitArchitecture, naming)
    await writeFile(join(place, 'file.safetensors'), writeSafetensors(tensors))
    await symlink(join(place, 'file.safetensors'), join(folder, `${naming}-link.safetensors`))
    // One tensor in double precision must be converted, so that all are read.
    const [[first, { shape, data }], ...others] = Object.entries(tensors)
    const wide = { [first]: ndarray('f64', shape, Float64Array.from(data)), ...Object.fromEntries(others) }
    await writeFile(join(place, 'wide.safetensors'), writeSafetensors(wide))
    const rowsOf = async (path: string) => {
      const extractor = await openExtractor({ name: `vit:${join(place, 'card.json')}`, weights: path })
      const rows = await extractor.embed(drawPixels(3, 42))
      await extractor.close()
      return rows
    }
    const placed = await rowsOf(join(folder, `${naming}-link.safetensors`))
    expect(placed.some((value) => value !== 0)).toBe(true)
    expect(await rowsOf(join(place, 'wide.safetensors'))).toEqual(placed)
  })

  it('resamples positions for other image sizes, by the convention asked for', async () => {
    const batch = drawPixels(1, 56)
    const as = (resampling: string) => embed({ resampling, resize: 56 }, batch)
    const timm = await as('timm')
    expect(await embed({ resize: 56 }, batch)).toEqual(timm)
    expect(await as('huggingface')).not.toEqual(timm)
  })

  it('has a key that changes with weights and options, and not with what leaves embeddings alone', async () => {
    const usual = await keyOf({})
    expect(await keyOf({ batch: 7 })).toBe(usual)
    expect(await keyOf({ pooling: 'mean' })).not.toBe(usual)
    expect(await keyOf({ resize: 56 })).not.toBe(usual)
    const { architecture } = parseModelCard(JSON.stringify(tinyCard), 'card')
    const other = await writeWeights(architecture as VitArchitecture, 'timm')
    expect(await keyOf({ weights: other })).not.toBe(usual)
  })

  it('takes a known model in any naming of its checkpoint', async () => {
    const { architecture } = catalog['dinov2-small'] as ModelCard
    const path = await writeWeights(architecture as VitArchitecture, 'huggingface dinov2')
    const extractor = await openExtractor({
      name: 'dinov2-small',
      weights: path,
      resize: 98,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    })
    const rows = await extractor.embed(drawPixels(2, 96))
    await extractor.close()
    expect(rows.length).toBe(2 * 384)
    expect(rows.slice(0, 384)).not.toEqual(rows.slice(384))
  })

  it.skipIf(listProviders().includes('cuda'))(
    'says at once which provider is missing, and what to install',
    async () => {
      const opening = openExtractor({ name: `vit:${path}`, weights }, { device: 'cuda' })
      await expect(opening).rejects.toThrow(/provider cuda: .*install the CUDA libraries .*docs\/engine\.md/)
    },
  )

  it('says at once what it cannot take', async () => {
    await expect(embed({ resize: 50 }, drawPixels(1, 50))).rejects.toThrow(/multiples of 14/)
    await expect(embed({ pooling: 'max' }, drawPixels(1, 42))).rejects.toThrow(/no 'max'|max/)
    await expect(openExtractor({ name: 'dinov2-small', weights })).rejects.toThrow(/blocks\.2|missing/)
    await expect(openExtractor({ name: 'medimageinsight', weights, pooling: 'cls' })).rejects.toThrow(
      /pooling/,
    )
  })
})

function drawTensors(architecture: VitArchitecture, naming: VitNaming): Record<string, NdArray<'f32'>> {
  const tensors = Object.entries(publishedVitShapes(architecture, naming)).map(([name, shape]) => {
    const values = new Float32Array(sizeOf(shape))
    for (let i = 0; i < values.length; i++) values[i] = ((i * 7919) % 1009) / 25_000 - 0.02
    return [name, f32(shape, values)] as const
  })
  return Object.fromEntries(tensors)
}

async function writeWeights(architecture: VitArchitecture, naming: VitNaming): Promise<string> {
  const path = join(folder, `${naming}.safetensors`)
  await writeFile(path, writeSafetensors(drawTensors(architecture, naming)))
  return path
}
