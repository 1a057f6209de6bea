// The options of `onnx:PATH` and the image transform they come to, with what preprocessor_config.json says.

import {
  DataError,
  either,
  listOf,
  type OptionRule,
  type OptionRules,
  oneOf,
  only,
  orNull,
  real,
  text,
  UsageError,
  whole,
} from '../../base/index.ts'
import { type ImageTransform, type ResizeFilter, resizeFilters } from '../../patches/index.ts'

/** How token outputs become one embedding; `output` takes a two-dimensional output as it is. */
export const poolings = {
  cls: 'the first token',
  mean: 'the mean of the patch tokens, or of a feature map',
  'cls+mean': 'both, one after the other',
  output: 'a two-dimensional output as it is',
} as const

/** A pooling's name. */
export type Pooling = keyof typeof poolings

/** Options of the onnx extractor; null takes what the file beside the model or the model itself says. */
export interface OnnxOptions {
  /** Side in pixels that patches are resized to, two sides [height, width], or false for no resizing. */
  readonly resize: number | readonly [number, number] | false | null
  /** Whether `resize` means the `shorter` edge (aspect kept) or `both`; both by default. */
  readonly edge: 'shorter' | 'both' | null
  /** Resize filter, as Pillow names them; bicubic by default. */
  readonly filter: ResizeFilter | null
  /** Side of the central crop after resizing, or false for none. */
  readonly crop: number | false | null
  /** Channel means for pixels in [0, 1]. */
  readonly mean: readonly number[] | null
  /** Channel deviations for pixels in [0, 1]. */
  readonly std: readonly number[] | null
  /** Name of the output to take; the first by default. */
  readonly output: string | null
  /** `cls` for token outputs, `mean` for feature maps and `output` for two dimensions by default. */
  readonly pooling: Pooling | null
  /** Tokens before the patch tokens (class token and registers), which `mean` leaves out; counted by default. */
  readonly prefixTokens: number | null
  /** Where the input has its channels, if its shape does not tell. */
  readonly layout: 'nchw' | 'nhwc' | null
  /**
   * Gives what passes a cut of the network instead, for the head `finetune`: the name of a value, or a number of
   * parameters that shall lie behind the cut.
   */
  readonly trunk: string | number | null
  /** Patches to a run, where the model does not fix it. */
  readonly batch: number
}

/** Nothing chosen: all is read from the files. */
export const onnxDefaults: OnnxOptions = {
  resize: null,
  edge: null,
  filter: null,
  crop: null,
  mean: null,
  std: null,
  output: null,
  pooling: null,
  prefixTokens: null,
  layout: null,
  trunk: null,
  batch: 32,
}

const side = whole(1, 2048)
const triple = (rule: OptionRule, example: string) => orNull(listOf(rule, 3, 3, example))

/** What each option may be. */
export const onnxRules: OptionRules<OnnxOptions> = {
  resize: orNull(either(side, listOf(side, 2, 2, '[224,224]'), only(false))),
  edge: orNull(oneOf(['shorter', 'both'])),
  filter: orNull(oneOf(Object.keys(resizeFilters))),
  crop: orNull(either(side, only(false))),
  mean: triple(real(-1000, 1000), '[0.5,0.5,0.5]'),
  std: triple(real(0, 1000, 'least'), '[0.5,0.5,0.5]'),
  output: orNull(text("an output's name")),
  pooling: orNull(oneOf(Object.keys(poolings))),
  prefixTokens: orNull(whole(0, 1024)),
  layout: orNull(oneOf(['nchw', 'nhwc'])),
  trunk: orNull(either(text("a value's name"), whole(0, 1e12))),
  batch: whole(1, 4096),
}

/**
 * The transform that options, the model's preprocessing file (or null) and the model's own input sides (null
 * where they vary) come to; an option goes before the file, the file before the model. Throws UsageError for a
 * value out of range and DataError where neither says mean and deviation: guessing them would spoil the result. A model
 * that takes bytes normalises them itself.
 */
export function chooseTransform(
  options: OnnxOptions,
  file: ImageTransform | null,
  sides: { readonly height: number; readonly width: number } | null,
  where: string,
  takesBytes = false,
): ImageTransform {
  rejectLargeBatches(options)
  const given = Object.entries({ mean: options.mean, std: options.std }).find(([, value]) => value !== null)
  if (takesBytes && given)
    throw new UsageError({
      where: `${where} ${given[0]}`,
      expected: 'none',
      got: 'one for a model that takes bytes',
    })
  const mean = takesBytes ? null : (options.mean ?? file?.mean)
  const std = takesBytes ? null : (options.std ?? file?.std)
  if (mean === undefined || std === undefined) {
    throw new DataError({
      where,
      expected: 'mean and std as options or in a preprocessor_config.json beside the model',
      got: 'neither',
      hint: 'the options mean=[0,0,0] and std=[1,1,1] leave pixels in [0, 1]',
    })
  }
  return {
    resize: options.resize === null ? (file ? file.resize : sides) : readResize(options),
    filter: options.filter ?? file?.filter ?? 'bicubic',
    crop:
      options.crop === false ? null : (options.crop ?? (options.resize === null ? file?.crop : null) ?? null),
    mean: mean as ImageTransform['mean'],
    std: std as ImageTransform['std'],
  }
}

function readResize({ resize, edge }: OnnxOptions): ImageTransform['resize'] {
  if (resize === false || resize === null) return null
  if (typeof resize === 'number') return { side: resize, edge: edge ?? 'both' }
  return { height: resize[0], width: resize[1] }
}

// What a batch takes as float32, before the network has done anything.
function rejectLargeBatches({ resize, crop, batch }: OnnxOptions): void {
  const sides = (value: OnnxOptions['resize']) =>
    typeof value === 'number' ? [value, value] : Array.isArray(value) ? value : [0, 0]
  const [height, width] = sides(crop || resize)
  const bytes = batch * height * width * 3 * 4
  if (bytes <= 2 ** 32) return
  throw new UsageError({
    where: 'extractor batch',
    expected: 'batches of at most 4 GiB',
    got: `${batch} images of ${height}x${width}`,
    hint: 'choose a smaller batch, or smaller sides',
  })
}
