// What every extractor offers: patches in, one embedding a patch out.

import type { Pixels } from '../base/index.ts'
import type { PretrainingSet } from '../weights/modelCard.ts'
import type { Agreement } from './agreement.ts'

/** Whose model an extractor is, and what it has seen. */
export interface ModelProvenance {
  readonly title: string
  readonly licence: string
  /** Empty where it is not stated. */
  readonly pretraining: readonly PretrainingSet[]
  /** Its weights were drawn at random; not there where they were trained. */
  readonly isTrained?: false
}

/** An extractor ready to run; `close` releases its session or workers. */
export interface Extractor {
  /** As written in a recipe, e.g. `texture` or `onnx:model.onnx`. */
  readonly name: string
  /** Hash over everything that decides the embedding (version, options, weights): part of the cache key. */
  readonly key: string
  readonly dimensions: number
  /** How many flips and turns of a patch its embedding is the mean of; not there where it is the patch's own. */
  readonly views?: number
  /** What each dimension measures, where that can be said. */
  readonly featureNames: readonly string[] | null
  /** Of a network; null for features that nothing was trained for. */
  readonly provenance: ModelProvenance | null
  /** Bytes of the weights of a network that runs on the processor; not there for others. */
  readonly weightBytes?: number
  /** How many processes embed side by side, so that as many batches are worth having in work; 1 where it is not there. */
  readonly processes?: number
  /** Embeds a batch: row-major float32, count x dimensions. */
  embed(batch: Pixels): Promise<Float32Array>
  /** Embeds a batch in single precision too and compares; only extractors that compute in less have it. */
  measureAgreement?(batch: Pixels): Promise<Agreement>
  close(): Promise<void>
}
