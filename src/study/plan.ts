// What a study would do: each of its tasks with whether its result is in the cache already.

import { availableParallelism } from 'node:os'
import { type Progress, silent } from '../base/index.ts'
import { openExtractor } from '../embed/index.ts'
import { nameEngines, type ProviderChoice } from '../engine/index.ts'
import type { Overlap } from '../runs/index.ts'
import { type Forecast, forecastTasks, keyOf, openCache, readRates } from '../tasks/index.ts'
import type { ExtractorFacts } from './costClass.ts'
import { requireFeasible } from './feasible.ts'
import { layOut, type Task } from './layOut.ts'
import { findOverlaps } from './overlap.ts'
import type { Recipe } from './recipeSchema.ts'
import { sampleCosts } from './sampleCost.ts'
import { closeSplits, openSplits } from './splits.ts'

/** One task of a plan. */
export interface PlannedStep extends Task {
  /** The stage that it belongs to: the folder of its entry in the cache. */
  readonly stage: string
  /** The name of its entry. */
  readonly key: string
  readonly cached: boolean
  /** Whether a run would do it: it is not cached, and somebody misses it. */
  readonly due: boolean
}

/** What a study would do, and what its splits have in common. */
export interface StudyPlan {
  readonly overlaps: readonly Overlap[]
  readonly steps: readonly PlannedStep[]
  /** What the steps that are due will cost. */
  readonly forecast: Forecast
}

/** How a plan is made, and how its steps would be done. */
export interface PlanOptions {
  readonly device?: string
  readonly progress?: Progress
  /** Tasks at a time; one by default. */
  readonly jobs?: number
  /** Threads of each; by default the processors are shared out. */
  readonly threads?: number
  /** Seconds that may be spent on measuring tasks that nothing is known of; none by default. */
  readonly sampling?: number
}

/**
 * The tasks that a study of `recipe` consists of, in the order they run. Reads the patches once, to compare the splits, unless
 * their hashes are cached; computes nothing else. Throws as `openSplits`, `requireFeasible` and `findOverlaps` do.
 */
export async function planStudy(
  recipe: Recipe,
  cacheRoot: string,
  { device = 'auto', progress = silent, jobs = 1, sampling = 0, ...options }: PlanOptions = {},
): Promise<StudyPlan> {
  const threads = options.threads ?? Math.max(1, Math.floor(availableParallelism() / jobs))
  const cache = openCache(cacheRoot)
  const splits = await openSplits(recipe, cache, () => ({ progress }))
  try {
    requireFeasible(recipe, splits)
    const engines = nameEngines(device as ProviderChoice)
    const extractors = await readExtractors(recipe, device)
    const steps = markDue(
      layOut(recipe, splits, extractors, engines).map((task) => {
        const { inputs } = task
        return { stage: inputs.stage, ...task, key: keyOf(inputs), cached: cache.has(inputs) }
      }),
    )
    const rates = await readRates()
    const study = { recipe, splits, extractors, engines, device, threads, seconds: sampling, progress }
    const sampled = sampling > 0 ? await sampleCosts(steps, rates, study) : []
    const forecast = forecastTasks(steps, [...rates, ...sampled], { jobs, threads })
    return { overlaps: findOverlaps(splits), steps, forecast }
  } finally {
    await closeSplits(splits)
  }
}

// From the end, since what needs a task stands after it.
function markDue(steps: readonly Omit<PlannedStep, 'due'>[]): PlannedStep[] {
  const missed = new Set<string>()
  return steps
    .toReversed()
    .map((step) => {
      const due = !step.cached && (!step.isMeans || missed.has(step.key))
      if (due) for (const need of step.needs) missed.add(need)
      return { ...step, due }
    })
    .reverse()
}

/** The keys and dimensions of the recipe's extractors, by label. */
export async function readExtractors(
  recipe: Recipe,
  device: string,
): Promise<Record<string, ExtractorFacts>> {
  const facts: Record<string, ExtractorFacts> = {}
  for (const { label, name, options } of recipe.embed) {
    const extractor = await openExtractor({ name, ...options }, { device, threads: 1 })
    facts[label] = { key: extractor.key, dimensions: extractor.dimensions }
    await extractor.close()
  }
  return facts
}
