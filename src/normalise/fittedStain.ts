// A recipe's stain with its method and its fit, as all steps that normalise patches take it.

import { pickNamed } from '../base/index.ts'
import type { StainEntry } from '../recipe/index.ts'
import { type StainFit, type StainMethod, stainMethods, type TrainingPlace } from '../stain/index.ts'

/** Where networks run, and on how many threads. */
export type Device = Pick<TrainingPlace, 'provider' | 'threads'>

/** A stain method ready to apply: its fit, and its options. */
export interface FittedStain {
  readonly entry: StainEntry
  readonly method: StainMethod<unknown, StainFit>
  readonly fit: StainFit
  /** Where its networks run, if it has any, and on how many threads. */
  readonly provider?: Device['provider']
  readonly threads?: number
}

/** The method of a recipe's entry, by name. */
export function methodOf(entry: StainEntry): StainMethod<unknown, StainFit> {
  return pickNamed('stain', stainMethods, entry.name) as unknown as StainMethod<unknown, StainFit>
}
