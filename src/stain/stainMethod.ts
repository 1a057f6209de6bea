// What every stain method offers: `fit` learns from reference patches, `apply` is pure and never throws
// on pixels. A patch that cannot be normalised gets a verdict, not an exception.

import type { NdArray, OptionRules, Pixels, Progress } from '../base/index.ts'

/**
 * What became of a patch: `ok` normalised with its own fit; `fallback` normalised with the slide's or
 * center's fit because it has too little tissue; `passthrough` background, left as it is; `rejected` left
 * as it is for the reason given.
 */
export type Verdict = 'ok' | 'fallback' | 'passthrough' | 'rejected'

/** One verdict a patch; `reasons[i]` is null for `ok`. */
export interface StainResult {
  readonly pixels: Pixels
  readonly verdicts: readonly Verdict[]
  readonly reasons: readonly (string | null)[]
}

/**
 * What a method learned from its reference: plain JSON (numbers, arrays, strings), but for the networks of a method
 * that is trained, each by the name of its source.
 */
export type StainFit = { readonly [key: string]: unknown; readonly networks?: Networks }

/** Parameters of networks under the names of their own checkpoints, by the source that each translates. */
export type Networks = Readonly<Record<string, Readonly<Record<string, NdArray<'f32'>>>>>

/** Unlabelled patches of one center: what a method is trained on. */
export interface StainDomain {
  readonly name: string
  readonly count: number
  readonly height: number
  readonly width: number
  read(rows: ArrayLike<number>): Promise<Pixels>
}

/** What is to look like what. */
export interface StainDomains {
  readonly sources: readonly StainDomain[]
  readonly target: StainDomain
}

/** Where and how a training runs. */
export interface TrainingPlace {
  /** Receives curves and preview pictures. */
  readonly folder: string
  /** Receives what a training that was stopped goes on from; of no use once the fit is kept. */
  readonly checkpoints: string
  /** What must be the same for that, beside the options: which patches the domains hold. */
  readonly key?: string
  readonly seed: number
  readonly provider?: 'auto' | 'cpu' | 'cuda' | 'webgpu'
  readonly threads?: number
  /** Texture embeddings, row-major: one of the measures by which an epoch is judged. */
  readonly embed?: (batch: Pixels) => Promise<Float32Array>
  readonly progress?: Progress
}

/** What is known of the patches of a batch beside their pixels: one entry a patch. */
export interface ApplyContext<Fit> {
  /** The fit of its own slide or center, or null: what a patch with too little tissue falls back on. */
  readonly groups?: readonly (Fit | null)[]
  /** The center it comes from, or null where that is not known. */
  readonly centers?: readonly (string | null)[]
  /** Where networks run; `auto` where not given. */
  readonly provider?: TrainingPlace['provider']
  /** Threads of a network that runs on the processor; one a core where not given. */
  readonly threads?: number
  /** As long as the batch's bytes: where methods without networks write what they make of it, in place of new memory. */
  readonly out?: Uint8Array
}

/** A stain normalisation method. `Options` is plain JSON, complete with defaults. */
export interface StainMethod<Options, Fit extends StainFit> {
  readonly name: string
  /** Raised when the output for the same input changes: part of the cache key. */
  readonly version: number
  /** One sentence and the source (paper, reference implementation). */
  readonly about: string
  readonly defaults: Options
  /** What each option may be. */
  readonly rules: OptionRules<Options>
  /** Whether `fit` looks at the reference (`none` and `grayscale` do not). */
  readonly needsReference: boolean
  /** Whether a patch without a fit of its own takes its group's, where the context has one. */
  readonly fallsBack?: boolean
  /** Whether what it makes of a patch is worth keeping for all who need it; so it is of every method that is trained. */
  readonly isCostly?: boolean
  /** Learns from a stream of reference batches. Throws DataError where no reference patch has enough tissue. */
  fit(reference: AsyncIterable<Pixels>, options: Options): Promise<Fit>
  /**
   * What a method with networks does in place of `fit`: trains them on domains without labels, or loads those that the
   * options name. Stopped at any moment and started again in the same folder, it gives the same fit.
   */
  readonly train?: (domains: StainDomains, options: Options, place: TrainingPlace) => Promise<Fit>
  /** Throws RecipeError where `train` could do nothing with such domains under such options. */
  check?(domains: StainDomains, options: Options): void
  /**
   * Puts small networks in the place of a trained fit's, fitted to what those make of the sources, where the options ask
   * for it (`distill`); `train` does not look at that option.
   */
  distill?(fit: Fit, domains: StainDomains, options: Options, place: TrainingPlace): Promise<Fit>
  /** What a trained fit was made for and which centers it has seen, in a few words. */
  origin?(fit: Fit): string
  /** Options under which the method is commonly used, by name. */
  readonly presets?: Readonly<Record<string, Partial<Options>>>
  /** By preset, whose patches are the reference where nothing else is said. */
  readonly references?: Readonly<Record<string, { readonly split: 'train' | 'val' | 'test' }>>
  /**
   * Normalises a batch; the input is not modified, the output has its shape. Methods that need nothing of the
   * context ignore it.
   */
  apply(
    batch: Pixels,
    fit: Fit,
    options: Options,
    context?: ApplyContext<Fit>,
  ): StainResult | Promise<StainResult>
}
