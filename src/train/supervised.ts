// Supervised training on arrays in memory: one model, rows of x and of y. Heads are trained by this.

import { type NdArray, type Progress, type RowSource, readBlocks } from '../base/index.ts'
import type { SessionOptions } from '../engine/index.ts'
import { hashBytes } from '../files/index.ts'
import { input, type Value } from '../graph/index.ts'
import type { Model, Optimizer, TrainingPass } from '../nn/index.ts'
import type { EarlyStopping } from './earlyStopping.ts'
import type { EpochResult } from './epoch.ts'
import { type Evaluator, type Measure, openEvaluator } from './evaluator.ts'
import { runLoop, type Task } from './loop.ts'
import { type Batch, checkSamples, openBatch, type Samples } from './samples.ts'
import type { Schedule } from './schedule.ts'
import { copyArrays, initParams, openState, restoreArrays, type TrainState } from './state.ts'
import { openStep, type TrainingStep } from './step.ts'

/** What to train, on what, and how. */
export interface TrainOptions {
  readonly model: Model
  /** First values; drawn from the seed where not given. */
  readonly params?: Readonly<Record<string, NdArray>>
  /** Which parameters are trained; all where not given. */
  readonly trains?: (name: string) => boolean
  /** What the learning rate of a parameter is multiplied with; 1 where not given. */
  readonly rateOf?: (name: string) => number
  readonly train: Samples
  /** Decides about stopping, learning rate and the weights kept; training data is never used for it. */
  readonly val: Samples
  readonly loss: Measure
  /** Further figures of the validation set, e.g. `{ accuracy: binaryAccuracy }`. */
  readonly metrics?: Readonly<Record<string, Measure>>
  readonly optimizer: Optimizer
  readonly batchSize: number
  readonly epochs: number
  readonly schedule?: Schedule
  readonly earlyStopping?: EarlyStopping
  /** Decides first values, order and dropout. */
  readonly seed: number
  /** A file that lets a killed training go on; removed at the end. */
  readonly checkpointPath?: string
  readonly progress?: Progress
  readonly session?: SessionOptions
}

/** A trained model. */
export interface Trained {
  /** The parameters of the best epoch, statistics included, by name. */
  readonly params: Readonly<Record<string, NdArray<'f32'>>>
  /** One record an epoch: `training.loss`, `validation.loss`, `validation.<metric>`, `learningRate`. */
  readonly curve: readonly EpochResult[]
  /** 1, 2, ... */
  readonly bestEpoch: number
}

/**
 * Trains a model and returns the parameters of the epoch with the lowest validation loss. The same options give
 * the same bytes, on any number of threads, stopped and resumed or not.
 * Throws ShapeError where rows do not fit, DataError where a loss is not finite.
 */
export async function trainModel(options: TrainOptions): Promise<Trained> {
  const { model, optimizer, seed, checkpointPath: path } = options
  checkSamples('train', options.train)
  checkSamples('val', options.val)
  const params = options.params ?? initParams(model.params, seed)
  const state = openState(model.params, params)
  const batch = openBatch(options.train, Math.min(options.batchSize, options.train.x.shape[0]))
  const step = await openModelStep(options, state, batch)
  const evaluation = await openEvaluator(options)
  try {
    const { weights, bestEpoch, history } = await runLoop(makeTask(options, state, batch, step, evaluation), {
      ...options,
      learningRate: optimizer.learningRate,
      checkpoint: path ? { path, key: await describeTraining(options, step, params) } : undefined,
    })
    return { params: weights as Trained['params'], curve: history, bestEpoch }
  } finally {
    await step.close()
    await evaluation.close()
  }
}

function makeTask(
  { train, seed }: TrainOptions,
  state: TrainState,
  batch: Batch,
  step: TrainingStep,
  evaluation: Evaluator,
): Task {
  return {
    rows: train.x.shape[0],
    async step(rows, place) {
      await batch.gather(rows)
      const { loss } = await step.run(state, batch.arrays, { ...place, seed })
      return { loss: loss.data[0] as number }
    },
    validate: () => evaluation.measure(state),
    weights: () => copyArrays(state, 'param/'),
    state: () => copyArrays(state),
    restore: (arrays) => restoreArrays(state, arrays),
  }
}

function openModelStep(
  { model, ...options }: TrainOptions,
  state: TrainState,
  batch: Batch,
): Promise<TrainingStep> {
  const [x, y] = Object.entries(batch.arrays).map(([name, { shape }]) => input(name, shape))
  const { optimizer, trains, rateOf, loss, session } = options
  const build = (params: Readonly<Record<string, Value>>, pass: TrainingPass) => ({
    loss: loss(model.apply(params, x, pass), y),
  })
  return openStep({ params: model.params, optimizer, trains, rateOf, build }, state, session)
}

// Anything that changes the result must change the key: the step's graph, the loop's options, every array.
async function describeTraining(
  options: TrainOptions,
  step: TrainingStep,
  params: Readonly<Record<string, NdArray>>,
): Promise<string> {
  const { train, val, metrics = {}, optimizer, schedule, earlyStopping, batchSize, seed } = options
  const names = [schedule?.name, Object.keys(metrics)]
  const loop = JSON.stringify([optimizer.learningRate, ...names, earlyStopping, batchSize, seed])
  const arrays = [...Object.values(params), train.y, val.y]
  const hashes = arrays.map(({ shape, data }) => `${shape}:${hashBytes(asBytes(data))}`)
  return hashBytes(
    [step.key, loop, ...hashes, await describeRows(train.x), await describeRows(val.x)].join('\n'),
  )
}

async function describeRows(x: NdArray<'f32'> | RowSource): Promise<string> {
  if ('key' in x && x.key !== undefined) return x.key
  const hashes = [`${x.shape}`]
  for await (const { data } of readBlocks(x)) hashes.push(hashBytes(asBytes(data)))
  return hashBytes(hashes.join())
}

function asBytes({ buffer, byteOffset, byteLength }: NdArray['data']): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
}
