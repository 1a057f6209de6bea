// The options of fine-tuning: defaults, the paper's preset, what they must be, and how they are completed by the
// extractor whose tokens are trained on.

import {
  checkOptions,
  either,
  group,
  type OptionRules,
  oneOf,
  orNull,
  RecipeError,
  real,
  text,
  UnknownNameError,
  whole,
} from '../base/index.ts'
import type { TokenReadout, VitArchitecture } from '../models/index.ts'
import { constantRate, plateauRate } from '../train/index.ts'
import { catalog, type ModelCard, readNamedCard, splitModelName } from '../weights/index.ts'
import type { ExtractorEntry } from './head.ts'
import { optimizers } from './trainClassifier.ts'
import { layerWidths } from './widths.ts'

/** Which output of an ONNX model is the embedding, and how; as in the extractor's options. */
export interface GraphReadout {
  readonly output: string | null
  readonly pooling: TokenReadout | null
  /** Null: counted from the grid of patches. */
  readonly prefixTokens: number | null
}

/** Options of fine-tuning. In a study `model`, `weights`, `part`, `blocks` and `readout` are the extractor's own. */
export interface FinetuneOptions {
  /** The model that the extractor is: a name of the catalog, `vit:CARD.json` or `onnx:PATH`. */
  readonly model: string | null
  /** Its checkpoint; null: the one in the cache. */
  readonly weights: string | null
  /** Which of several models in the checkpoint. */
  readonly part: string | null
  /** Blocks that are trained, or where an ONNX model is cut: the extractor's option `trunk`. */
  readonly blocks: number | string | null
  /** Of an ONNX model: how its output becomes an embedding, as the extractor's options say. */
  readonly readout: GraphReadout | null
  /** Widths of the classifier's hidden layers; none for a linear one. */
  readonly hidden: readonly number[]
  /** Probability of dropout in the classifier, 0 to below 1. */
  readonly dropout: number
  readonly optimizer: 'adam' | 'adamw'
  readonly learningRate: number
  /** A block's learning rate is this times that of what follows it; 1: the same for all. */
  readonly layerDecay: number
  /** Rank of low-rank adapters, which are then trained instead of the blocks' matrices; 0: none. */
  readonly loraRank: number
  /** Strength of the adapters: their product counts alpha / rank times. */
  readonly loraAlpha: number
  readonly weightDecay: number
  readonly batchSize: number
  /** Epochs, at most. */
  readonly epochs: number
  /** Epochs without a lower loss on val after which training ends. */
  readonly patience: number
  readonly schedule: 'constant' | 'plateau'
}

/** The learning-rate schedules by name. */
export const finetuneSchedules = {
  constant: () => constantRate(),
  plateau: () => plateauRate({ factor: 0.5, patience: 1 }),
}

export const finetuneDefaults: FinetuneOptions = {
  model: null,
  weights: null,
  part: null,
  blocks: null,
  readout: null,
  hidden: [],
  dropout: 0.1,
  optimizer: 'adamw',
  learningRate: 3e-5,
  layerDecay: 1,
  loraRank: 0,
  loraAlpha: 16,
  weightDecay: 0.05,
  batchSize: 32,
  epochs: 10,
  patience: 3,
  schedule: 'plateau',
}

/** What each option may be. `blocks` are at most those of the model, and ranks below its widths. */
export const finetuneRules: OptionRules<FinetuneOptions> = {
  model: orNull(text('the name of a model')),
  weights: orNull(text('a path')),
  part: orNull(text('a key or prefix of the checkpoint')),
  blocks: orNull(either(whole(0, 1000), text('the name of a value'))),
  readout: orNull(
    group<GraphReadout>({
      output: orNull(text("an output's name")),
      pooling: orNull(text('a pooling')),
      prefixTokens: orNull(whole(0, 1024)),
    }),
  ),
  hidden: layerWidths(0),
  dropout: real(0, 1, 'most'),
  optimizer: oneOf(Object.keys(optimizers)),
  learningRate: real(0, 10, 'least'),
  layerDecay: real(0, 1, 'least'),
  loraRank: whole(0, 1024),
  loraAlpha: real(0, 65_536, 'least'),
  weightDecay: real(0, 100),
  batchSize: whole(1, 4096),
  epochs: whole(1, 10_000),
  patience: whole(1, 10_000),
  schedule: oneOf(Object.keys(finetuneSchedules)),
}

/** Hyper-parameters of the paper's published code. */
export const finetunePresets = {
  paper: {
    hidden: [512, 256, 128],
    dropout: 0.5,
    optimizer: 'adam',
    learningRate: 1e-4,
    weightDecay: 1e-5,
    batchSize: 32,
    schedule: 'constant',
  },
} as const satisfies Record<string, Partial<FinetuneOptions>>

/**
 * The options completed by the extractor; null where it gives no tokens (it has no `trunk`).
 * Throws RecipeError where the two contradict each other.
 */
export function completeFinetune(
  options: FinetuneOptions,
  { name, options: extractor }: ExtractorEntry,
): FinetuneOptions | null {
  const { trunk = null, weights = null, part = null } = extractor as ExtractorChoices
  if (trunk === null) return null
  const own = { model: name, weights, part, blocks: trunk }
  for (const key of ['model', 'weights', 'part', 'blocks'] as const) {
    if (options[key] === null || options[key] === own[key]) continue
    throw new RecipeError({
      where: `finetune ${key}`,
      expected: `${own[key]}, as the extractor says`,
      got: `${options[key]}`,
      hint: `leave ${key} out`,
    })
  }
  return { ...options, ...own, readout: splitModelName(name).family === 'onnx' ? readoutOf(extractor) : null }
}

interface ExtractorChoices {
  readonly trunk?: number | string | null
  readonly weights?: string | null
  readonly part?: string | null
}

function readoutOf(extractor: Readonly<Record<string, unknown>>): GraphReadout {
  const { output = null, pooling = null, prefixTokens = null } = extractor as unknown as Partial<GraphReadout>
  return { output, pooling, prefixTokens }
}

/** A ViT and where its weights are. */
export interface FinetuneModel {
  readonly card: ModelCard
  readonly architecture: VitArchitecture
  readonly blocks: number
}

/** The model that the options name. Throws RecipeError, UnknownNameError or DataError for options that cannot be. */
export async function openFinetuneModel(options: FinetuneOptions): Promise<FinetuneModel> {
  const { model, blocks } = options
  if (model === null || typeof blocks !== 'number') {
    const hint =
      'name the model and the number of blocks that its trunk leaves out, e.g. model=dinov2-small blocks=2'
    throw new RecipeError({ where: 'finetune', expected: 'model and blocks', got: 'neither', hint })
  }
  const card = await readNamedCard(model)
  if (card === null) throw new UnknownNameError('finetune model', model, Object.keys(catalog))
  const { architecture } = card
  if (architecture.family !== 'vit') {
    throw new RecipeError({ where: 'finetune model', expected: 'a ViT', got: model })
  }
  checkFinetune(options, architecture.depth)
  return { card, architecture, blocks }
}

/** Throws RecipeError or UnknownNameError for values out of range; blocks are at most `depth`. */
export function checkFinetune(options: FinetuneOptions, depth: number): void {
  checkOptions('finetune', finetuneRules, options)
  const { blocks, hidden, batchSize } = options
  if (typeof blocks === 'number' && blocks > depth)
    throw new RecipeError({ where: 'finetune.blocks', expected: `0 to ${depth}`, got: `${blocks}` })
  // Batch norm of one row has no variance.
  if (hidden.length > 0 && batchSize === 1)
    throw new RecipeError({
      where: 'finetune.batchSize',
      expected: 'at least 2 with hidden layers',
      got: '1',
    })
}
