// The multilayer perceptron on embeddings: d-512-256-128-1 by default, each hidden layer linear, batch norm, ReLU,
// dropout after the first two. Stopped on the loss of the validation center; the best epoch's weights are kept.

import {
  checkOptions,
  f32,
  flag,
  type NdArray,
  type OptionRules,
  oneOf,
  orNull,
  RecipeError,
  real,
  whole,
} from '../base/index.ts'
import { mlpParts } from '../models/index.ts'
import { type Optimizer, sequential } from '../nn/index.ts'
import { constantRate, plateauRate } from '../train/index.ts'
import { finishDense, loadDense } from './denseHead.ts'
import type { DenseLayer } from './denseNetwork.ts'
import { type LoadedEmbeddings, loadFit } from './embeddings.ts'
import type { HeadMethod, LabelledEmbeddings, LabelledRows } from './head.ts'
import { planRobust, readRobust } from './robustTraining.ts'
import { fitStandardization, type Standardization, standardizeRows } from './standardize.ts'
import { type Calibration, calibrations } from './temperature.ts'
import { optimizers, trainClassifier } from './trainClassifier.ts'
import { layerWidths } from './widths.ts'

/** Options of the multilayer perceptron. */
export interface MlpHeadOptions {
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[]
  /** Probability of dropout after the first two hidden layers, 0 to below 1. */
  readonly dropout: number
  readonly batchNorm: boolean
  readonly optimizer: 'adam' | 'adamw'
  readonly learningRate: number
  readonly weightDecay: number
  /** Whether weight decay also pulls biases and batch norm, as torch does by default. */
  readonly decayBiasesAndNorms: boolean
  /**
   * Rows a step, at most the rows there are; an epoch leaves out a remainder smaller than a batch.
   * null: a sixteenth of the rows, from 32 to 512, so that few rows still make enough steps.
   */
  readonly batchSize: number | null
  /** Epochs, at most. */
  readonly epochs: number
  /** Epochs without a lower loss on val after which training ends. */
  readonly patience: number
  /** `plateau` halves the learning rate after more than 3 epochs without a lower loss on val. */
  readonly schedule: 'constant' | 'plateau'
  /** Standardise each dimension by train's mean and standard deviation. */
  readonly standardize: boolean
  /** Divide the logits by a temperature fitted on val. */
  readonly calibrate: Calibration
}

const schedules = { constant: () => constantRate(), plateau: () => plateauRate({ factor: 0.5, patience: 3 }) }

const rules: OptionRules<MlpHeadOptions> = {
  hidden: layerWidths(1),
  dropout: real(0, 1, 'most'),
  batchNorm: flag,
  optimizer: oneOf(Object.keys(optimizers)),
  learningRate: real(0, 10, 'least'),
  weightDecay: real(0, 100),
  decayBiasesAndNorms: flag,
  batchSize: orNull(whole(1, 65_536)),
  epochs: whole(1, 100_000),
  patience: whole(1, 100_000),
  schedule: oneOf(Object.keys(schedules)),
  standardize: flag,
  calibrate: oneOf(Object.keys(calibrations)),
}

/** Hyper-parameters of the paper's published code: of its two classifier variants. */
export const mlpPresets = {
  paper: {
    optimizer: 'adam',
    learningRate: 1e-3,
    weightDecay: 0,
    decayBiasesAndNorms: true,
    batchSize: 64,
    patience: 13,
    schedule: 'constant',
  },
  'paper-plateau': {
    optimizer: 'adam',
    learningRate: 1e-4,
    weightDecay: 1e-5,
    decayBiasesAndNorms: true,
    batchSize: 256,
    patience: 5,
    schedule: 'plateau',
  },
} as const satisfies Record<string, Partial<MlpHeadOptions>>

/** The multilayer perceptron as a head. */
export const mlp: HeadMethod<MlpHeadOptions> = {
  name: 'mlp',
  version: 4,
  usesSeed: true,
  trainsRobustly: true,
  about: 'Multilayer perceptron d-512-256-128-1 with batch norm and dropout, stopped on the loss on val',
  defaults: {
    hidden: [512, 256, 128],
    dropout: 0.5,
    batchNorm: true,
    optimizer: 'adamw',
    learningRate: 1e-3,
    weightDecay: 0.01,
    decayBiasesAndNorms: false,
    batchSize: null,
    epochs: 100,
    patience: 10,
    schedule: 'plateau',
    standardize: true,
    calibrate: 'none',
  },
  rules,
  async fit(trainRows, valRows, options, seed, hooks = {}) {
    checkOptions('mlp', rules, options)
    rejectSingleRows(options)
    const robust = readRobust(hooks.robust)
    const { standardize } = options
    const prepare = () => prepareRows(trainRows, valRows, standardize, robust?.centers)
    const { train, val, shownVal, standardization } = await (hooks.share
      ? hooks.share(`mlp ${JSON.stringify({ standardize, isRobust: robust !== undefined })}`, prepare)
      : prepare())
    const { hidden, dropout: rate, batchNorm: norm } = options
    const inputs = train.x.shape[1]
    const parts = mlpParts({ inputs, hidden, dropout: [rate, rate], norm })
    const batchSize = options.batchSize ?? chooseBatchSize(train.y.length)
    const training = {
      model: sequential([parts.hidden, parts.output]),
      ...(robust && (await planRobust(robust, { train, parts, batchSize, standardization }))),
      train: { ...train, key: nameRows(trainRows) },
      val: { ...shownVal, key: nameRows(valRows) },
      optimizer: makeOptimizer(options),
      batchSize,
      epochs: options.epochs,
      patience: options.patience,
      schedule: schedules[options.schedule](),
      seed,
      session: { provider: 'cpu', threads: hooks.threads } as const,
    }
    const { params, curve, bestEpoch } = await trainClassifier(training, hooks)
    const network = { standardization, layers: foldLayers(params, options) }
    const asked = robust && { robust: { ...robust.options, transductive: robust.target !== undefined } }
    const record = { kind: 'mlp', options, ...asked, curve, chosen: { bestEpoch, seed } }
    return finishDense(network, val, options.calibrate, record, hooks)
  },
  load: (files, place) => loadDense(files, 'mlp', place?.threads),
}

/** Rows as the network is shown them. */
interface PreparedRows {
  readonly train: LoadedEmbeddings
  /** As it is, which the calibration needs, and as the network is shown it. */
  readonly val: LabelledEmbeddings
  readonly shownVal: LabelledEmbeddings
  readonly standardization: Standardization | null
}

async function prepareRows(
  trainRows: LabelledRows,
  valRows: LabelledRows,
  standardize: boolean,
  centers: Uint16Array | undefined,
): Promise<PreparedRows> {
  const { train, val } = await loadFit(trainRows, valRows, true, centers)
  if (!standardize) return { train, val, shownVal: val, standardization: null }
  const standardization = fitStandardization(train.x)
  standardizeRows(train.x, standardization, train.x.data) // in place: they may fill most of the memory
  return { train, val, shownVal: { ...val, x: standardizeRows(val.x, standardization) }, standardization }
}

const nameRows = ({ x }: LabelledRows): string | undefined => ('key' in x ? x.key : undefined)

// Batch norm of one row has no variance.
function rejectSingleRows({ batchNorm, batchSize }: MlpHeadOptions): void {
  if (batchNorm && batchSize === 1)
    throw new RecipeError({ where: 'mlp.batchSize', expected: 'at least 2 with batchNorm', got: '1' })
}

// Larger ones make training no faster: products reach their full rate, and the update of the weights weighs little.
const largestBatch = 512

function chooseBatchSize(rows: number): number {
  return Math.min(largestBatch, Math.max(32, Math.floor(rows / 16)))
}

function makeOptimizer({
  optimizer,
  learningRate,
  weightDecay,
  decayBiasesAndNorms,
}: MlpHeadOptions): Optimizer {
  return optimizers[optimizer]({ learningRate, weightDecay, decay: decayBiasesAndNorms ? 'all' : 'weights' })
}

// Layers as they predict: batch norm by running statistics is a scale and a shift of each output of a layer.
function foldLayers(params: Readonly<Record<string, NdArray<'f32'>>>, options: MlpHeadOptions): DenseLayer[] {
  return [...options.hidden, 1].map((outputs, i) => {
    const weight = params[`${4 * i}.weight`]
    const bias = params[`${4 * i}.bias`]
    if (!options.batchNorm || i === options.hidden.length) return { weight, bias }
    const norm = (part: string) => params[`${4 * i + 1}.${part}`].data
    const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(norm)
    const scale = Float64Array.from(variance, (value, output) => gamma[output] / Math.sqrt(value + 1e-5))
    const inputs = weight.shape[1]
    return {
      weight: f32(
        [outputs, inputs],
        weight.data.map((value, at) => value * scale[Math.floor(at / inputs)]),
      ),
      bias: f32(
        [outputs],
        bias.data.map((value, output) => (value - mean[output]) * scale[output] + beta[output]),
      ),
    }
  })
}
