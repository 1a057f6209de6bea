// What a study would do: each of its tasks with whether its result is in the cache already, and what the rest will cost.

import type { Recipe } from '../recipe/index.ts'
import type { Found } from '../runs/index.ts'
import { type Forecast, markDue, openCache } from '../tasks/index.ts'
import { forecastStudy, type RunningOptions } from './forecastStudy.ts'
import { runGuards } from './guards.ts'
import { openStudy, type PlannedTask } from './openStudy.ts'

/** What a study would do, and what the guards find. */
export interface StudyPlan extends Found {
  readonly steps: readonly PlannedTask[]
  /** What the steps that are due will cost. */
  readonly forecast: Forecast
}

/** How a plan is made, and how its steps would be done. */
export interface PlanOptions extends RunningOptions {
  readonly device?: string
}

/**
 * The tasks that a study of `recipe` consists of, in the order they run. Reads the patches once, and compares them, unless the
 * cache knows the outcome; computes nothing else but what `sampling` allows. Throws as `openStudy` and `runGuards` do.
 */
export async function planStudy(
  recipe: Recipe,
  cacheRoot: string,
  { device = 'auto', ...options }: PlanOptions = {},
): Promise<StudyPlan> {
  const cache = openCache(cacheRoot)
  const progress = options.progress
  const study = await openStudy(recipe, cache, { device, ...(progress && { observe: () => ({ progress }) }) })
  try {
    const guards = await runGuards(study, cache, progress && (() => ({ progress })))
    const steps = markDue(study.tasks, ({ inputs }) => cache.has(inputs))
    const forecast = await forecastStudy(study, steps, options)
    return { ...guards, steps, forecast }
  } finally {
    await study.close()
  }
}
