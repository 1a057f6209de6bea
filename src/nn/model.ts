// What a model is: parameters by name, and a function that writes its graph. A layer is a small model.
// Names are those of the checkpoints a model loads, so that loading needs no translation.

import type { Random } from '../base/index.ts'
import type { Value } from '../graph/index.ts'
import type { Pass } from './pass.ts'

/** Fills a new parameter of `shape` from a stream of random numbers. */
export type Initializer = (shape: readonly number[], random: Random) => Float32Array

/** What a parameter is for: optimizers decay weights only; a statistic is kept by the layer, not trained. */
export type ParamRole = 'weight' | 'bias' | 'norm' | 'statistic'

/** A parameter before it has values. */
export interface ParamSpec {
  readonly shape: readonly number[]
  readonly role: ParamRole
  readonly init: Initializer
}

/** Parameters by name, in the order of the checkpoint. */
export type ParamSpecs = Readonly<Record<string, ParamSpec>>

/** Graph values by parameter name. */
export type ParamValues = Readonly<Record<string, Value>>

/** A model, or a layer. */
export interface Model {
  readonly params: ParamSpecs
  /** Writes the graph from `x` to the result. `pass` says whether it is trained, and collects what training needs. */
  apply(params: ParamValues, x: Value, pass: Pass): Value
}
