// How heads that are networks are trained: one logit a row, stopped on the loss on val, whose best epoch is kept.

import { f32 } from '../base/index.ts'
import { adam, adamW, bceWithLogits, binaryAccuracy } from '../nn/index.ts'
import {
  type EpochResult,
  fixedRates,
  type Samples,
  type Trained,
  type TrainOptions,
  trainModel,
} from '../train/index.ts'
import type { EpochRecord, FitHooks, LabelledRows, Settled } from './head.ts'

/** The optimizers by name. */
export const optimizers = { adam, adamw: adamW }

/** Labelled rows, and what identifies them where that is known. */
export type NamedRows = LabelledRows & Pick<Samples, 'key'>

/** What is trained, on what, and how; `patience` is for epochs without a lower loss on val. */
export interface ClassifierTraining
  extends Omit<TrainOptions, 'train' | 'val' | 'loss' | 'metrics' | 'earlyStopping'> {
  readonly train: NamedRows
  readonly val: NamedRows
  readonly patience: number
}

/** Trains a classifier on labelled rows, with the log loss. Throws as trainModel does. */
export async function trainClassifier(
  { train, val, patience, ...training }: ClassifierTraining,
  { progress, checkpointPath, settled }: FitHooks,
): Promise<Omit<Trained, 'curve'> & { readonly curve: readonly EpochRecord[] }> {
  const toSamples = ({ x, y, key }: NamedRows) => ({ x, y: f32([y.length, 1], y), key })
  const { curve, ...trained } = await trainModel({
    ...training,
    train: toSamples(train),
    val: toSamples(val),
    loss: bceWithLogits,
    metrics: { accuracy: binaryAccuracy },
    ...(settled ? repeatTraining(settled) : { earlyStopping: { patience } }),
    progress,
    checkpointPath,
  })
  return { ...trained, curve: curve.map(describeEpoch) }
}

// As many epochs as led to the best one, at the same learning rates; the last is kept.
function repeatTraining({ chosen, curve }: Settled): Pick<TrainOptions, 'epochs' | 'schedule' | 'keep'> {
  const rates = curve.map(({ learningRate }) => learningRate)
  return { epochs: chosen.bestEpoch as number, schedule: fixedRates(rates), keep: 'last' }
}

function describeEpoch({ epoch, training, validation, learningRate }: EpochResult): EpochRecord {
  const { loss: valLoss, accuracy: valAccuracy } = validation
  return { epoch, trainLoss: training.logLoss ?? training.loss, valLoss, valAccuracy, learningRate }
}
