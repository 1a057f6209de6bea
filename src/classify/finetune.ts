// Fine-tuning as a head: the last blocks of a ViT, its final normalisation and a linear classifier, trained end to
// end on the tokens that the frozen blocks before give (an extractor with the option `trunk`).

import { DataError, f32, type NdArray, ndarray, pickNamed, RecipeError } from '../base/index.ts'
import { openSession } from '../engine/index.ts'
import { constant, emitModel, input } from '../graph/index.ts'
import { type VitArchitecture, vitTail } from '../models/index.ts'
import { adamW, bceWithLogits, binaryAccuracy, inferencePass, type Model } from '../nn/index.ts'
import { constantRate, initParams, plateauRate, trainModel } from '../train/index.ts'
import { catalog, locateWeights, type ModelCard, openCheckpoint, openParams } from '../weights/index.ts'
import { checkFinite, checkFit, checkShape } from './embeddings.ts'
import type { EpochRecord, Head, HeadMethod, LabelledEmbeddings } from './head.ts'
import { packHead, unpackHead } from './headFiles.ts'

/** Options of fine-tuning. */
export interface FinetuneOptions {
  /** The model that the extractor is, by its name in the catalog. */
  readonly model: string
  /** Its checkpoint; by default the one in the cache. */
  readonly weights: string | null
  /** Blocks that are trained: as many as the extractor's option `trunk` leaves out. */
  readonly blocks: number
  /** Probability of dropout before the classifier. */
  readonly dropout: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly batchSize: number
  /** Epochs, at most. */
  readonly epochs: number
  /** Epochs without a lower loss on val after which training ends. */
  readonly patience: number
  readonly schedule: 'constant' | 'plateau'
}

const schedules = { constant: () => constantRate(), plateau: () => plateauRate({ factor: 0.5, patience: 1 }) }

/** Fine-tuning as a head. */
export const finetune: HeadMethod<FinetuneOptions> = {
  name: 'finetune',
  version: 1,
  usesSeed: true,
  about: "the last blocks of a ViT with a linear classifier, on the tokens of an extractor's trunk",
  defaults: {
    model: 'dinov2-small',
    weights: null,
    blocks: 2,
    dropout: 0.1,
    learningRate: 3e-5,
    weightDecay: 0.05,
    batchSize: 32,
    epochs: 10,
    patience: 3,
    schedule: 'plateau',
  },
  async fit(train, val, options, seed, hooks = {}) {
    const architecture = readOptions(options)
    checkFit(train, val, true)
    const form = { architecture, blocks: options.blocks, tokens: countTokens(architecture, train.x) }
    const model = vitTail({ ...form, dropout: options.dropout })
    const toSamples = ({ x, y }: LabelledEmbeddings) => ({ x, y: f32([y.length, 1], y) })
    const { params, curve, bestEpoch } = await trainModel({
      model,
      params: { ...initParams(model.params, seed), ...(await readPretrained(model, options)) },
      train: toSamples(train),
      val: toSamples(val),
      loss: bceWithLogits,
      metrics: { accuracy: binaryAccuracy },
      optimizer: adamW({ ...options, decay: 'weights' }),
      batchSize: options.batchSize,
      epochs: options.epochs,
      schedule: schedules[options.schedule](),
      earlyStopping: { patience: options.patience },
      seed,
      ...hooks,
    })
    const epochs = curve.map(({ epoch, training, validation, learningRate }) => ({
      epoch,
      trainLoss: training.loss,
      valLoss: validation.loss,
      valAccuracy: validation.accuracy,
      learningRate,
    }))
    return makeHead({ options, form, curve: epochs, chosen: { bestEpoch, seed } }, params)
  },
  async load(files) {
    const { record, tensors } = unpackHead(files, 'finetune')
    return makeHead(record as unknown as FinetuneRecord, tensors as Params)
  },
}

type Params = Readonly<Record<string, NdArray<'f32'>>>

interface FinetuneRecord {
  readonly options: FinetuneOptions
  readonly form: { readonly architecture: VitArchitecture; readonly blocks: number; readonly tokens: number }
  readonly curve: readonly EpochRecord[]
  readonly chosen: object
}

function readOptions(options: FinetuneOptions): VitArchitecture {
  const { architecture }: ModelCard = pickNamed('finetune model', catalog, options.model)
  pickNamed('finetune schedule', schedules, options.schedule)
  if (architecture.family !== 'vit') {
    throw new RecipeError({ where: 'finetune model', expected: 'a ViT', got: options.model })
  }
  const isCount = (value: number, least = 1) => Number.isInteger(value) && value >= least
  const { blocks, dropout, learningRate, weightDecay, batchSize, epochs, patience } = options
  const checks = [
    ['blocks', blocks, isCount(blocks, 0) && blocks <= architecture.depth, `0 to ${architecture.depth}`],
    ['dropout', dropout, dropout >= 0 && dropout < 1, '0 to below 1'],
    ['learningRate', learningRate, learningRate > 0, 'more than 0'],
    ['weightDecay', weightDecay, weightDecay >= 0, '0 or more'],
    ['batchSize', batchSize, isCount(batchSize), 'a whole number from 1'],
    ['epochs', epochs, isCount(epochs), 'a whole number from 1'],
    ['patience', patience, isCount(patience), 'a whole number from 1'],
  ] as const
  for (const [key, got, isRight, expected] of checks) {
    if (!isRight) throw new RecipeError({ where: `finetune ${key}`, expected, got: JSON.stringify(got) })
  }
  return architecture
}

function countTokens({ width, registers }: VitArchitecture, x: NdArray<'f32'>): number {
  const [, columns] = checkShape('finetune', x)
  const tokens = columns / width
  if (Number.isInteger(tokens) && tokens > 1 + registers) return tokens
  throw new DataError({
    where: 'finetune',
    expected: `all tokens of ${width} each`,
    got: `rows of ${columns}`,
    hint: 'give the extractor the option trunk',
  })
}

async function readPretrained({ params }: Model, { model, weights }: FinetuneOptions): Promise<Params> {
  const card: ModelCard = pickNamed('finetune model', catalog, model)
  const path = weights ?? (await locateWeights(card))
  if (path === null) {
    const hint = `run \`eosin weights pull ${model}\`, or give weights: PATH`
    throw new DataError({ where: 'finetune weights', expected: 'weights in the cache', got: 'none', hint })
  }
  const checkpoint = await openCheckpoint(path)
  try {
    const file = openParams(checkpoint, card)
    const names = Object.keys(params).filter((name) => name in file.shapes)
    const found: Record<string, NdArray<'f32'>> = {}
    for (const name of names) found[name] = await file.read(name)
    return found
  } finally {
    await checkpoint.close()
  }
}

const rowsPerRun = 64

function makeHead(record: FinetuneRecord, params: Params): Head {
  const { architecture, tokens } = record.form
  const columns = tokens * architecture.width
  const emit = () => {
    const x = input('embedding', ['rows', columns])
    const values = Object.entries(params).map(([name, array]) => [name, constant(array)] as const)
    const model = vitTail({ ...record.form, dropout: 0 })
    return emitModel({ logit: model.apply(Object.fromEntries(values), x, inferencePass) }, { name: 'head' })
  }
  return {
    kind: 'finetune',
    curve: record.curve,
    async predict(x) {
      checkShape('finetune predict', x, columns)
      checkFinite('finetune predict', x)
      const session = await openSession(emit())
      const result = new Float32Array(x.shape[0])
      try {
        for (let start = 0; start < result.length; start += rowsPerRun) {
          const end = Math.min(result.length, start + rowsPerRun)
          const part = x.data.subarray(start * columns, end * columns)
          const { logit } = await session.run({ embedding: ndarray('f32', [end - start, columns], part) })
          result.set(
            (logit.data as Float32Array).map((value) => 1 / (1 + Math.exp(-value))),
            start,
          )
        }
      } finally {
        await session.close()
      }
      return result
    },
    serialize: async () => ({ ...packHead({ kind: 'finetune', ...record }, params), 'head.onnx': emit() }),
  }
}
