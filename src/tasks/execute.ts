// Works off a list of tasks, many at once: each as soon as what it needs is there. One that fails takes with it only what
// rests on it. What another process is at is left to that one, as long as there is other work.

import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { shareThreads } from './shareThreads.ts'

/** What can be worked off: named, after others. */
export interface Executable {
  readonly key: string
  /** Keys of tasks that must be there. */
  readonly needs: readonly string[]
  /** Keys of tasks that are better there. */
  readonly after?: readonly string[]
}

/** How a list is worked off. */
export interface Execution<Task extends Executable> {
  /** Tasks at once, at most. */
  readonly jobs: number
  /** Threads of all of them together; all cores by default. */
  readonly threads?: number
  /** Whether what a task makes is there by now. */
  isDone(task: Task): boolean
  /** Whether another process is at it. */
  isElsewhere?(task: Task): Promise<boolean>
  /** Whether a task may run beside those that do; one at least always may. */
  fits?(task: Task, running: readonly Task[]): boolean
  /** Does a task on so many threads. */
  run(task: Task, threads: number): Promise<void>
  /** Told when a task is there without having been run here. */
  onFound?(task: Task): void
  /** Once it aborts, no task is begun any more; those that run are waited for, and have not failed should they throw. */
  readonly signal?: AbortSignal
}

/** A task that failed, with why, and what could not be done for it. */
export interface FailedTask<Task> {
  readonly task: Task
  readonly cause: unknown
  readonly skipped: readonly Task[]
}

/** What became of a list. */
export interface Executed<Task> {
  readonly failed: readonly FailedTask<Task>[]
  /** Tasks that were not begun, or not finished, since the execution was to end. */
  readonly left: readonly Task[]
}

// How long between looks at what other processes do.
const lookMs = 500

/** Works off `tasks`, none of which stands before one that it needs; what is not among them must be there. */
export async function execute<Task extends Executable>(
  tasks: readonly Task[],
  execution: Execution<Task>,
): Promise<Executed<Task>> {
  const { jobs, signal, isDone, isElsewhere, fits, run, onFound } = execution
  const cores = execution.threads ?? availableParallelism()
  const waiting = new Map(tasks.map((task) => [task.key, task]))
  const running = new Map<
    string,
    { readonly task: Task; readonly threads: number; readonly end: Promise<void> }
  >()
  const failed = new Map<string, { task: Task; cause: unknown; skipped: Task[] }>() // by their own key, and of all that they take along
  const stopped: Task[] = []
  const isFree = ({ needs, after = [] }: Task) =>
    [...needs, ...after].every((key) => !waiting.has(key) && !running.has(key))

  const skipBroken = () => {
    for (const task of waiting.values()) {
      const broken = task.needs.find((key) => failed.has(key))
      if (broken === undefined) continue
      const failure = failed.get(broken)!
      failure.skipped.push(task)
      failed.set(task.key, failure)
      waiting.delete(task.key)
    }
  }
  const start = (task: Task, ready: number) => {
    const used = [...running.values()].reduce((sum, { threads }) => sum + threads, 0)
    const threads = shareThreads(cores, used, ready, jobs - running.size)
    waiting.delete(task.key)
    const end = run(task, threads)
      .catch((cause) => {
        if (signal?.aborted) stopped.push(task)
        else failed.set(task.key, { task, cause, skipped: [] })
      })
      .finally(() => running.delete(task.key))
    running.set(task.key, { task, threads, end })
  }
  // The first free task that may be begun; those that turn out to be there are struck off.
  const choose = async (): Promise<Task | undefined> => {
    const others = [...running.values()].map(({ task }) => task)
    let first: Task | undefined
    for (const task of [...waiting.values()].filter(isFree)) {
      if (isDone(task)) {
        waiting.delete(task.key)
        onFound?.(task)
        return choose()
      }
      first ??= task
      if (others.length > 0 && fits && !fits(task, others)) continue
      if (!(await isElsewhere?.(task))) return task
    }
    return others.length === 0 ? first : undefined // waits for the other process
  }

  for (;;) {
    skipBroken()
    let isHeldUp = false
    while (running.size < jobs && !signal?.aborted) {
      const task = await choose()
      isHeldUp = task === undefined
      if (task === undefined || signal?.aborted) break
      start(task, [...waiting.values()].filter(isFree).length)
    }
    if (running.size === 0) {
      skipBroken()
      if (signal?.aborted || ![...waiting.values()].some(isFree)) break
      continue // the last one ended while it was asked what other processes do
    }
    const ends = [...running.values()].map(({ end }) => end)
    const isAnyFree = isHeldUp && [...waiting.values()].some(isFree)
    await Promise.race(isAnyFree ? [...ends, setTimeout(lookMs, undefined, { ref: false })] : ends)
  }
  return { failed: [...new Set(failed.values())], left: [...stopped, ...waiting.values()] }
}
