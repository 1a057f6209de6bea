// Supervised training on arrays in memory: one model, rows of x and of y. Heads are trained by this.

import { countValues, type NdArray, type Progress, type RowSource, readBlocks } from '../base/index.ts'
import type { SessionOptions } from '../engine/index.ts'
import { hashBytes } from '../files/index.ts'
import { input, type Value } from '../graph/index.ts'
import type { Model, Optimizer, ParamSpecs, ParamValues, TrainingPass } from '../nn/index.ts'
import { type Draw, type DrawnBatches, openDraw } from './draw.ts'
import type { EarlyStopping } from './earlyStopping.ts'
import type { EpochResult } from './epoch.ts'
import { type Evaluator, type Measure, openEvaluator } from './evaluator.ts'
import { runLoop, type Task } from './loop.ts'
import { checkSamples, type Samples } from './samples.ts'
import type { Schedule } from './schedule.ts'
import { copyArrays, initParams, openState, restoreArrays, type TrainState } from './state.ts'
import { openStep, type StepSpec, type TrainingStep } from './step.ts'

/** What training minimises where that is more than the loss by which val is measured. */
export interface TrainingObjective {
  /** Parameters and statistics beside the model's; they serve training only. */
  readonly params: ParamSpecs
  /** Writes the scalar to minimise, and scalars to report, from the arrays of a batch by name (see Draw). */
  write(
    params: ParamValues,
    batch: Readonly<Record<string, Value>>,
    pass: TrainingPass,
  ): ReturnType<StepSpec['build']>
}

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
  /** What is minimised on train; the loss where not given. */
  readonly objective?: TrainingObjective
  /** How training rows are drawn; each once an epoch where not given. */
  readonly draw?: Draw
  /** Further figures of the validation set, e.g. `{ accuracy: binaryAccuracy }`. */
  readonly metrics?: Readonly<Record<string, Measure>>
  readonly optimizer: Optimizer
  readonly batchSize: number
  readonly epochs: number
  readonly schedule?: Schedule
  /** Which epoch's parameters are returned: those with the lowest validation loss (default), or the last. */
  readonly keep?: 'best' | 'last'
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
  /** The model's parameters of the best epoch, statistics included, by name. */
  readonly params: Readonly<Record<string, NdArray<'f32'>>>
  /** One record an epoch: `training.loss` and what the objective reports, `validation.loss`, `validation.<metric>`, `learningRate`. */
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
  const params = {
    ...(options.params ?? initParams(model.params, seed)),
    ...initParams(options.objective?.params ?? {}, seed),
  }
  const specs = { ...model.params, ...options.objective?.params }
  const state = openState(specs, params)
  const batches = openDraw(options.train, options.batchSize, options.draw ?? {}, seed)
  const step = await openModelStep(options, specs, state, batches)
  const evaluation = await openEvaluator(options)
  try {
    const { weights, bestEpoch, history } = await runLoop(
      makeTask(options, state, batches, step, evaluation),
      {
        ...options,
        learningRate: optimizer.learningRate,
        checkpoint: path
          ? { path, key: await describeTraining(options, step, params), behind: true }
          : undefined,
      },
    )
    return { params: weights as Trained['params'], curve: history, bestEpoch }
  } finally {
    await step.close()
    await evaluation.close()
  }
}

function makeTask(
  { model, seed }: TrainOptions,
  state: TrainState,
  batches: DrawnBatches,
  step: TrainingStep,
  evaluation: Evaluator,
): Task {
  return {
    rows: batches.rows,
    order: batches.order,
    async step(rows, place) {
      await batches.gather(rows, place.step)
      const reports = Object.entries(await step.run(state, batches.arrays, { ...place, seed }))
      return Object.fromEntries(reports.map(([name, { data }]) => [name, data[0] as number]))
    },
    validate: () => evaluation.measure(state),
    weights: () => pickOwn(model, copyArrays(state, 'param/')),
    state: () => copyArrays(state),
    restore: (arrays) => restoreArrays(state, arrays),
  }
}

function pickOwn<T>({ params }: Model, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in params))
}

function openModelStep(
  { model, objective, ...options }: TrainOptions,
  params: ParamSpecs,
  state: TrainState,
  { arrays }: DrawnBatches,
): Promise<TrainingStep> {
  const entries = Object.entries(arrays).map(([name, { shape }]) => [name, input(name, shape)] as const)
  const batch: Readonly<Record<string, Value>> = Object.fromEntries(entries)
  const { optimizer, trains, rateOf, loss, session } = options
  const build = (values: ParamValues, pass: TrainingPass) =>
    objective?.write(values, batch, pass) ?? { loss: loss(model.apply(values, batch.x, pass), batch.y) }
  const fastest = countValues(Object.values(params).map(({ shape }) => shape)) < smallModel
  return openStep({ params, optimizer, trains, rateOf, build }, state, { ...session, fastest })
}

// Parameters; the steps of smaller models may be slower on several threads than on one.
const smallModel = 2_000_000

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
  const rows = [train.key ?? (await describeRows(train.x)), val.key ?? (await describeRows(val.x))]
  return hashBytes([step.key, loop, ...hashes, ...rows, ...(await describeDraw(options.draw))].join('\n'))
}

async function describeDraw(draw: Draw | undefined): Promise<string[]> {
  if (!draw) return []
  const { groups = new Uint16Array(0), unlabelled, ...options } = draw
  const rows = unlabelled ? await describeRows(unlabelled.x) : ''
  return [JSON.stringify(options), hashBytes(asBytes(groups)), rows]
}

async function describeRows(x: NdArray<'f32'> | RowSource): Promise<string> {
  if ('key' in x && x.key !== undefined) return x.key
  const hashes = [`${x.shape}`]
  for await (const { data } of readBlocks(x)) hashes.push(hashBytes(asBytes(data)))
  return hashBytes(hashes.join())
}

function asBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
}
