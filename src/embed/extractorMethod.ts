// What each family of extractors offers: its options, and how one is opened.

import type { OptionRules } from '../base/index.ts'
import type { Extractor } from './extractor.ts'

/** Where and how an extractor runs; nothing of this changes an embedding's meaning. */
export interface OpenOptions {
  /** Worker threads, or threads within one op of a network; by default one for each processor. */
  readonly threads?: number
  /** A provider of the engine, or `auto` (default). */
  readonly device?: string
  /** Turns a path as written into one that can be opened; by default it is taken as it is. */
  readonly resolvePath?: (path: string) => string
}

/** An extractor as a recipe writes it: `texture`, `onnx:PATH`, or the same as `name` beside options. */
export type ExtractorSpec = string | { readonly name: string; readonly [option: string]: unknown }

/** A family of extractors. `Options` is plain JSON, complete with defaults. */
export interface ExtractorMethod<Options extends object> {
  readonly about: string
  /** Whether a path follows the name, as in `onnx:model.onnx`. */
  readonly takesPath: boolean
  readonly defaults: Options
  /** Whether it is a network that runs on the device that is asked for. */
  readonly usesDevice: boolean
  /** What each option may be. */
  readonly rules: OptionRules<Options>
  /** Opens an extractor. `path` is resolved, and empty where none is taken. */
  open(options: Options, context: OpenOptions, path: string): Promise<Extractor>
}
