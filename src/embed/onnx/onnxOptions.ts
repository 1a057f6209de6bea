// The options of `onnx:PATH` and the image transform they come to, with what preprocessor_config.json says.

import { DataError, pickNamed, UsageError } from '../../base/index.ts'
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
  /** Tokens before the patch tokens: the class token and registers. `mean` leaves them out. */
  readonly prefixTokens: number
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
  prefixTokens: 1,
  trunk: null,
  batch: 32,
}

/**
 * The transform that options, the model's preprocessing file (or null) and the model's own input sides (null
 * where they vary) come to; an option goes before the file, the file before the model. Throws UsageError for a
 * value out of range and DataError where neither says mean and deviation: guessing them would spoil the result.
 */
export function chooseTransform(
  options: OnnxOptions,
  file: ImageTransform | null,
  sides: { readonly height: number; readonly width: number } | null,
  where: string,
): ImageTransform {
  checkOptions(options)
  const mean = options.mean ?? file?.mean
  const std = options.std ?? file?.std
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

function checkOptions(options: OnnxOptions): void {
  const isSide = (value: unknown) => Number.isInteger(value) && (value as number) > 0
  const isTriple = (value: unknown) =>
    Array.isArray(value) && value.length === 3 && value.every(Number.isFinite)
  const { resize, edge, filter, crop, mean, std, output, pooling, prefixTokens, trunk, batch } = options
  const rules: readonly (readonly [string, unknown, boolean, string])[] = [
    [
      'resize',
      resize,
      isSide(resize) || (Array.isArray(resize) && resize.length === 2 && resize.every(isSide)),
      'a side in pixels, [height, width] or false',
    ],
    ['edge', edge, edge === 'shorter' || edge === 'both', 'shorter or both'],
    ['crop', crop, isSide(crop), 'a side in pixels or false'],
    ['mean', mean, isTriple(mean), 'three numbers'],
    ['std', std, isTriple(std) && (std as number[]).every((value) => value > 0), 'three numbers above 0'],
    ['output', output, typeof output === 'string', "an output's name"],
    ['prefixTokens', prefixTokens, Number.isInteger(prefixTokens) && prefixTokens >= 0, 'a whole number'],
    [
      'trunk',
      trunk,
      typeof trunk === 'string' || (Number.isInteger(trunk) && (trunk as number) >= 0),
      "a value's name or a number of parameters",
    ],
    ['batch', batch, isSide(batch), 'a whole number above 0'],
  ]
  for (const [name, value, isRight, expected] of rules) {
    if (isRight || value === null || (value === false && /resize|crop/.test(name))) continue
    throw new UsageError({ where: `extractor onnx ${name}`, expected, got: JSON.stringify(value) })
  }
  if (filter !== null) pickNamed('extractor onnx filter', resizeFilters, filter)
  if (pooling !== null) pickNamed('extractor onnx pooling', poolings, pooling)
}
