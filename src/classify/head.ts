// What every classifier on embeddings offers: fit on train, stop on validation, give probabilities.

import type { NdArray, OptionRules, Progress, RowSource } from '../base/index.ts'
import type { ProviderChoice } from '../engine/index.ts'
import type { RobustFit } from './robust.ts'

/** An extractor as a recipe names it, with its complete options. */
export interface ExtractorEntry {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}

/** Labelled embeddings: `x` is [rows, dimensions], `y` 1 tumour or 0 normal. */
export interface LabelledEmbeddings {
  readonly x: NdArray<'f32'>
  readonly y: Uint8Array
}

/** The same, where `x` may also lie on disk. */
export interface LabelledRows {
  readonly x: NdArray<'f32'> | RowSource
  readonly y: Uint8Array
}

/** One epoch of training as the learning curves show it. */
export interface EpochRecord {
  readonly epoch: number
  readonly trainLoss: number
  readonly valLoss: number
  readonly valAccuracy: number
  readonly learningRate: number
}

/** A trained classifier. */
export interface Head {
  readonly kind: string
  /** Probability of tumour for each row of x [rows, dimensions]. */
  predict(x: NdArray<'f32'>): Promise<Float32Array>
  /** One record an epoch; empty for closed-form or memory-based heads. */
  readonly curve: readonly EpochRecord[]
  /** The head as files by name (`head.json`, `head.safetensors`, `head.onnx`), byte for byte deterministic. */
  serialize(): Promise<Readonly<Record<string, Uint8Array>>>
  /** Releases what `predict` keeps open between calls; whoever fits or loads a head closes it. */
  close(): Promise<void>
}

/** A classifier family. `Options` is plain JSON, complete with defaults. */
export interface HeadMethod<Options> {
  readonly name: string
  /** Raised when the result for the same input changes: part of the cache key. */
  readonly version: number
  readonly about: string
  readonly defaults: Options
  /** What each option may be; `fit` refuses the rest. */
  readonly rules: OptionRules<Options>
  /**
   * Whether it is a network that a GPU is worth: trained and applied on the device that is asked for. All others run on
   * the processor.
   */
  readonly usesDevice?: boolean
  /** Whether the seed changes the result: a study trains a head that does not use it once. */
  readonly usesSeed: boolean
  /** Whether `fit` takes `hooks.robust`; others throw RecipeError where it asks for something. */
  readonly trainsRobustly?: true
  /**
   * For a head on tokens: its options completed by the extractor that gives them, or null where it gives embeddings.
   * A head without it takes embeddings.
   */
  complete?(options: Options, extractor: ExtractorEntry): Options | null
  /** Throws RecipeError, with the option at `where`, where so many training patches are too few; `fit` does the same. */
  check?(where: string, patches: number, options: Options): void
  /**
   * Trains on `train`, selects and stops on `val` only; the order of rows has no say in the result. Throws DataError on a
   * single class.
   */
  fit(train: LabelledRows, val: LabelledRows, options: Options, seed: number, hooks?: FitHooks): Promise<Head>
  /** Reads back what `serialize` wrote; `place` is where it predicts. */
  load(files: Readonly<Record<string, Uint8Array>>, place?: HeadPlace): Promise<Head>
}

/** Where a head is trained, and predicts. */
export interface HeadPlace {
  /** For a head that uses a device; the processor by default. */
  readonly device?: ProviderChoice
  /** Threads on the processor, at most; one a core by default. Results do not depend on it. */
  readonly threads?: number
}

/** What a fit chose by val, as head.json keeps it: epochs and their learning rates, strength of a penalty, temperature. */
export interface Settled {
  readonly chosen: Readonly<Record<string, unknown>>
  readonly curve: readonly EpochRecord[]
}

/** How a fit reports, how it is resumed after a kill, and where it runs. */
export interface FitHooks extends HeadPlace {
  progress?: Progress
  /** Where a checkpoint file may be kept while training; resuming from it gives the same bytes. */
  checkpointPath?: string
  /** What an earlier fit chose by val: taken as it is, so that val may be among the rows that are trained on. */
  readonly settled?: Settled
  /** How training is made to hold on other centers, for a head that `trainsRobustly`. */
  readonly robust?: RobustFit
  /** Keeps what fits on the same rows have in common, by name; without it each fit makes its own. */
  readonly share?: Share
}

/** Gives what was made under a name before, or makes it. What is shared does not change. */
export type Share = <T>(name: string, make: () => Promise<T>) => Promise<T>
