// How far a run is: from its list of tasks, what lies in the cache, who makes what, and what failed. It opens no patches,
// and says the same of a run on this machine, on a cluster, or stopped.

import { findMaker, hasEntry, markDue, type Place } from '../tasks/index.ts'
import { readFailures } from './failures.ts'
import { readStudyFile } from './studyFile.ts'
import { type ListedTask, readTaskList } from './taskList.ts'

/** Where a task is: made, in work, tried in vain, resting on one that was, to be made, or missed by nobody. */
export type TaskState = 'done' | 'running' | 'failed' | 'skipped' | 'waiting' | 'not needed'

/** A task with its state. */
export interface TaskStatus extends Pick<ListedTask, 'key' | 'stage' | 'kind' | 'what' | 'items'> {
  readonly state: TaskState
  /** Who makes it, where it is running. */
  readonly where?: Place
  /** Why it failed. */
  readonly reason?: string
}

/** How far a run is. */
export interface RunStatus {
  readonly folder: string
  readonly counts: Readonly<Record<TaskState, number>>
  /** Empty where the run has not got as far as to lay them out. */
  readonly tasks: readonly TaskStatus[]
}

/** How far the run in a folder is. Throws DataError where it is no run's. */
export async function readRunStatus(given: string): Promise<RunStatus> {
  const { folder, cache } = await readStudyFile(given)
  const listed = (await readTaskList(folder)) ?? []
  const failures = new Map((await readFailures(folder)).map(({ key, reason }) => [key, reason]))
  // Who makes a task is looked at first: whoever has finished since is found by what it made.
  const makers = new Map<string, Place | null>()
  for (const { key, stage } of listed) makers.set(key, await findMaker(cache, stage, key))
  const states = new Map<string, TaskState>()
  const counts = { done: 0, running: 0, failed: 0, skipped: 0, waiting: 0, 'not needed': 0 }
  const tasks = markDue(listed, ({ stage, key }) => hasEntry(cache, stage, key)).map((task): TaskStatus => {
    const { key, stage, kind, what, items, needs, cached, due } = task
    const where = makers.get(key)
    const isBroken = needs.some((need) => ['failed', 'skipped'].includes(states.get(need)!))
    const stateNow = (): TaskState => {
      if (where) return 'running'
      if (cached) return 'done'
      if (!due) return 'not needed'
      if (failures.has(key)) return 'failed'
      return isBroken ? 'skipped' : 'waiting'
    }
    const state = stateNow()
    states.set(key, state)
    counts[state]++
    const reason = state === 'failed' && { reason: failures.get(key)! }
    return { key, stage, kind, what, items, state, ...(where && { where }), ...reason }
  })
  return { folder, counts, tasks }
}
