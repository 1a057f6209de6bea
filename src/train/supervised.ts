// Supervised training on arrays in memory: one model, rows of x and of y. Heads are trained by this.

import { f32, type NdArray, type Progress, ShapeError, sizeOf } from '../base/index.ts'
import { openSession, type Session, type SessionOptions } from '../engine/index.ts'
import { hashBytes } from '../formats/index.ts'
import { emitModel, input, type Value } from '../graph/index.ts'
import { inferencePass, type Model, type Optimizer } from '../nn/index.ts'
import type { EarlyStopping } from './earlyStopping.ts'
import { type EpochResult, type Figures, runLoop, type Task } from './loop.ts'
import type { Schedule } from './schedule.ts'
import { copyArrays, initParams, openState, restoreArrays, type TrainState } from './state.ts'
import { openStep, type TrainingStep } from './step.ts'

/** Inputs and what should come out: x [rows, ...], y [rows, ...]. */
export interface Samples {
  readonly x: NdArray<'f32'>
  readonly y: NdArray<'f32'>
}

/** A scalar of a batch: the mean over its rows of how `output` does against `target`. */
export type Measure = (output: Value, target: Value) => Value

/** What to train, on what, and how. */
export interface TrainOptions {
  readonly model: Model
  /** First values; drawn from the seed where not given. */
  readonly params?: Readonly<Record<string, NdArray>>
  /** Which parameters are trained; all where not given. */
  readonly trains?: (name: string) => boolean
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
  const evaluation = await openEvaluation(options)
  try {
    const { weights, bestEpoch, history } = await runLoop(makeTask(options, state, batch, step, evaluation), {
      ...options,
      learningRate: optimizer.learningRate,
      checkpoint: path ? { path, key: describeTraining(options, step, params) } : undefined,
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
      batch.gather(rows)
      const { loss } = await step.run(state, batch.arrays, { ...place, seed })
      return { loss: loss.data[0] as number }
    },
    validate: () => evaluation.measure(state),
    weights: () => copyArrays(state, 'param/'),
    state: () => copyArrays(state),
    restore: (arrays) => restoreArrays(state, arrays),
  }
}

function checkSamples(where: string, { x, y }: Samples): void {
  if (x.shape[0] === y.shape[0] && x.shape[0] > 0) return
  throw new ShapeError({
    where,
    expected: 'as many rows of y as of x, at least 1',
    got: `${x.shape[0]} and ${y.shape[0]}`,
  })
}

function openModelStep(
  { model, ...options }: TrainOptions,
  state: TrainState,
  batch: Batch,
): Promise<TrainingStep> {
  const [x, y] = Object.entries(batch.arrays).map(([name, { shape }]) => input(name, shape))
  const { optimizer, trains, loss, session } = options
  const build = (params: Readonly<Record<string, Value>>, pass: Parameters<Model['apply']>[2]) => ({
    loss: loss(model.apply(params, x, pass), y),
  })
  return openStep({ params: model.params, optimizer, trains, build }, state, session)
}

interface Batch {
  readonly arrays: { readonly x: NdArray<'f32'>; readonly y: NdArray<'f32'> }
  /** Copies these rows into the arrays. */
  gather(rows: Uint32Array): void
}

function openBatch(samples: Samples, size: number): Batch {
  const part = (array: NdArray<'f32'>) => f32([size, ...array.shape.slice(1)])
  const arrays = { x: part(samples.x), y: part(samples.y) }
  return {
    arrays,
    gather(rows) {
      gatherRows(samples.x, rows, arrays.x)
      gatherRows(samples.y, rows, arrays.y)
    },
  }
}

function gatherRows(from: NdArray<'f32'>, rows: Uint32Array, to: NdArray<'f32'>): void {
  const width = sizeOf(from.shape.slice(1))
  for (let i = 0; i < rows.length; i++) {
    to.data.set(from.data.subarray(rows[i] * width, (rows[i] + 1) * width), i * width)
  }
}

interface Evaluator {
  measure(state: TrainState): Promise<Figures & { readonly loss: number }>
  close(): Promise<void>
}

// Rows a validation run; the last run has fewer.
const rowsPerRun = 2048

async function openEvaluation({
  model,
  val,
  loss,
  metrics = {},
  session: options,
}: TrainOptions): Promise<Evaluator> {
  const values = Object.fromEntries(
    Object.entries(model.params).map(([name, { shape }]) => [name, input(`param/${name}`, shape)]),
  )
  const x = input('x', ['rows', ...val.x.shape.slice(1)])
  const y = input('y', ['rows', ...val.y.shape.slice(1)])
  const output = model.apply(values, x, inferencePass)
  const measures = Object.entries({ ...metrics, loss }).map(
    ([name, measure]) => [name, measure(output, y)] as const,
  )
  const session = await openSession(emitModel(Object.fromEntries(measures), { inputs: [x, y] }), options)
  const chunks = splitRows(val)
  return {
    async measure({ front }) {
      const params = Object.fromEntries(
        session.inputs.flatMap(({ name }) => (name in front ? [[name, front[name]]] : [])),
      )
      return measureChunks(session, params, chunks)
    },
    close: () => session.close(),
  }
}

function splitRows({ x, y }: Samples): Samples[] {
  const chunks: Samples[] = []
  const part = (array: NdArray<'f32'>, start: number, end: number) => {
    const width = sizeOf(array.shape.slice(1))
    return f32([end - start, ...array.shape.slice(1)], array.data.subarray(start * width, end * width))
  }
  for (let start = 0; start < x.shape[0]; start += rowsPerRun) {
    const end = Math.min(x.shape[0], start + rowsPerRun)
    chunks.push({ x: part(x, start, end), y: part(y, start, end) })
  }
  return chunks
}

async function measureChunks(session: Session, params: Record<string, NdArray>, chunks: readonly Samples[]) {
  const sums: Record<string, number> = {}
  let rows = 0
  for (const chunk of chunks) {
    const results = await session.run({ ...params, ...chunk })
    const count = chunk.x.shape[0]
    for (const [name, { data }] of Object.entries(results))
      sums[name] = (sums[name] ?? 0) + (data[0] as number) * count
    rows += count
  }
  const means = Object.entries(sums).map(([name, sum]) => [name, sum / rows])
  return Object.fromEntries(means) as Figures & { readonly loss: number }
}

// Anything that changes the result must change the key: the step's graph, the loop's options, every array.
function describeTraining(
  options: TrainOptions,
  step: TrainingStep,
  params: Readonly<Record<string, NdArray>>,
): string {
  const { train, val, optimizer, schedule, earlyStopping, batchSize, seed } = options
  const loop = JSON.stringify([optimizer.learningRate, schedule?.name, earlyStopping, batchSize, seed])
  const arrays = [...Object.values(params), train.x, train.y, val.x, val.y]
  return hashBytes(
    [step.key, loop, ...arrays.map(({ shape, data }) => `${shape}:${hashBytes(asBytes(data))}`)].join('\n'),
  )
}

function asBytes({ buffer, byteOffset, byteLength }: NdArray['data']): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
}
