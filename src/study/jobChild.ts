// A process that works for a run: `node jobChild.js`, told over its channel which study and which tasks.

import type { Progress } from '../base/index.ts'
import { answerTasks } from '../engine/index.ts'
import type { StudyFile } from '../runs/index.ts'
import { openWorker } from './worker.ts'

/** A task of the study, and its threads. */
export interface JobTask {
  readonly key: string
  readonly threads: number
}

/** What a process says beside its results. */
export type JobNote =
  | { readonly progress: Parameters<Progress> }
  | { readonly note: string }
  | { readonly warning: string }

// Often enough to look at.
const everyMs = 100

function throttle(progress: Progress): Progress {
  let told = 0
  return (...parts) => {
    const now = performance.now()
    if (now - told < everyMs) return
    told = now
    progress(...parts)
  }
}

answerTasks<StudyFile, JobTask, { readonly cached: boolean }, JobNote>(async (study, tell) => {
  const worker = await openWorker(study, {
    note: (note) => tell({ note }),
    warn: (warning) => tell({ warning }),
  })
  return ({ key, threads }) =>
    worker.run(
      key,
      threads,
      throttle((...progress) => tell({ progress })),
    )
})
