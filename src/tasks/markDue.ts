// Which tasks of a list are to be done.

/** What decides whether a task is to be done. */
export interface Missable {
  readonly key: string
  /** Keys of the tasks that it is made from, each of a task before it. */
  readonly needs: readonly string[]
  /** Made only for one that needs it. */
  readonly isMeans?: true
}

/** Whether a task is to be done. */
export interface Due {
  readonly cached: boolean
  /** Whether a run would do it: it is not cached, and somebody misses it. */
  readonly due: boolean
}

/** Which tasks are there already, and which of the others a run would do. */
export function markDue<Task extends Missable>(
  tasks: readonly Task[],
  isThere: (task: Task) => boolean,
): (Task & Due)[] {
  const missed = new Set<string>()
  return tasks
    .toReversed() // what needs a task stands after it
    .map((task) => {
      const cached = isThere(task)
      const due = !cached && (!task.isMeans || missed.has(task.key))
      if (due) for (const need of task.needs) missed.add(need)
      return { ...task, cached, due }
    })
    .reverse()
}
