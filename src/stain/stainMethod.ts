// What every stain method offers: `fit` learns from reference patches, `apply` is pure and never throws
// on pixels. A patch that cannot be normalised gets a verdict, not an exception.

import type { Pixels } from '../base/index.ts'

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

/** What a method learned from its reference: plain JSON (numbers, arrays, strings). */
export type StainFit = { readonly [key: string]: unknown }

/** What is known of the patches of a batch beside their pixels: one entry a patch. */
export interface ApplyContext<Fit> {
  /** The fit of its own slide or center, or null: what a patch with too little tissue falls back on. */
  readonly groups?: readonly (Fit | null)[]
  /** The center it comes from, or null where that is not known. */
  readonly centers?: readonly (string | null)[]
}

/** A stain normalisation method. `Options` is plain JSON, complete with defaults. */
export interface StainMethod<Options, Fit extends StainFit> {
  readonly name: string
  /** Raised when the output for the same input changes: part of the cache key. */
  readonly version: number
  /** One sentence and the source (paper, reference implementation). */
  readonly about: string
  readonly defaults: Options
  /** Whether `fit` looks at the reference (`none` and `grayscale` do not). */
  readonly needsReference: boolean
  /** Whether a patch without a fit of its own takes its group's, where the context has one. */
  readonly fallsBack?: boolean
  /** Learns from a stream of reference batches. Throws DataError where no reference patch has enough tissue. */
  fit(reference: AsyncIterable<Pixels>, options: Options): Promise<Fit>
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
