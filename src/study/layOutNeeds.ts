// What several parts of a study's list of tasks ask: what tasks depend on, and which keys a split's patches have gone through.

import type { Engines } from '../engine/index.ts'
import type { AxisEntry, Recipe } from '../recipe/index.ts'
import { keyOf } from '../tasks/index.ts'
import type { OpenSplit } from './splits.ts'
import { filterInputs } from './steps/filter.ts'

/** What tasks depend on beside the recipe and its splits. */
export interface Sizes {
  /** What runs networks. */
  readonly engines: Engines
  /** Dimensions of an extractor's embeddings. */
  dimensionsOf(embed: AxisEntry): number
}

// The key of what a split's patches have gone through, where that is a task.
export const filterNeeds = (recipe: Recipe, splits: readonly OpenSplit[]): string[] =>
  recipe.quality === null ? [] : splits.map((split) => keyOf(filterInputs(recipe, split)))
