// What a study would do: each of its tasks with whether its result is in the cache already.

import { type Progress, silent } from '../base/index.ts'
import type { Overlap } from '../runs/index.ts'
import { openCache } from '../tasks/index.ts'
import { markDue, openStudy, type PlannedTask } from './openStudy.ts'
import { findOverlaps } from './overlap.ts'
import type { Recipe } from './recipeSchema.ts'

/** What a study would do, and what its splits have in common. */
export interface StudyPlan {
  readonly overlaps: readonly Overlap[]
  readonly steps: readonly PlannedTask[]
}

/**
 * The tasks that a study of `recipe` consists of, in the order they run. Reads the patches once, to compare the splits, unless
 * their hashes are cached; computes nothing else. Throws as `openStudy` and `findOverlaps` do.
 */
export async function planStudy(
  recipe: Recipe,
  cacheRoot: string,
  { device = 'auto', progress = silent }: { readonly device?: string; readonly progress?: Progress } = {},
): Promise<StudyPlan> {
  const cache = openCache(cacheRoot)
  const study = await openStudy(recipe, cache, { device, observe: () => ({ progress }) })
  try {
    return { overlaps: findOverlaps(study.splits), steps: markDue(study.tasks, cache) }
  } finally {
    await study.close()
  }
}
