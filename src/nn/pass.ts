// One writing of a model's graph. A training pass collects what the step must feed (dropout masks) and keep
// (running statistics); an inference pass has neither.

import { input, type Value } from '../graph/index.ts'

/** A dropout mask that a training step must be fed: bool, true with probability `keep`. */
export interface MaskSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly keep: number
}

/** How a graph is being written. */
export interface Pass {
  readonly training: boolean
  /** A new bool mask of `shape`, fed at each step; training only. */
  mask(shape: readonly number[], keep: number): Value
  /** The new value of a statistic, by its parameter's name; training only. */
  update(name: string, value: Value): void
  /** Mean and biased variance, [n,C,1,1] each, by which the instance normalisation of this name goes, in place of each image's own. */
  readonly momentsOf?: (name: string, x: Value) => Moments | undefined
}

/** A mean and a variance for each channel. */
export interface Moments {
  readonly mean: Value
  readonly variance: Value
}

/** A training pass and what it collected. */
export interface TrainingPass extends Pass {
  readonly masks: readonly MaskSpec[]
  readonly updates: ReadonlyMap<string, Value>
}

/** Writes a graph for use: dropout off, normalisation by running statistics. */
export const inferencePass: Pass = {
  training: false,
  mask() {
    throw new TypeError('an inference pass has no masks')
  },
  update() {
    throw new TypeError('an inference pass updates no statistics')
  },
}

/** Begins a training pass; its masks are named `mask.0`, `mask.1`, ... */
export function openTrainingPass(): TrainingPass {
  const masks: MaskSpec[] = []
  const updates = new Map<string, Value>()
  return {
    training: true,
    masks,
    updates,
    mask(shape, keep) {
      const name = `mask.${masks.length}`
      masks.push({ name, shape, keep })
      return input(name, shape, 'bool')
    },
    update(name, value) {
      updates.set(name, value)
    },
  }
}
