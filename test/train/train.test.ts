import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DataError, f32, openRandom, ShapeError, WeightsError } from '../../src/base/index.ts'
import { mlp } from '../../src/models/index.ts'
import { adamW, bceWithLogits, binaryAccuracy } from '../../src/nn/index.ts'
import { initParams, openState, plateauRate, type TrainOptions, trainModel } from '../../src/train/index.ts'

function drawSamples(rows: number, label: string) {
  const random = openRandom(1, label)
  const x = f32([rows, 6])
  x.data.set(Array.from(x.data, () => random.normal()))
  const y = f32(
    [rows, 1],
    Array.from({ length: rows }, (_, i) => Number(x.data[i * 6] * x.data[i * 6 + 1] > 0)),
  )
  return { x, y }
}

const base: TrainOptions = {
  model: mlp({ inputs: 6, hidden: [32, 8], dropout: [0.2] }),
  train: drawSamples(300, 'train'),
  val: drawSamples(100, 'val'),
  loss: bceWithLogits,
  metrics: { accuracy: binaryAccuracy },
  optimizer: adamW({ learningRate: 0.02, decay: 'weights' }),
  batchSize: 64,
  epochs: 6,
  schedule: plateauRate({ patience: 0 }),
  seed: 0,
  session: { provider: 'cpu', threads: 1 },
}

describe('trainModel', () => {
  it('learns what a linear model cannot, and keeps the epoch with the lowest validation loss', async () => {
    const { curve, bestEpoch } = await trainModel({ ...base, epochs: 40, earlyStopping: { patience: 12 } })
    const losses = curve.map(({ validation }) => validation.loss)
    expect(curve[bestEpoch - 1].validation.accuracy).toBeGreaterThan(0.85)
    expect(losses[bestEpoch - 1]).toBe(Math.min(...losses))
    expect(curve[0].training.loss).toBeGreaterThan(curve[curve.length - 1].training.loss)
  })

  it('gives the same bytes for the same seed on one thread and two, and others for another seed', async () => {
    const first = await trainModel(base)
    expect(await trainModel({ ...base, session: { provider: 'cpu', threads: 2 } })).toEqual(first)
    const other = await trainModel({ ...base, seed: 1 })
    expect(other.params['0.weight'].data).not.toEqual(first.params['0.weight'].data)
  })

  it('goes on after a kill at any epoch as if nothing had happened', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-'))
    const checkpointPath = join(folder, 'head.checkpoint')
    const whole = await trainModel({ ...base, earlyStopping: { patience: 3 } })
    for (const killedAfter of [1, 3]) {
      const killed = trainModel({
        ...base,
        earlyStopping: { patience: 3 },
        checkpointPath,
        progress: (done) => {
          if (done === killedAfter) throw new Error('killed')
        },
      })
      await expect(killed).rejects.toThrow('killed')
      expect(existsSync(checkpointPath)).toBe(true)
      const epochs: number[] = []
      const resumed = await trainModel({
        ...base,
        earlyStopping: { patience: 3 },
        checkpointPath,
        progress: (done) => epochs.push(done),
      })
      expect(resumed).toEqual(whole)
      expect(epochs[0]).toBe(killedAfter + 1)
      expect(existsSync(checkpointPath)).toBe(false)
    }
    await rm(folder, { recursive: true })
  })

  it('does not resume another training', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-'))
    const checkpointPath = join(folder, 'head.checkpoint')
    const stop = () => {
      throw new Error('killed')
    }
    const changes: Partial<TrainOptions>[] = [
      { optimizer: adamW({ learningRate: 0.02, beta1: 0.8, decay: 'weights' }) },
      { model: mlp({ inputs: 6, hidden: [32, 8], dropout: [0.3] }) },
      { schedule: plateauRate({ patience: 1 }) },
      { train: drawSamples(300, 'other') },
    ]
    for (const change of changes) {
      await expect(trainModel({ ...base, checkpointPath, progress: stop })).rejects.toThrow('killed')
      const epochs: number[] = []
      await trainModel({
        ...base,
        ...change,
        epochs: 2,
        checkpointPath,
        progress: (done) => epochs.push(done),
      })
      expect(epochs).toEqual([1, 2])
    }
    await rm(folder, { recursive: true })
  })

  it('leaves frozen parameters and the given first values as they are', async () => {
    const params = initParams(base.model.params, 5)
    const before = structuredClone(params)
    const trained = await trainModel({ ...base, epochs: 1, params, trains: (name) => !name.startsWith('0.') })
    expect(params).toEqual(before)
    expect(trained.params['0.weight']).toEqual(before['0.weight'])
    expect(trained.params['4.weight']).not.toEqual(before['4.weight'])
  })

  it('takes a training set smaller than a batch', async () => {
    const { curve } = await trainModel({ ...base, train: drawSamples(10, 'few'), epochs: 1 })
    expect(curve).toHaveLength(1)
  })

  it('says what is wrong with what it is given', async () => {
    const { x, y } = drawSamples(300, 'train')
    await expect(trainModel({ ...base, train: { x, y: base.val.y } })).rejects.toThrow(ShapeError)
    const broken = { y, x: f32(x.shape, x.data.with(7, Number.NaN)) }
    await expect(trainModel({ ...base, train: broken })).rejects.toThrow(DataError)
    expect(() => openState(base.model.params, {})).toThrow(WeightsError)
  })
})
