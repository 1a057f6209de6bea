// The options of a known model as an extractor, and what they come to for its card.

import { type OptionRules, oneOf, orNull, text, UsageError, whole } from '../../base/index.ts'
import type { ImageTransform } from '../../patches/index.ts'
import type { ModelCard } from '../../weights/index.ts'
import { chooseTransform, type OnnxOptions, onnxDefaults, onnxRules } from '../onnx/onnxOptions.ts'

/** How a ViT's tokens become one embedding. */
export const tokenPoolings = {
  cls: 'the class token',
  mean: 'the mean of the patch tokens',
  'cls+mean': 'both, one after the other',
} as const

/** A token pooling's name. */
export type TokenPooling = keyof typeof tokenPoolings

/** Conventions by which a position embedding is resampled for another image size. */
export const resamplings = {
  hub: "facebookresearch/dinov2's, without registers",
  'hub with registers': "facebookresearch/dinov2's, with registers",
  huggingface: "transformers'",
  timm: "timm's",
} as const

/** How exactly a network computes. */
export const precisions = {
  fp32: 'single precision, as its publisher',
  int8: "linear layers in 8 bits; its agreement with fp32 is measured on the user's patches",
} as const

type ImageOptions = Pick<OnnxOptions, 'resize' | 'edge' | 'filter' | 'crop' | 'mean' | 'std'>

/** Options of a known model; null takes what its card says. */
export interface ModelOptions extends ImageOptions {
  /** A checkpoint: file, index of shards, or folder; by default the one in the cache (`eosin weights pull`). `random`: drawn, for rehearsals. */
  readonly weights: string | null
  /** Which of several models in the checkpoint, e.g. `student`; by default the teacher, or the only one. */
  readonly part: string | null
  readonly pooling: TokenPooling | null
  /** Gives all tokens before the last so many blocks instead: the input of the head `finetune`. */
  readonly trunk: number | null
  /** By which convention positions are resampled; the model's own by default. */
  readonly resampling: keyof typeof resamplings | null
  /** `int8` rounds weights and activations of linear layers to 8 bits: faster and not the same; cpu only. */
  readonly precision: keyof typeof precisions
  /** Images to a run; by default about as many as make 512 tokens, which is the fastest on processors. */
  readonly batch: number | null
}

/** Nothing chosen: the model as its publisher uses it. */
export const modelDefaults: ModelOptions = {
  weights: null,
  part: null,
  pooling: null,
  trunk: null,
  resampling: null,
  resize: onnxDefaults.resize,
  edge: onnxDefaults.edge,
  filter: onnxDefaults.filter,
  crop: onnxDefaults.crop,
  mean: onnxDefaults.mean,
  std: onnxDefaults.std,
  precision: 'fp32',
  batch: null,
}

/** What each option may be. */
export const modelRules: OptionRules<ModelOptions> = {
  weights: orNull(text('a path, or random')),
  part: orNull(text('a key or prefix of the checkpoint')),
  pooling: orNull(oneOf(Object.keys(tokenPoolings))),
  trunk: orNull(whole(0, 1000)),
  resampling: orNull(oneOf(Object.keys(resamplings))),
  resize: onnxRules.resize,
  edge: onnxRules.edge,
  filter: onnxRules.filter,
  crop: onnxRules.crop,
  mean: onnxRules.mean,
  std: onnxRules.std,
  precision: oneOf(Object.keys(precisions)),
  batch: orNull(onnxRules.batch),
}

/** What decides an embedding beside weights and pixels. */
export interface ModelPlan {
  readonly architecture: ModelCard['architecture']
  readonly transform: ImageTransform
  /** `image`: the model has one output; a number: all tokens before the last so many blocks. */
  readonly pooling: TokenPooling | 'image' | number
  readonly precision: ModelOptions['precision']
  /** Images to a run, or null for what suits their size. */
  readonly batch: number | null
}

/** What `options` come to. Throws UsageError for values that the model cannot take. */
export function planModel(name: string, card: ModelCard, options: ModelOptions): ModelPlan {
  const { weights: _, part: __, pooling, trunk, resampling, precision, batch: asked, ...image } = options
  const transform = chooseTransform(
    { ...onnxDefaults, ...image, batch: asked ?? onnxDefaults.batch },
    card.preprocessing,
    null,
    name,
  )
  // Activations are rounded by the range that they have in the run, which must not depend on other patches.
  const batch = precision === 'int8' ? 1 : asked
  if (asked !== null && asked !== batch)
    throw new UsageError({
      where: `extractor ${name} batch`,
      expected: '1 with precision int8',
      got: `${asked}`,
    })
  const { architecture } = card
  if (architecture.family === 'davit') {
    const given = Object.entries({ pooling, trunk, resampling }).find(([, value]) => value !== null)
    if (given)
      throw new UsageError({ where: `extractor ${name} ${given[0]}`, got: 'an option of models with tokens' })
    return { architecture, transform, pooling: 'image', precision, batch }
  }
  if (trunk !== null) checkTrunk(name, architecture.depth, trunk, pooling)
  return {
    architecture: resampling === null ? architecture : { ...architecture, resampling },
    transform,
    precision,
    pooling: trunk ?? pooling ?? (card.embedding.of === 'class token' ? 'cls' : 'cls+mean'),
    batch,
  }
}

function checkTrunk(name: string, depth: number, trunk: number, pooling: string | null): void {
  const where = `extractor ${name} trunk`
  if (pooling !== null) throw new UsageError({ where, expected: 'no pooling beside it', got: pooling })
  if (Number.isInteger(trunk) && trunk >= 0 && trunk <= depth) return
  throw new UsageError({ where, expected: `a whole number up to ${depth}`, got: JSON.stringify(trunk) })
}
