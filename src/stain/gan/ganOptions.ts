// What can be chosen about a generative adversarial network that is trained to change stains. Defaults are the
// published settings (Zhu et al. 2017; Hetz et al. 2023).

import {
  either,
  flag,
  group,
  listOf,
  type OptionRules,
  oneOf,
  orNull,
  RecipeError,
  real,
  text,
  whole,
} from '../../base/index.ts'
import type { GanLossName } from '../../nn/ganLosses.ts'
import type { StainDomains } from '../stainMethod.ts'

/** Options of both methods. */
export interface GanOptions {
  readonly generator: {
    readonly form: 'resnet' | 'unet'
    /** Channels of the first layer. */
    readonly width: number
    /** Residual blocks of `resnet`. */
    readonly blocks: number
    /** Halvings of `unet`: sides must be multiples of 2^downs. */
    readonly downs: number
  }
  /** Probability of dropout in the residual blocks of `resnet`, in training. */
  readonly dropout: number
  readonly discriminator: { readonly width: number; readonly layers: number; readonly spectral: boolean }
  readonly gan: GanLossName
  /** What a cycle's error weighs, and identity as a share of it. */
  readonly cycle: number
  readonly identity: number
  /** Side of the random crops that are trained on, in pixels; null: the largest that fits patches and networks. */
  readonly side: number | null
  readonly batch: number
  /** Epochs at the full learning rate, and epochs in which it falls to 0. */
  readonly epochs: number
  readonly decay: number
  /** Whether the rate falls after each epoch or before it, an epoch earlier; see linearDecayRate. */
  readonly rateFalls: 'after' | 'before'
  /** Images an epoch; null: every image of the larger domain once. */
  readonly images: number | null
  readonly learningRate: number
  /** The decay of a running average of the generators' weights, which is kept in their place; null: none, as published. */
  readonly average: number | null
  /** Images that discriminators are shown again. */
  readonly pool: number
  /** Discriminators are left alone in a step where either's loss is this or less; null: never. */
  readonly skipBelow: number | null
  /** At most so many patches of each center, a seeded sample; null: all. */
  readonly limit: number | null
  /** Epochs without a better score after which training stops; null: it does not. */
  readonly patience: number | null
  /** Which epoch's weights are kept: those with the best score, or the last. */
  readonly keep: 'best' | 'last'
  /** Whether half of the images are mirrored in training. */
  readonly mirror: boolean
  /** Whether an image's partner of the other domain is drawn anew each time. */
  readonly pairing: 'random' | 'fixed'
  /** Patches of each domain that every epoch is scored on, and how many of them are shown. */
  readonly scored: number
  readonly previews: number
  /** The splits whose centers are sources. `test` in it is transductive: the test center's patches are seen. */
  readonly sources: readonly string[]
  /** What generators are shown: the colours, or their gray after a colour jitter. */
  readonly input: 'rgb' | 'gray'
  /** Of `gray`: how the jitter is computed and what is shown in use, see grayView. */
  readonly mode: 'paper' | 'reference'
  /** Of `gray`: what generators are shown in use; null: as the mode has it. */
  readonly inference: 'gray' | 'rgb' | null
  /** Of `gray`: what the strengths of the colour jitter are multiplied with; 0: no jitter. */
  readonly jitter: number
  /**
   * What instance normalisation goes by in use: moments measured once on the sources' patches, or each patch's own as
   * in training.
   */
  readonly moments: 'source' | 'patch'
  /** Whether a patch whose dark parts turned light is left as it is. */
  readonly guard: boolean
  /** Channels of a colour map that stands for each generator in use, fitted to it after training; null: none. */
  readonly distill: number | null
  /** Side of the tiles that larger patches are translated in; null: twice the side of the training. */
  readonly tile: number | null
  /** A checkpoint in place of training: a file, or with `cyclegan` a file for each source. */
  readonly weights: string | Readonly<Record<string, string>> | null
}

/** What `multistain` has beside them. */
export interface MultistainOptions extends GanOptions {
  /** Whether patches of the target go through the generator too, or stay as they are. */
  readonly target: 'translated' | 'untouched'
}

/** CycleGAN as published. */
export const cycleganDefaults: GanOptions = {
  generator: { form: 'resnet', width: 64, blocks: 9, downs: 5 },
  dropout: 0,
  discriminator: { width: 64, layers: 3, spectral: false },
  gan: 'lsgan',
  cycle: 10,
  identity: 0.5,
  side: null,
  batch: 1,
  epochs: 100,
  decay: 100,
  rateFalls: 'after',
  images: null,
  learningRate: 2e-4,
  average: null,
  pool: 50,
  skipBelow: null,
  limit: null,
  patience: 20,
  keep: 'best',
  mirror: true,
  pairing: 'random',
  scored: 32,
  previews: 6,
  sources: ['train'],
  input: 'rgb',
  mode: 'paper',
  inference: null,
  jitter: 1,
  moments: 'source',
  guard: true,
  distill: null,
  tile: null,
  weights: null,
}

/** MultiStain-CycleGAN as published, but for the corrected colour space. */
export const multistainDefaults: MultistainOptions = {
  ...cycleganDefaults,
  discriminator: { width: 32, layers: 3, spectral: true },
  epochs: 50,
  decay: 50,
  learningRate: 1e-5,
  input: 'gray',
  target: 'translated',
}

/** What each option may be; sides must also fit the patches and the generator, see trainingSide. */
export const cycleganRules: OptionRules<GanOptions> = {
  generator: group<GanOptions['generator']>({
    form: oneOf(['resnet', 'unet']),
    width: whole(1, 512),
    blocks: whole(0, 64),
    downs: whole(1, 10),
  }),
  dropout: real(0, 1, 'most'),
  discriminator: group<GanOptions['discriminator']>({
    width: whole(1, 512),
    layers: whole(1, 8),
    spectral: flag,
  }),
  gan: oneOf(['lsgan', 'vanilla', 'wgangp'] satisfies GanLossName[]),
  cycle: real(0, 1000),
  identity: real(0, 1000),
  side: orNull(whole(4, 1024)),
  batch: whole(1, 1024),
  epochs: whole(0, 10_000),
  decay: whole(0, 10_000),
  rateFalls: oneOf(['after', 'before']),
  images: orNull(whole(1, 10_000_000)),
  learningRate: real(0, 1, 'least'),
  average: orNull(real(0, 1, 'most')),
  pool: whole(0, 1000),
  skipBelow: orNull(real(0, 1000)),
  limit: orNull(whole(1, 10_000_000)),
  patience: orNull(whole(1, 10_000)),
  keep: oneOf(['best', 'last']),
  mirror: flag,
  pairing: oneOf(['random', 'fixed']),
  scored: whole(1, 10_000),
  previews: whole(0, 100),
  sources: listOf(oneOf(['train', 'val', 'test']), 1, 3, '[train,val]'),
  input: oneOf(['rgb', 'gray']),
  mode: oneOf(['paper', 'reference']),
  inference: orNull(oneOf(['gray', 'rgb'])),
  jitter: real(0, 100),
  moments: oneOf(['source', 'patch']),
  guard: flag,
  distill: orNull(whole(1, 1024)),
  tile: orNull(whole(4, 2048)),
  weights: orNull(either(text('a path'), group({}))),
}

/** What each option of `multistain` may be. */
export const multistainRules: OptionRules<MultistainOptions> = {
  ...cycleganRules,
  target: oneOf(['translated', 'untouched']),
}

const small: Partial<GanOptions> = {
  generator: { form: 'resnet', width: 16, blocks: 1, downs: 5 },
  discriminator: { width: 16, layers: 2, spectral: false },
  side: 64,
  epochs: 3,
  decay: 3,
  images: 240,
  learningRate: 1e-3,
  average: 0.999,
  patience: 6,
  scored: 24,
}

// The study that Eosin rebuilds by its text, which names the methods and ten epochs: both methods as they were published,
// trained as long and in such batches as its code does.
const paper: Partial<GanOptions> = {
  batch: 64,
  epochs: 7,
  decay: 3,
  learningRate: 2e-4,
  skipBelow: 0.1,
  patience: null,
  sources: ['train', 'val'],
}

// The same study by its code, where one program with one configuration stands for both methods.
const paperCode: Partial<GanOptions> = {
  ...paper,
  dropout: 0.5,
  discriminator: { width: 64, layers: 3, spectral: false },
  rateFalls: 'before',
  keep: 'last',
  mirror: false,
  pairing: 'fixed',
  input: 'gray',
  mode: 'reference',
  inference: 'rgb',
  jitter: 0,
  moments: 'patch',
  guard: false,
}

/**
 * `small`: a training that a CPU finishes in minutes. `paper`: that of the study that Eosin rebuilds, as its text says;
 * `paper-code`: as its code did.
 */
export const cycleganPresets: Readonly<Record<string, Partial<GanOptions>>> = {
  small,
  paper,
  'paper-code': paperCode,
}
/** The same for `multistain`. */
export const multistainPresets: Readonly<Record<string, Partial<MultistainOptions>>> = {
  small,
  paper,
  'paper-code': { ...paperCode, target: 'untouched' },
}
/** By preset, whose patches are the target where nothing else is said. */
export const ganReferences: Readonly<Record<string, { readonly split: 'test' }>> = {
  'paper-code': { split: 'test' },
}

/** What sides must be multiples of. */
export function sideUnit({ generator }: GanOptions): number {
  return generator.form === 'unet' ? 2 ** generator.downs : 4
}

/** Side of the tiles that larger patches are cut into: twice that of the training by default. */
export function tileSide({ tile }: GanOptions, side: number): number {
  return tile ?? 2 * side
}

/** Throws RecipeError where there is no source beside the target, or no side fits its patches. */
export function checkTraining({ sources, target }: StainDomains, options: GanOptions): void {
  if (sources.length === 0) {
    const expected = `a source center beside the target ${target.name}`
    throw new RecipeError({ where: 'stain', expected, got: 'none', hint: 'train from more centers' })
  }
  trainingSide(options, target.height, target.width)
}

/** The side of the crops to train on patches of `height` x `width`. Throws RecipeError where none fits. */
export function trainingSide(options: GanOptions, height: number, width: number): number {
  const unit = sideUnit(options)
  const least = Math.min(height, width)
  const side = options.side ?? Math.floor(least / unit) * unit
  if (side > 0 && side % unit === 0 && side <= least) return side
  const fitting = Array.from({ length: Math.floor(least / unit) }, (_, i) => (i + 1) * unit)
  throw new RecipeError({
    where: 'stain side',
    expected: `a multiple of ${unit} up to the patches' ${least}`,
    got: `${options.side ?? `patches of ${height}x${width}`}`,
    hint: fitting.length > 0 ? `${listSides(fitting)} fit` : 'use fewer downs or the resnet generator',
  })
}

function listSides(sides: readonly number[]): string {
  return sides.length > 6 ? `${sides.slice(0, 3).join(', ')} ... ${sides.at(-1)}` : sides.join(', ')
}
