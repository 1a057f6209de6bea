// What every stage of a study is given: the recipe, the cache, the run folder, and who is told of progress.

import type { Manifest, Metrics, RunFolder, StageTiming } from '../runs/index.ts'
import type { Cache, CacheEntry } from '../tasks/index.ts'
import type { Recipe } from './recipeSchema.ts'

/** How a study tells where it stands. */
export interface StudyObserver {
  /** A step begins; call `progress` on the returned handle, `end` when it is done. */
  step(stage: string, what: string): StepObserver
  /** Something to be known that is no step's progress, as another process that is waited for. */
  note?(sentence: string): void
  /** Something that puts the study's figures in doubt. */
  warn?(sentence: string): void
}
export interface StepObserver {
  progress(done: number, total: number | undefined, note?: string): void
  end(cached: boolean, note?: string): void
}

/** Where and how a study runs. */
export interface StudyOptions {
  /** Folder that receives `<recipe name>/`. */
  readonly out: string
  /** The cache's folder. */
  readonly cache: string
  readonly device: string
  /** Worker threads; all cores by default. */
  readonly threads?: number
  readonly observer: StudyObserver
}

/** What a study left behind. */
export interface StudyResult {
  readonly folder: string
  readonly report: string
  readonly submission: string | null
  readonly manifest: Manifest
  readonly metrics: Metrics
}

/** Everything that the stages of one study share. */
export interface Study {
  readonly recipe: Recipe
  readonly options: StudyOptions
  readonly cache: Cache
  readonly run: RunFolder
  readonly timings: StageTiming[]
}

/** Notes what making an entry took, for timings.json. */
export function noteCost(
  { timings }: Study,
  stage: string,
  what: string,
  entry: CacheEntry | null,
  items: number,
): void {
  if (entry) timings.push({ stage: `${stage} ${what}`, ...entry.cost, cached: entry.cached, items })
}
