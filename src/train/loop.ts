// The training loop, the only one: epochs of seeded batches, validation, learning rate, early stopping,
// checkpoints. What one step does is the task's affair: a head takes one step a batch, a GAN two.

import { DataError, openRandom, type Progress, silent } from '../base/index.ts'
import type { Arrays } from '../engine/index.ts'
import {
  type CheckpointOptions,
  type CheckpointWriter,
  openCheckpoints,
  readCheckpoint,
} from './checkpoint.ts'
import { type EarlyStopping, findBestEpoch, shouldStop } from './earlyStopping.ts'
import type { EpochResult, Figures } from './epoch.ts'
import { constantRate, type Schedule } from './schedule.ts'

/** Where in the training a step stands. */
export interface StepPlace {
  readonly epoch: number
  /** 1, 2, ... over all epochs. */
  readonly step: number
  readonly learningRate: number
}

/** Something that can be trained. */
export interface Task {
  /** Training samples of an epoch. */
  readonly rows: number
  /** Which samples those are, in the order of their steps; all of them, in an order drawn from the seed, where not given. */
  order?(epoch: number): Uint32Array
  /** Trains on the samples of these rows; returns the step's losses. */
  step(rows: Uint32Array, place: StepPlace): Promise<Figures>
  /** Measures the present weights. */
  validate(place: { readonly epoch: number }): Promise<Figures & { readonly loss: number }>
  /** The weights alone: what the loop keeps of the best epoch. Copies. */
  weights(): Arrays
  /** Everything that changes by training. Copies. */
  state(): Arrays
  /** Takes back what `state` gave. */
  restore(state: Arrays): void
}

/** How long and how to train. */
export interface LoopOptions {
  readonly epochs: number
  /** Rows a step; a remainder smaller than a batch waits for another epoch's order. */
  readonly batchSize: number
  readonly learningRate: number
  readonly seed: number
  readonly schedule?: Schedule
  /** Without it all epochs are run. */
  readonly earlyStopping?: EarlyStopping
  /** Whose weights are kept: those of the epoch with the lowest validation loss (default), or of the last. */
  readonly keep?: 'best' | 'last'
  readonly checkpoint?: CheckpointOptions
  /** What a loss that is not finite does: an error (default), or an end with the best epoch before it. */
  readonly divergence?: 'throw' | 'stop'
  /** Called after each epoch, before its checkpoint is written. */
  readonly onEpoch?: (history: readonly EpochResult[]) => Promise<void>
  readonly progress?: Progress
}

/** A finished training. */
export interface LoopResult {
  readonly weights: Arrays
  /** The epoch whose weights these are: 1, 2, ... */
  readonly bestEpoch: number
  readonly history: readonly EpochResult[]
  /** Why it ended: all epochs done, no better epoch in sight, or, with `divergence: 'stop'`, what diverged. */
  readonly ending: 'done' | 'stalled' | { readonly diverged: string }
}

/**
 * Trains `task` and returns the weights of the epoch with the lowest validation loss, or of the last. Stopped at any moment and
 * started again with the same options, it gives the same bytes. Throws DataError where a loss is not finite.
 */
export async function runLoop(task: Task, options: LoopOptions): Promise<LoopResult> {
  const checkpoints = options.checkpoint && openCheckpoints(options.checkpoint)
  try {
    return await runEpochs(task, options, checkpoints)
  } finally {
    await checkpoints?.settle()
  }
}

async function runEpochs(
  task: Task,
  options: LoopOptions,
  checkpoints: CheckpointWriter | undefined,
): Promise<LoopResult> {
  const { checkpoint, schedule = constantRate(), earlyStopping, progress = silent } = options
  const { divergence = 'throw', keep = 'best' } = options
  const keptEpoch = () => (keep === 'last' ? history.length : findBestEpoch(history) + 1)
  const resumed = checkpoint && (await readCheckpoint(checkpoint.path, checkpoint.key))
  const history = [...(resumed?.history ?? [])]
  let best = resumed?.best ?? task.weights()
  let ending: LoopResult['ending'] = 'done'
  if (resumed) task.restore(resumed.state)
  while (history.length < options.epochs) {
    if (earlyStopping && shouldStop(history, earlyStopping)) {
      ending = 'stalled'
      break
    }
    const learningRate = schedule.rate(history, options.learningRate)
    try {
      history.push(await runEpoch(task, options, history.length + 1, learningRate))
    } catch (cause) {
      if (!(cause instanceof DivergenceError) || divergence === 'throw' || history.length === 0) throw cause
      ending = { diverged: cause.message }
      break
    }
    if (keptEpoch() === history.length) best = task.weights()
    await options.onEpoch?.(history)
    await checkpoints?.write({ history: [...history], state: task.state(), best })
    progress(history.length, options.epochs, describeEpoch(history[history.length - 1]))
  }
  await checkpoints?.finish()
  return { weights: best, bestEpoch: keptEpoch(), history, ending }
}

async function runEpoch(
  task: Task,
  options: LoopOptions,
  epoch: number,
  learningRate: number,
): Promise<EpochResult> {
  const { batchSize, seed } = options
  const size = Math.min(batchSize, task.rows)
  const steps = Math.floor(task.rows / size)
  const order = task.order?.(epoch) ?? openRandom(seed, 'order', epoch).permutation(task.rows)
  const sums: Record<string, number> = {}
  for (let i = 0; i < steps; i++) {
    const place = { epoch, step: (epoch - 1) * steps + i + 1, learningRate }
    const figures = await task.step(order.subarray(i * size, (i + 1) * size), place)
    checkFinite(figures, epoch)
    for (const [name, value] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + value
  }
  const training = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]))
  const validation = await task.validate({ epoch })
  checkFinite({ 'validation loss': validation.loss }, epoch)
  return { epoch, learningRate, training, validation }
}

// A loss that is not finite.
class DivergenceError extends DataError {}

function checkFinite(figures: Figures, epoch: number): void {
  for (const [name, value] of Object.entries(figures)) {
    if (Number.isFinite(value)) continue
    throw new DivergenceError({
      where: `training, epoch ${epoch}`,
      expected: `a finite ${name}`,
      got: `${value}`,
      hint: 'lower the learning rate, or look for extreme values in the input',
    })
  }
}

function describeEpoch({ training, validation }: EpochResult): string {
  const loss = training.loss === undefined ? '' : `loss ${training.loss.toFixed(4)}, `
  return `${loss}val ${validation.loss.toFixed(4)}`
}
