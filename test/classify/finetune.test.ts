// Fine-tuning two blocks of a ViT-S on a handful of tokens, from weights written here.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { f32, openRandom, sizeOf } from '../../src/base/index.ts'
import { headMethods, type LabelledEmbeddings, loadHead } from '../../src/classify/index.ts'
import { hashBytes, writeSafetensors } from '../../src/formats/index.ts'
import { publishedVitShapes, type VitArchitecture } from '../../src/models/index.ts'
import { catalog, type ModelCard } from '../../src/weights/index.ts'

const { finetune } = headMethods
const tokens = 3
const columns = tokens * 384
let folder = ''
let options = finetune.defaults

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eosin-finetune-'))
  const weights = join(folder, 'model.safetensors')
  await writeFile(weights, drawWeights())
  options = { ...finetune.defaults, weights, batchSize: 8, epochs: 3, learningRate: 3e-4 }
})
afterAll(() => rm(folder, { recursive: true }))

function drawWeights(): Uint8Array {
  const architecture = (catalog['dinov2-small'] as ModelCard).architecture as VitArchitecture
  const tensors = Object.entries(publishedVitShapes(architecture, 'dinov2')).map(([name, shape]) => {
    const values = new Float32Array(sizeOf(shape))
    const centre = /norm\d?\.weight|gamma/.test(name) ? 1 : 0
    for (let i = 0; i < values.length; i++) values[i] = centre + ((i * 7919) % 1009) / 10_000 - 0.05
    return [name, f32(shape, values)] as const
  })
  return writeSafetensors(Object.fromEntries(tensors))
}

// Noise, in which tumours have a larger first half of each patch token.
function drawSamples(rows: number, seed: number): LabelledEmbeddings {
  const random = openRandom(seed, 'tokens')
  const y = Uint8Array.from({ length: rows }, (_, i) => i % 2)
  const x = f32([rows, columns])
  for (let i = 0; i < x.data.length; i++) {
    const isMarked = y[Math.floor(i / columns)] === 1 && i % 384 < 192
    x.data[i] = random.normal() + (isMarked ? 1 : 0)
  }
  return { x, y }
}

describe('fine-tuning', () => {
  it('learns what tokens say, gives the same bytes for the same seed, and comes back from its files', async () => {
    const [train, val] = [drawSamples(48, 1), drawSamples(24, 2)]
    const head = await finetune.fit(train, val, options, 0)
    const losses = head.curve.map(({ valLoss }) => valLoss)
    expect(Math.min(...losses)).toBeLessThan(0.6)
    const files = await head.serialize()
    const again = await (await finetune.fit(train, val, options, 0)).serialize()
    // by hash: a difference between files of 30 MB cannot be printed
    const hashes = (some: typeof files) =>
      Object.entries(some).map(([name, bytes]) => [name, hashBytes(bytes)])
    expect(hashes(again)).toEqual(hashes(files))
    const probabilities = await head.predict(val.x)
    const right = probabilities.filter((value, i) => value > 0.5 === (val.y[i] === 1)).length
    expect(right).toBeGreaterThan(16)
    expect(await (await loadHead(files)).predict(val.x)).toEqual(probabilities)
  })

  it('refuses embeddings that are not tokens, and a model without blocks', async () => {
    const wrong: LabelledEmbeddings = { x: f32([4, 400]), y: Uint8Array.of(0, 1, 0, 1) }
    await expect(finetune.fit(wrong, wrong, options, 0)).rejects.toThrow(
      /give the extractor the option trunk/,
    )
    const samples = drawSamples(8, 1)
    await expect(finetune.fit(samples, samples, { ...options, model: 'medimageinsight' }, 0)).rejects.toThrow(
      /expected a ViT/,
    )
    await expect(finetune.fit(samples, samples, { ...options, blocks: 13 }, 0)).rejects.toThrow(/0 to 12/)
  })
})
