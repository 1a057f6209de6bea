// The folds of a study: every labelled center is held out once, so that cells can be chosen by centers that neither training
// nor stopping has seen.

import { compareNames, RecipeError } from '../base/index.ts'
import type { Recipe } from '../recipe/index.ts'
import type { OpenSplits } from './splits.ts'

/** One center held out; names of centers. */
export interface Fold {
  /** Predicted; no label of it is seen. */
  readonly held: string
  /** Heads are stopped, and choose, by it: the center after `held` by name. */
  readonly stop: string
  /** All other labelled centers. */
  readonly train: readonly string[]
}

/**
 * The folds of a recipe's protocol; none under `challenge`. Throws RecipeError where there are fewer than three labelled
 * centers: one to hold out, one to stop by, one to train on.
 */
export function listFolds({ protocol }: Pick<Recipe, 'protocol'>, { train, val }: OpenSplits): Fold[] {
  if (protocol === 'challenge') return []
  const where = 'protocol leave-one-center-out'
  const hint = 'write protocol: challenge, which chooses cells by val'
  for (const { split, set } of [train, val]) {
    if (set.centers) continue
    throw new RecipeError({
      where,
      expected: `the center of every patch of ${split}`,
      got: `none in ${set.source}`,
      hint: `write data.${split}.center, or protocol: challenge`,
    })
  }
  const centers = [...new Set([...train.set.centers!, ...val.set.centers!])].sort(compareNames)
  if (centers.length < 3) {
    const expected = 'three labelled centers: one to hold out, one to stop by, one to train on'
    throw new RecipeError({ where, expected, got: centers.join(', '), hint })
  }
  return centers.map((held, i) => {
    const stop = centers[(i + 1) % centers.length]
    return { held, stop, train: centers.filter((center) => center !== held && center !== stop) }
  })
}
