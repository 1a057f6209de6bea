// The worker of workers.test.ts: what a thread sees of a task.
import { threadId } from 'node:worker_threads'

export function runTask(task) {
  if (task.fail) throw new RangeError(task.fail)
  return { threadId, doubled: task.values?.map((value) => value * 2) }
}

export function fillShared(task) {
  new Uint8Array(task.shared).fill(threadId > 0 ? 7 : 0)
  return true
}
