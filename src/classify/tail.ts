// What all fine-tuning shares, whatever network the tail is of: how it is trained, and how it predicts.

import { type NdArray, ndarray } from '../base/index.ts'
import { openSession } from '../engine/index.ts'
import type { Model } from '../nn/index.ts'
import { initParams } from '../train/index.ts'
import { checkFinite, checkShape } from './embeddings.ts'
import { type FinetuneOptions, finetuneSchedules } from './finetuneOptions.ts'
import type { FitHooks, Head, HeadPlace, LabelledRows } from './head.ts'
import { holdSession } from './heldSession.ts'
import { type ClassifierTraining, optimizers, trainClassifier } from './trainClassifier.ts'

type Params = Readonly<Record<string, NdArray<'f32'>>>

/** A tail with the values it begins with, and what sets the training of its parameters apart. */
export interface TailStart extends Pick<ClassifierTraining, 'trains' | 'rateOf'> {
  readonly network: Model
  /** Pretrained values; parameters not among them are drawn from the seed. */
  readonly pretrained: Params
}

/** Trains a tail on rows of what its trunk gives. */
export function trainTail(
  { network, pretrained, ...choices }: TailStart,
  [train, val]: readonly [LabelledRows, LabelledRows],
  options: FinetuneOptions,
  seed: number,
  hooks: FitHooks,
): ReturnType<typeof trainClassifier> {
  const { batchSize, epochs, patience } = options
  const training = {
    model: network,
    params: { ...initParams(network.params, seed), ...pretrained },
    ...choices,
    train,
    val,
    optimizer: optimizers[options.optimizer]({ ...options, decay: 'weights' }),
    batchSize,
    epochs,
    patience,
    schedule: finetuneSchedules[options.schedule](),
    seed,
    session: { provider: hooks.device ?? 'cpu', threads: hooks.threads },
  }
  return trainClassifier(training, hooks)
}

// Values of a run's rows, at most: activations are some times as many.
const valuesPerRun = 2 ** 22

/** Predicts with a tail's model (`embedding` [rows, columns] to `probability`), opened in `place` when first needed. */
export function openTail(
  emit: () => Uint8Array,
  columns: number,
  { device = 'cpu', threads }: HeadPlace = {},
): Pick<Head, 'predict' | 'close'> {
  const rowsPerRun = Math.max(1, Math.floor(valuesPerRun / columns))
  const session = holdSession(() => openSession(emit(), { provider: device, threads }))
  return {
    async predict(x) {
      checkShape('finetune predict', x, columns)
      checkFinite('finetune predict', x)
      const open = await session.get()
      const result = new Float32Array(x.shape[0])
      for (let start = 0; start < result.length; start += rowsPerRun) {
        const end = Math.min(result.length, start + rowsPerRun)
        const part = x.data.subarray(start * columns, end * columns)
        const { probability } = await open.run({ embedding: ndarray('f32', [end - start, columns], part) })
        result.set(probability.data as Float32Array, start)
      }
      return result
    },
    close: session.close,
  }
}
