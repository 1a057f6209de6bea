// The other end of `openProcesses`: what a process does that works for another. It ends with the process that began it.

import { describeCause } from '../base/index.ts'
import { shareCores } from './node.ts'
import type { ProcessAnswer, ProcessOrder } from './processes.ts'
import { tellError } from './toldErrors.ts'

/**
 * Answers the tasks of the process that began this one: `open` is told what to open and gives what does a task. Where it
 * throws, so does each task. `tell` may be called at any time while a task is in work.
 */
export function answerTasks<Opening, Task, Result, Note = never>(
  open: (opening: Opening, tell: (note: Note) => void) => Promise<(task: Task) => Promise<Result>>,
): void {
  shareCores()
  const answer = (message: ProcessAnswer<Result, Note>) => process.send?.(message, () => {}) // who asked may have ended
  process.on('disconnect', () => process.exit(0))
  // A terminal sends these to all: the process that began this one decides, and takes this one along.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('SIGTERM', () => process.exit(143))
  process.on('uncaughtException', (cause) => {
    process.stderr.write(`${describeCause(cause)}\n`)
    process.exit(1)
  })
  let opened: Promise<(task: Task) => Promise<Result>> | undefined
  process.on('message', async (order: ProcessOrder<Opening, Task>) => {
    if ('opening' in order) {
      opened = open(order.opening, (note) => answer({ note }))
      opened.catch(() => {}) // told with the first task
      return
    }
    try {
      const work = await opened!
      answer({ result: await work(order.task) })
    } catch (cause) {
      answer({ failure: tellError(cause) })
    }
  })
}
