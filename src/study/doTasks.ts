// Tasks of a study by their keys, for a process that is not the run: in an array job, or called by hand. Whether a task
// failed is written beside the run, so that others see it.

import { DataError, describeCause } from '../base/index.ts'
import { type FailedKey, forgetFailure, readStudyFile, rememberFailure } from '../runs/index.ts'
import type { KeyedTask } from './openStudy.ts'
import type { StudyObserver } from './study.ts'
import { openWorker, type Worker } from './worker.ts'

/** What became of the tasks of one process, by key. */
export interface DoneTasks {
  /** Done here. */
  readonly made: readonly string[]
  /** There already. */
  readonly found: readonly string[]
  readonly failed: readonly FailedKey[]
}

/**
 * Does tasks of the study whose run folder is given, one after the other; one that fails does not hold up the others. Throws
 * as `readStudyFile` and `openStudy` do.
 */
export async function doTasks(
  given: string,
  keys: readonly string[],
  { threads, observer }: { readonly threads?: number; readonly observer: StudyObserver },
): Promise<DoneTasks> {
  const file = await readStudyFile(given)
  const worker = await openWorker(file, observer)
  const [made, found, failed] = [[] as string[], [] as string[], [] as FailedKey[]]
  try {
    for (const key of keys) {
      await forgetFailure(file.folder, key)
      const task = worker.tasks.find((candidate) => candidate.key === key)
      const step = observer.step(task?.stage ?? 'task', task?.what ?? key)
      try {
        if (task) requireNeeds(worker, task)
        const { cached } = await worker.run(key, threads, step.progress)
        step.end(cached)
        ;(cached ? found : made).push(key)
      } catch (cause) {
        const reason = describeCause(cause)
        step.fail?.(reason)
        failed.push({ key, reason })
        await rememberFailure(file.folder, { key, reason })
      }
    }
  } finally {
    await worker.close()
  }
  return { made, found, failed }
}

function requireNeeds({ tasks, cache }: Worker, task: KeyedTask): void {
  if (cache.has(task.inputs)) return
  const missing = tasks.find((other) => task.needs.includes(other.key) && !cache.has(other.inputs))
  if (!missing) return
  throw new DataError({
    where: `${task.stage} ${task.what}`,
    expected: `what it is made from: ${missing.stage} ${missing.what}`,
    got: 'nothing',
    hint: `do it first: eosin task run ${missing.key}`,
  })
}
