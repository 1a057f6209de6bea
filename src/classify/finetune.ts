// Fine-tuning as a head: the last blocks of a ViT, its final normalisation and a classifier, trained end to end on the
// tokens that the frozen blocks before give (an extractor with the option `trunk`). Tokens are read from disk batch by
// batch. Sources: Hu et al. 2022 (low-rank adapters); Bao et al. 2022 (layer-wise decay of the learning rate).

import { DataError, type NdArray } from '../base/index.ts'
import { constant, emitModel, input, sigmoid } from '../graph/index.ts'
import { blockOf, type VitArchitecture, vitTail } from '../models/index.ts'
import {
  adaptModel,
  inferencePass,
  isAdapter,
  type LoraOptions,
  type Model,
  mergeAdapters,
} from '../nn/index.ts'
import { openModelCheckpoint, openParams, splitModelName } from '../weights/index.ts'
import { checkShape, openStoredFit } from './embeddings.ts'
import { fitGraphTail, isGraphTail, loadGraphTail } from './finetuneGraph.ts'
import {
  completeFinetune,
  type FinetuneModel,
  type FinetuneOptions,
  finetuneDefaults,
  finetuneRules,
  openFinetuneModel,
} from './finetuneOptions.ts'
import type { EpochRecord, Head, HeadMethod, HeadPlace, LabelledRows } from './head.ts'
import { packHead, unpackHead } from './headFiles.ts'
import { rejectRobust } from './robust.ts'
import { openTail, trainTail } from './tail.ts'

/** Fine-tuning as a head. */
export const finetune: HeadMethod<FinetuneOptions> = {
  name: 'finetune',
  version: 5,
  usesSeed: true,
  usesDevice: true,
  about: "the last blocks of a ViT with a classifier, on the tokens of an extractor's trunk",
  defaults: finetuneDefaults,
  rules: finetuneRules,
  complete: completeFinetune,
  async fit(trainRows, valRows, options, seed, hooks = {}) {
    rejectRobust('finetune', hooks.robust)
    if (splitModelName(options.model ?? '').family === 'onnx')
      return fitGraphTail(trainRows, valRows, options, seed, hooks)
    const model = await openFinetuneModel(options)
    const { train, val } = await openStoredFit(trainRows, valRows)
    const form = describeForm(model, options, train)
    const adapters = describeAdapters(options)
    const network = adapters
      ? adaptModel(writeTail(form, options.dropout), adapters)
      : writeTail(form, options.dropout)
    const { params, curve, bestEpoch } = await trainTail(
      {
        network,
        pretrained: await readPretrained(network, model, options),
        trains: adapters ? (name) => isAdapter(name) || blockOf(name) < 0 : undefined,
        rateOf: (name) => options.layerDecay ** distanceOf(name, form.architecture),
      },
      [train, val],
      options,
      seed,
      hooks,
    )
    const { weights: _, ...kept } = options // a path says nothing on another machine
    const record = { options: kept, form, curve, chosen: { bestEpoch, seed } }
    return makeHead(record, adapters ? mergeAdapters(params, adapters) : params, hooks)
  },
  async load(files, place) {
    const { record, tensors } = unpackHead(files, 'finetune')
    if (isGraphTail(record)) return loadGraphTail(record, tensors as Params, files, place)
    return makeHead(record as unknown as FinetuneRecord, tensors as Params, place)
  },
}

type Params = Readonly<Record<string, NdArray<'f32'>>>

interface TailForm {
  readonly architecture: VitArchitecture
  readonly blocks: number
  readonly tokens: number
  readonly hidden: readonly number[]
}

interface FinetuneRecord {
  readonly options: Omit<FinetuneOptions, 'weights'>
  readonly form: TailForm
  readonly curve: readonly EpochRecord[]
  readonly chosen: object
}

function describeForm(
  { architecture, blocks }: FinetuneModel,
  { hidden }: FinetuneOptions,
  { x }: LabelledRows,
): TailForm {
  const { width, registers } = architecture
  const [, columns] = checkShape('finetune', x)
  const tokens = columns / width
  if (Number.isInteger(tokens) && tokens > 1 + registers) return { architecture, blocks, tokens, hidden }
  throw new DataError({
    where: 'finetune',
    expected: `all tokens of ${width} each`,
    got: `rows of ${columns}`,
    hint: 'give the extractor the option trunk',
  })
}

function writeTail(form: TailForm, dropout: number): Model {
  return vitTail({ ...form, dropout })
}

// Every matrix of the blocks, as they are all of a block's linear layers.
function describeAdapters({ loraRank: rank, loraAlpha: alpha }: FinetuneOptions): LoraOptions | null {
  return rank === 0 ? null : { rank, alpha, adapts: (name) => blockOf(name) >= 0 && name.endsWith('.weight') }
}

// Blocks between a parameter and the classifier, its own included.
function distanceOf(name: string, { depth }: VitArchitecture): number {
  const block = blockOf(name)
  return block < 0 ? 0 : depth - block
}

async function readPretrained(
  { params }: Model,
  model: FinetuneModel,
  options: FinetuneOptions,
): Promise<Params> {
  const checkpoint = await openModelCheckpoint(options.model!, model.card, options)
  try {
    const file = openParams(checkpoint, model.card)
    const found: Record<string, NdArray<'f32'>> = {}
    for (const name of Object.keys(params)) if (name in file.shapes) found[name] = await file.read(name)
    return found
  } finally {
    await checkpoint.close()
  }
}

function makeHead(record: FinetuneRecord, params: Params, place?: HeadPlace): Head {
  const { architecture, tokens } = record.form
  const columns = tokens * architecture.width
  const emit = () => {
    const x = input('embedding', ['rows', columns])
    const values = Object.entries(params).map(([name, array]) => [name, constant(array)] as const)
    const logit = writeTail(record.form, 0).apply(Object.fromEntries(values), x, inferencePass)
    return emitModel({ probability: sigmoid(logit), logit }, { name: 'head' })
  }
  return {
    kind: 'finetune',
    curve: record.curve,
    ...openTail(emit, columns, place),
    serialize: async () => ({ ...packHead({ kind: 'finetune', ...record }, params), 'head.onnx': emit() }),
  }
}
