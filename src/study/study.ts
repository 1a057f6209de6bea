// What a study is asked and what it answers: how it runs, who is told of progress, and what it left behind.

import { EosinError } from '../base/index.ts'
import type { Recipe } from '../recipe/index.ts'
import type { Manifest, Metrics, RunFolder } from '../runs/index.ts'
import type { Cache } from '../tasks/index.ts'

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
  /** It ends without a result, for the reason given. */
  fail?(reason: string): void
}

/** Where and how a study runs. */
export interface StudyOptions {
  /** Folder that receives `<recipe name>/`. */
  readonly out: string
  /** The cache's folder. */
  readonly cache: string
  readonly device: string
  /** Threads of all its work together; all cores by default. */
  readonly threads?: number
  /** Tasks at once: with more than one, processes of their own do them; 1 by default. */
  readonly jobs?: number
  /** It ends after so many hours, whatever is left. */
  readonly maxHours?: number
  /** It goes on with a run that others worked for: where the device is not here, only tasks that use it fail. */
  readonly goesOn?: boolean
  readonly observer: StudyObserver
}

/** What a study left behind. */
export interface StudyResult {
  readonly folder: string
  readonly report: string
  readonly submission: string | null
  readonly manifest: Manifest
  readonly metrics: Metrics
  /** How sure the choice is, in words; empty where there was nothing to choose among. */
  readonly certainty: string
  /** How the chosen cell's probabilities become predictions, in sentences; none where they do by a given threshold. */
  readonly decision: readonly string[]
  /** A sentence where the chosen cell suffers from another share of tumour in the target. */
  readonly shares: readonly string[]
  /** What extractors have seen of the study's hospitals, and of which that is not known, in words. */
  readonly seen: readonly string[]
}

/** Everything that the parts of one run share. */
export interface Study {
  readonly recipe: Recipe
  readonly options: StudyOptions
  readonly cache: Cache
  readonly run: RunFolder
  /** Who is told what a cache has to say, here and in other processes. */
  readonly told: { note(sentence: string): void; warn(sentence: string): void }
}

/** A study that was to end before it was done; what is done is kept. */
export class StudyUnfinished extends EosinError {
  override readonly exitCode = 3
  constructor(hours: number, left: number) {
    super({
      where: 'study',
      got: `${left} tasks left after ${hours} h, as --max-hours asked`,
      hint: 'run it again and it goes on from here',
    })
  }
}
