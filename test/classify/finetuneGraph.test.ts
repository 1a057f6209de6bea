// Fine-tuning the tail of an ONNX model that PyTorch exported, on what its trunk gives.

import { describe, expect, it } from 'vitest'
import { f32, openRandom, type Pixels, pixels } from '../../src/base/index.ts'
import { headMethods, type LabelledEmbeddings, loadHead } from '../../src/classify/index.ts'
import { openExtractor } from '../../src/embed/index.ts'
import { readSafetensors } from '../../src/formats/index.ts'

const { finetune } = headMethods
const path = 'fixtures/onnx/vit_timm_11.onnx'
const embed = { name: `onnx:${path}`, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], trunk: 13 }
const options = {
  ...finetune.complete!(
    { ...finetune.defaults, dropout: 0, batchSize: 8, epochs: 12, patience: 12, learningRate: 2e-3 },
    { name: embed.name, options: embed },
  )!,
}

// Noise; tumours are darker in their middle.
function drawPixels(count: number, seed: number): { batch: Pixels; y: Uint8Array } {
  const random = openRandom(seed, 'pixels')
  const y = Uint8Array.from({ length: count }, (_, i) => i % 2)
  const data = Uint8Array.from({ length: count * 28 * 28 * 3 }, (_, at) => {
    const row = Math.floor(at / (28 * 3)) % 28
    const isMarked = y[Math.floor(at / (28 * 28 * 3))] === 1 && row > 8 && row < 20
    return random.integer(120) + (isMarked ? 40 : 100)
  })
  return { batch: pixels(data, count, 28, 28), y }
}

async function drawSamples(count: number, seed: number): Promise<LabelledEmbeddings> {
  const { batch, y } = drawPixels(count, seed)
  const extractor = await openExtractor(embed)
  const data = await extractor.embed(batch)
  await extractor.close()
  return { x: f32([count, extractor.dimensions], data), y }
}

describe('fine-tuning an ONNX model', () => {
  it('trains what lies behind the cut, gives the same bytes again, and comes back from its files', async () => {
    const [train, val] = [await drawSamples(64, 1), await drawSamples(32, 2)]
    expect(train.x.shape[1]).toBe(17 * 16)
    const head = await finetune.fit(train, val, options, 0)
    const losses = head.curve.map(({ valLoss }) => valLoss)
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0])
    const files = await head.serialize()
    const again = await (await finetune.fit(train, val, options, 0)).serialize()
    for (const [name, bytes] of Object.entries(files)) expect([name, again[name]]).toEqual([name, bytes])
    const tensors = readSafetensors(files['head.safetensors'])
    expect(Object.keys(tensors)).toEqual(expect.arrayContaining(['head.weight', 'norm.weight', 'b.1.g']))
    expect(Object.keys(tensors).filter((name) => name.startsWith('b.0.'))).toEqual([])
    expect(new TextDecoder().decode(files['head.json'])).not.toContain(path)
    const loaded = await loadHead(files)
    expect(await loaded.predict(val.x)).toEqual(await head.predict(val.x))
    await head.close!()
    await loaded.close!()
  }, 60_000)

  it('refuses what it cannot do with an unknown network', async () => {
    const [train, val] = [await drawSamples(8, 1), await drawSamples(8, 2)]
    const tune = (more: object) => finetune.fit(train, val, { ...options, ...more }, 0)
    await expect(tune({ loraRank: 4 })).rejects.toThrow(
      'finetune loraRank: expected 0 with an ONNX model, got 4',
    )
    await expect(tune({ layerDecay: 0.9 })).rejects.toThrow(/layerDecay: expected 1 with an ONNX model/)
    await expect(tune({ blocks: 'nothing' })).rejects.toThrow(/cut at 'nothing'/)
  })
})
