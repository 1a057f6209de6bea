import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as runtime from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { openRandom, rowsOf } from '../../src/base/index.ts'
import { headMethods, headPresets, loadHead } from '../../src/classify/index.ts'
import { makeRows, measureAccuracy, reorderRows } from './rows.ts'

const { mlp } = headMethods
const small = { ...mlp.defaults, hidden: [16, 8], learningRate: 0.01, batchSize: 32, epochs: 12, patience: 4 }
const train = makeRows(320)
const val = makeRows(160, 12, 2, 0.3)

describe('the multilayer perceptron', () => {
  it('learns two overlapping classes and holds on a shifted center', async () => {
    const head = await mlp.fit(train, val, small, 0)
    expect(measureAccuracy(await head.predict(train.x), train.y)).toBeGreaterThan(0.9)
    expect(measureAccuracy(await head.predict(val.x), val.y)).toBeGreaterThan(0.85)
  })

  it('keeps the epoch with the least loss on val and stops some epochs after it', async () => {
    const head = await mlp.fit(train, val, { ...small, epochs: 60 }, 0)
    const losses = head.curve.map(({ valLoss }) => valLoss)
    const best = losses.indexOf(Math.min(...losses))
    expect(losses).toHaveLength(best + 1 + 4)
    const p = await head.predict(val.x)
    const loss =
      p.reduce((sum, value, row) => sum - Math.log(val.y[row] === 1 ? value : 1 - value), 0) / p.length
    expect(loss).toBeCloseTo(losses[best], 5)
    expect(measureAccuracy(p, val.y)).toBeCloseTo(head.curve[best].valAccuracy, 6)
  })

  it('gives the same bytes for the same seed and others for another', async () => {
    const serialized = async (seed: number) => (await mlp.fit(train, val, small, seed)).serialize()
    const [first, again, other] = [await serialized(1), await serialized(1), await serialized(2)]
    expect(again).toEqual(first)
    expect(other['head.safetensors']).not.toEqual(first['head.safetensors'])
  })

  it('gives the same bytes when killed after an epoch and resumed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-mlp-'))
    try {
      const checkpointPath = join(folder, 'checkpoint')
      const options = { ...small, calibrate: 'temperature' } as const
      const whole = await (await mlp.fit(train, val, options, 3)).serialize()
      let epochs = 0
      const kill = () => {
        if (++epochs === 5) throw new Error('killed')
      }
      await expect(mlp.fit(train, val, options, 3, { checkpointPath, progress: kill })).rejects.toThrow(
        'killed',
      )
      expect(await readdir(folder)).toEqual(['checkpoint'])
      let resumed = 0
      const head = await mlp.fit(train, val, options, 3, { checkpointPath, progress: () => resumed++ })
      expect(resumed).toBe(head.curve.length - 5)
      expect(await head.serialize()).toEqual(whole)
      expect(await readdir(folder)).toEqual([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('gives the same bytes where fits share their rows, which are then read once', async () => {
    let reads = 0
    const stored = {
      y: train.y,
      x: {
        shape: train.x.shape,
        gather(rows: Uint32Array, into: Float32Array) {
          reads += rows.length
          return rowsOf(train.x).gather(rows, into)
        },
      },
    }
    const made = new Map<string, Promise<unknown>>()
    const share = <T>(name: string, make: () => Promise<T>) => {
      made.set(name, made.get(name) ?? make())
      return made.get(name) as Promise<T>
    }
    for (const seed of [1, 2]) {
      const alone = await mlp.fit(train, val, small, seed)
      const shared = await mlp.fit(stored, val, small, seed, { share })
      expect(await shared.serialize()).toEqual(await alone.serialize())
    }
    expect(reads).toBe(320)
    const raw = { ...small, standardize: false }
    const alone = await mlp.fit(train, val, raw, 1)
    const shared = await mlp.fit(stored, val, raw, 1, { share })
    expect(await shared.serialize()).toEqual(await alone.serialize())
  })

  it('gives in head.onnx, for any number of rows, what predict gives', async () => {
    const head = await mlp.fit(train, val, small, 0)
    const { 'head.onnx': model } = await head.serialize()
    const session = await runtime.InferenceSession.create(model)
    expect(session.inputNames).toEqual(['embedding'])
    const { probability } = await session.run({
      embedding: new runtime.Tensor('float32', val.x.data, val.x.shape),
    })
    expect(probability.dims).toEqual([160, 1])
    const expected = await head.predict(val.x)
    expect(probability.data).toEqual(expected)
    const one = new runtime.Tensor('float32', val.x.data.slice(0, 12), [1, 12])
    const alone = (await session.run({ embedding: one })).probability
    expect(alone.data[0]).toBeCloseTo(expected[0], 5)
  })

  it('reads back what it wrote, byte for byte', async () => {
    const head = await mlp.fit(train, val, { ...small, epochs: 3 }, 0)
    const files = await head.serialize()
    const loaded = await loadHead(files)
    expect(loaded.curve).toEqual(head.curve)
    expect(await loaded.predict(val.x)).toEqual(await head.predict(val.x))
    expect(await loaded.serialize()).toEqual(files)
  })

  it('trains with every preset, without batch norm, and with batches larger than the data', async () => {
    const variants = [
      ...Object.values(headPresets.mlp ?? {}),
      { batchNorm: false, dropout: 0 },
      { batchSize: 4096 },
      { standardize: false },
    ]
    expect(Object.keys(headPresets.mlp ?? {})).toEqual(['paper', 'paper-plateau'])
    for (const variant of variants) {
      const head = await mlp.fit(train, val, { ...small, epochs: 30, ...variant }, 0)
      const losses = head.curve.map(({ valLoss }) => valLoss)
      expect(Math.min(...losses)).toBeLessThan(losses[0])
    }
  })

  it('may depend on the order of training rows, but only through the seeded batches', async () => {
    const predicted = async (rows: typeof train) => (await mlp.fit(rows, val, small, 0)).predict(val.x)
    const shuffled = reorderRows(train, openRandom(1, 'order').permutation(320))
    expect(measureAccuracy(await predicted(shuffled), val.y)).toBeCloseTo(
      measureAccuracy(await predicted(train), val.y),
      1,
    )
  })

  it('does not fall for noise on few rows', async () => {
    // 64 rows of 40 dimensions, of which 4 tell: a net of this size could learn them by heart
    const head = await mlp.fit(makeRows(64, 40), makeRows(100, 40, 2), { ...mlp.defaults, batchSize: 16 }, 0)
    const test = makeRows(400, 40, 3)
    expect(measureAccuracy(await head.predict(test.x), test.y)).toBeGreaterThan(0.8)
  })

  it('refuses options that make no sense and splits that teach nothing', async () => {
    const attempt = (options: object, rows = train, other = val) =>
      mlp.fit(rows, other, { ...small, ...options }, 0)
    await expect(attempt({ dropout: 1 })).rejects.toThrow(/dropout.*below 1, got 1/)
    await expect(attempt({ hidden: [16, 0] })).rejects.toThrow(/hidden/)
    await expect(attempt({ optimizer: 'adamx' })).rejects.toThrow(/did you mean 'adam/)
    await expect(attempt({ calibrate: 'temprature' })).rejects.toThrow(/did you mean 'temperature'/)
    await expect(attempt({ epochs: 0 })).rejects.toThrow(/epochs/)
    await expect(attempt({ batchSize: 1 })).rejects.toThrow(/batchSize.*at least 2/)
    await expect(attempt({}, { x: train.x, y: new Uint8Array(320) })).rejects.toThrow(/train.*all normal/)
    await expect(attempt({}, train, { x: val.x, y: new Uint8Array(160) })).rejects.toThrow(/val.*all normal/)
  })
})
