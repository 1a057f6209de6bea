// Every head on one thread and on more: the same bytes, and no session that takes more than it was given. Sizes are such
// that ONNX Runtime does share the work out, and that some sums would depend on how.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { f32, openRandom, sizeOf } from '../../src/base/index.ts'
import {
  type FitHooks,
  type HeadMethod,
  headMethods,
  type LabelledEmbeddings,
  loadHead,
} from '../../src/classify/index.ts'
import { hashBytes } from '../../src/files/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import { publishedVitShapes, type VitArchitecture } from '../../src/models/index.ts'
import { parseModelCard } from '../../src/weights/index.ts'
import { tinyCard } from '../embed/tinyVit.ts'
import { spyThreads } from '../engine/spyThreads.ts'
import { makeRows } from './rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-threads-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => void vi.restoreAllMocks())

const tokens = 14
const width = 96
const { mlp, logistic, knn, finetune } = headMethods
const rows = [makeRows(4200, 200), makeRows(300, 200, 2)] as const
const tokenRows = [drawTokens(64, 1), drawTokens(48, 2)] as const

// Few rows make small batches, whose products ONNX Runtime cuts in another way.
const fewRows = [makeRows(600, 200), makeRows(300, 200, 2)] as const

const robust = {
  options: { balance: true, mixup: 0.4, groupDro: 0.1, adversarial: 1 },
  centers: Uint16Array.from({ length: 4200 }, (_, row) => row % 3),
}
const target = makeRows(300, 200, 3).x

const cases: Readonly<Record<string, () => [HeadMethod<object>, object, typeof rows, FitHooks?]>> = {
  mlp: () => [mlp as never, { ...mlp.defaults, epochs: 3, calibrate: 'temperature' }, rows],
  'mlp, few rows': () => [mlp as never, { ...mlp.defaults, epochs: 3 }, fewRows],
  'mlp, robust': () => [
    mlp as never,
    { ...mlp.defaults, epochs: 2 },
    rows,
    { robust: { ...robust, target } },
  ],
  'mlp, robust, few rows': () => [
    mlp as never,
    { ...mlp.defaults, epochs: 2 },
    fewRows,
    { robust: { ...robust, centers: robust.centers.subarray(0, 600) } },
  ],
  logistic: () => [logistic as never, { ...logistic.defaults, calibrate: 'temperature' }, rows],
  knn: () => [knn as never, knn.defaults, rows],
  finetune: () => [finetune as never, { ...finetune.defaults, ...writeVit(), ...short }, tokenRows],
  'finetune, adapters': () => [
    finetune as never,
    { ...finetune.defaults, ...writeVit(), ...short, loraRank: 4 },
    tokenRows,
  ],
  'finetune, an ONNX model': () => {
    const embed = { name: 'onnx:fixtures/onnx/vit_timm_11.onnx', options: { trunk: 13 } }
    const options = finetune.complete!({ ...finetune.defaults, ...short }, embed)!
    return [finetune as never, options, [makeRows(64, 17 * 16), makeRows(48, 17 * 16, 2)]]
  },
}
const short = { epochs: 2, batchSize: 32, learningRate: 1e-3 }

function drawTokens(count: number, seed: number): LabelledEmbeddings {
  const random = openRandom(seed, 'tokens')
  const y = Uint8Array.from({ length: count }, (_, i) => i % 2)
  const x = f32([count, tokens * width])
  for (let i = 0; i < x.data.length; i++) x.data[i] = random.normal()
  return { x, y }
}

// A ViT of two blocks with made-up weights.
function writeVit() {
  const path = join(folder, 'small.json')
  const weights = join(folder, 'small.safetensors')
  const architecture = {
    ...tinyCard.architecture,
    width,
    heads: 4,
    mlp: { kind: 'gelu', hidden: 4 * width },
  }
  const card = JSON.stringify({ ...tinyCard, naming: 'dinov2', architecture })
  const shapes = publishedVitShapes(parseModelCard(card, path).architecture as VitArchitecture, 'dinov2')
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const random = openRandom(1, name)
    return [
      name,
      f32(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, () => 0.1 * random.normal()),
      ),
    ]
  })
  writeFileSync(path, card)
  writeFileSync(weights, writeSafetensors(Object.fromEntries(tensors)))
  return { model: `vit:${path}`, weights, blocks: 2 }
}

const hash = ({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array) =>
  hashBytes(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))

describe('a head', () => {
  it.each(Object.keys(cases))('gives the same bytes on any number of threads: %s', async (name) => {
    const [method, options, [train, val], hooks] = cases[name]()
    const made: Record<string, string>[] = []
    for (const threads of [1, 2, 7]) {
      const opened = spyThreads()
      const head = await method.fit(train, val, options, 1, { ...hooks, threads })
      const files = await head.serialize()
      const loaded = await loadHead(files, { threads })
      const predicted = [await head.predict(val.x), await loaded.predict(val.x)].map(hash)
      await head.close()
      await loaded.close()
      const bytes = Object.fromEntries(Object.entries(files).map(([file, content]) => [file, hash(content)]))
      made.push({ ...bytes, fitted: predicted[0], loaded: predicted[1] })
      expect(opened.length).toBeGreaterThanOrEqual(2)
      expect(Math.max(...opened.map((count) => count ?? Number.POSITIVE_INFINITY))).toBeLessThanOrEqual(
        threads,
      )
      vi.restoreAllMocks()
    }
    expect(made[1]).toEqual(made[0])
    expect(made[2]).toEqual(made[0])
    expect(made[0].fitted).toBe(made[0].loaded)
  })

  it.each(['mlp', 'logistic', 'knn'])('is compiled once for many predictions: %s', async (name) => {
    const [method, options, [train, val]] = cases[name]()
    const fitted = await method.fit(train, val, options, 1, { threads: 1 })
    const head = await loadHead(await fitted.serialize(), { threads: 1 })
    const opened = spyThreads()
    const first = await head.predict(val.x)
    expect(await head.predict(val.x)).toEqual(first)
    expect(opened).toHaveLength(1)
    await head.close()
    expect(await head.predict(val.x)).toEqual(first) // opened anew
    expect(opened).toHaveLength(2)
    await head.close()
    await fitted.close()
  })
})
