// Step 2 as a whole: a stain method fitted on its reference, and on the slides and centers of each split for
// patches with too little tissue.

import type { Progress } from '../../base/index.ts'
import type { Split } from '../../runs/index.ts'
import type { Cache, CacheEntry } from '../../tasks/index.ts'
import type { Recipe, StainEntry } from '../recipeSchema.ts'
import type { OpenSplits } from '../splits.ts'
import type { FilteredSplit } from './filter.ts'
import { fitStain } from './fitStain.ts'
import type { Device, FittedStain } from './fittedStain.ts'
import { fitSplitGroups, type GroupFits, usesGroups } from './stainGroups.ts'

/** A stain method ready for every split of a study. */
export interface StudyStain extends FittedStain {
  /** Everything that it was made in: its fit, then the fits of each split's groups. */
  readonly entries: readonly CacheEntry[]
  readonly groups: Readonly<Partial<Record<Split, GroupFits>>>
}

/** Fits what is not in the cache. The test split's groups are fitted on its own pixels, never on its labels. */
export async function prepareStain(
  cache: Cache,
  recipe: Recipe,
  splits: OpenSplits,
  filtered: Readonly<Record<string, FilteredSplit>>,
  entry: StainEntry,
  device: Device,
  progress: Progress,
): Promise<StudyStain> {
  const stain = await fitStain(cache, recipe, splits, filtered, entry, device, progress)
  const groups: Partial<Record<Split, GroupFits>> = {}
  const entries = [stain.cacheEntry]
  for (const split of usesGroups(entry) ? Object.values(filtered) : []) {
    const { fits, entry: made } = await fitSplitGroups(cache, split, entry)
    groups[split.split] = fits
    entries.push(made)
  }
  return { ...stain, groups, entries }
}
