// Fine-tuning two blocks of a ViT-S on a handful of tokens, from weights written here.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { f32, openRandom } from '../../src/base/index.ts'
import {
  type Head,
  headMethods,
  headPresets,
  type LabelledEmbeddings,
  loadHead,
} from '../../src/classify/index.ts'
import { hashBytes, openNpy } from '../../src/files/index.ts'
import { readSafetensors, writeNpy } from '../../src/formats/index.ts'
import { reorderRows } from './rows.ts'
import { drawVitWeights } from './vitWeights.ts'

const { finetune } = headMethods
const tokens = 3
const columns = tokens * 384
let folder = ''
let options = finetune.defaults

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eosin-finetune-'))
  const weights = join(folder, 'model.safetensors')
  await writeFile(weights, drawVitWeights())
  options = {
    ...finetune.defaults,
    model: 'dinov2-small',
    blocks: 2,
    weights,
    batchSize: 8,
    epochs: 3,
    learningRate: 3e-4,
  }
})
afterAll(() => rm(folder, { recursive: true }))

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

// By hash: a difference between files of 30 MB cannot be printed.
async function hashHead(head: Head): Promise<Record<string, string>> {
  const files = Object.entries(await head.serialize())
  return Object.fromEntries(files.map(([name, bytes]) => [name, hashBytes(bytes)]))
}

async function tensorsOf(head: Head): Promise<ReturnType<typeof readSafetensors>> {
  return readSafetensors((await head.serialize())['head.safetensors'])
}

describe('fine-tuning', () => {
  it('learns what tokens say, gives the same bytes for the same seed, and comes back from its files', async () => {
    const [train, val] = [drawSamples(48, 1), drawSamples(24, 2)]
    const head = await finetune.fit(train, val, options, 0)
    const losses = head.curve.map(({ valLoss }) => valLoss)
    expect(Math.min(...losses)).toBeLessThan(0.6)
    const files = await head.serialize()
    expect(await hashHead(await finetune.fit(train, val, options, 0))).toEqual(await hashHead(head))
    expect(JSON.stringify(new TextDecoder().decode(files['head.json']))).not.toContain(folder)
    const probabilities = await head.predict(val.x)
    const right = probabilities.filter((value, i) => value > 0.5 === (val.y[i] === 1)).length
    expect(right).toBeGreaterThan(16)
    expect(await (await loadHead(files)).predict(val.x)).toEqual(probabilities)
    await head.close?.()
  })

  it('reads tokens from disk as it does from memory', async () => {
    const splits = { train: drawSamples(24, 1), val: drawSamples(16, 2) }
    const path = (name: string) => join(folder, `${name}.npy`)
    for (const [name, { x }] of Object.entries(splits)) await writeFile(path(name), writeNpy(x))
    const [train, val] = [await openNpy(path('train')), await openNpy(path('val'))]
    const short = { ...options, epochs: 1 }
    const head = await finetune.fit({ ...splits.train, x: train }, { ...splits.val, x: val }, short, 0)
    await train.close()
    await val.close()
    expect(await hashHead(head)).toEqual(
      await hashHead(await finetune.fit(splits.train, splits.val, short, 0)),
    )
  })

  it('is the same to the byte whatever the order of rows', async () => {
    const [train, val] = [drawSamples(20, 1), drawSamples(12, 2)]
    const short = { ...options, epochs: 1 }
    const turn = (rows: LabelledEmbeddings) => reorderRows(rows, [...rows.y.keys()].reverse())
    const head = await finetune.fit(turn(train), turn(val), short, 0)
    expect(await hashHead(head)).toEqual(await hashHead(await finetune.fit(train, val, short, 0)))
  })

  it('with low-rank adapters changes every matrix by one of that rank, and no bias or norm of a block', async () => {
    const [train, val] = [drawSamples(16, 1), drawSamples(8, 2)]
    const lora = { ...options, loraRank: 1, epochs: 1 }
    const tuned = await tensorsOf(await finetune.fit(train, val, lora, 0))
    const before = readSafetensors(drawVitWeights())
    expect(Object.keys(tuned).some((name) => name.includes('lora'))).toBe(false)
    expect(tuned['blocks.11.norm1.weight'].data).toEqual(before['blocks.11.norm1.weight'].data)
    expect(tuned['norm.weight'].data).not.toEqual(before['norm.weight'].data)
    const name = 'blocks.10.mlp.fc1.weight'
    const change = Float64Array.from(
      tuned[name].data as Float32Array,
      (value, i) => value - Number(before[name].data[i]),
    )
    const largest = change.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expect(largest).toBeGreaterThan(1e-7)
    const [a, b, c, d] = [0, 5, 9 * 384, 9 * 384 + 5].map((at) => change[at] / largest)
    expect(a * d - b * c).toBeCloseTo(0, 1) // every 2 x 2 part of a matrix of rank 1 is singular
  })

  it('moves blocks less the further they are from the classifier, where the learning rate decays', async () => {
    const [train, val] = [drawSamples(8, 1), drawSamples(8, 2)]
    // One step of Adam moves every value by about the learning rate, whatever its gradient.
    const step = { ...options, optimizer: 'adam', weightDecay: 0, epochs: 1, layerDecay: 0.1 } as const
    const tuned = await tensorsOf(await finetune.fit(train, val, step, 0))
    const before = readSafetensors(drawVitWeights())
    const move = (name: string) => {
      const moves = Array.from(tuned[name].data as Float32Array, (value, i) =>
        Math.abs(value - Number(before[name].data[i])),
      )
      return moves.sort((x, y) => x - y)[moves.length >> 1]
    }
    expect(move('norm.weight') / 3e-4).toBeCloseTo(1, 1)
    expect(move('blocks.11.mlp.fc2.bias') / 3e-5).toBeCloseTo(1, 1)
    expect(move('blocks.10.mlp.fc2.bias') / 3e-6).toBeCloseTo(1, 1)
  })

  it('trains the classifier of the paper, with hidden layers and batch norm', async () => {
    const [train, val] = [drawSamples(32, 1), drawSamples(16, 2)]
    const paper = { ...options, ...headPresets.finetune!.paper, batchSize: 8, epochs: 1 }
    const head = await finetune.fit(train, val, paper, 0)
    expect((await tensorsOf(head))['head.8.weight'].shape).toEqual([128, 256])
    const probabilities = await head.predict(val.x)
    expect(await (await loadHead(await head.serialize())).predict(val.x)).toEqual(probabilities)
  })

  it('takes model, weights and blocks from its extractor, and says where they contradict', () => {
    const extractor = { name: 'dinov2-small', options: { trunk: 3, weights: '/w' } }
    expect(finetune.complete!(finetune.defaults, extractor)).toMatchObject({
      model: 'dinov2-small',
      blocks: 3,
      weights: '/w',
    })
    expect(finetune.complete!(finetune.defaults, { ...extractor, options: { trunk: null } })).toBeNull()
    expect(() => finetune.complete!({ ...finetune.defaults, blocks: 2 }, extractor)).toThrow(
      /finetune blocks: expected 3, as the extractor says, got 2; leave blocks out/,
    )
  })

  it('refuses embeddings that are not tokens or not finite, and a model without blocks', async () => {
    const wrong: LabelledEmbeddings = { x: f32([4, 400]), y: Uint8Array.of(0, 1, 0, 1) }
    await expect(finetune.fit(wrong, wrong, options, 0)).rejects.toThrow(
      /give the extractor the option trunk/,
    )
    const broken = drawSamples(8, 1)
    broken.x.data[columns + 3] = Number.NaN
    await expect(finetune.fit(broken, drawSamples(8, 2), options, 0)).rejects.toThrow(
      /classify train, row 1, dimension 3: expected a finite number/,
    )
    const samples = drawSamples(8, 1)
    await expect(finetune.fit(samples, samples, { ...options, model: 'medimageinsight' }, 0)).rejects.toThrow(
      /expected a ViT/,
    )
    await expect(finetune.fit(samples, samples, { ...options, blocks: 13 }, 0)).rejects.toThrow(/0 to 12/)
    await expect(finetune.fit(samples, samples, finetune.defaults, 0)).rejects.toThrow(/model and blocks/)
    await expect(finetune.fit(samples, samples, { ...options, layerDecay: 2 }, 0)).rejects.toThrow(
      /finetune.layerDecay: expected a number above 0, at most 1/,
    )
  })
})
