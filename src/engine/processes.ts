// Processes that do tasks beside this one. ONNX Runtime is run in processes and not in worker threads: a thread that is
// ended while a graph runs takes the whole process with it (onnxruntime-node 1.30).

import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { describeCause, EngineError } from '../base/index.ts'
import { openSlots } from './slots.ts'
import { hearError, type ToldError } from './toldErrors.ts'
import { compiledPath } from './workers.ts'

/** To a process: what it opens, first of all; then tasks, one after the other. */
export type ProcessOrder<Opening, Task> = { readonly opening: Opening } | { readonly task: Task }

/** From a process: any number of notes and one result or failure for a task. */
export type ProcessAnswer<Result, Note> =
  | { readonly note: Note }
  | { readonly result: Result }
  | { readonly failure: ToldError }

/** Processes that do tasks. */
export interface Processes<Task, Result, Note = never> {
  /**
   * Does a task in a process that does nothing else; what it notes meanwhile is given to `hear`. A task whose process ends
   * has failed with an EngineError, and the next one gets another process.
   */
  run(task: Task, hear?: (note: Note) => void): Promise<Result>
  /** Ends the processes. */
  close(): void
}

/** How processes are opened. */
export interface ProcessOptions<Opening> {
  /** What each process is told first. */
  readonly opening: Opening
  /** At most so many at once, one a processor by default; tasks beyond wait in order. */
  readonly most?: number
  /** What one of them is called in an error, e.g. `a process of the study`. */
  readonly who: string
  /** What helps where memory is full. */
  readonly hint: string
}

/**
 * Opens processes that run the module at `moduleUrl` (mapped as worker threads' are), which calls `answerTasks`. One is begun
 * when there is a task for it and none is idle.
 */
export function openProcesses<Opening, Task, Result, Note = never>(
  moduleUrl: URL,
  { opening, most = availableParallelism(), who, hint }: ProcessOptions<Opening>,
): Processes<Task, Result, Note> {
  const path = compiledPath(moduleUrl)
  const all = new Set<ChildProcess>()
  const idle: ChildProcess[] = []
  const slots = openSlots(most)
  const end = () => {
    for (const child of all) child.kill('SIGTERM')
  }
  process.once('exit', end)
  const begin = (): ChildProcess => {
    const child = fork(path, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
    child.setMaxListeners(0)
    child.on('error', () => {}) // its end says enough, and where it could not be begun, `ask`
    if (child.pid === undefined) return child
    all.add(child)
    child.on('exit', () => {
      all.delete(child)
      if (idle.includes(child)) idle.splice(idle.indexOf(child), 1)
    })
    child.send({ opening })
    return child
  }
  const ask = (child: ChildProcess, task: Task, hear?: (note: Note) => void) =>
    new Promise<Result>((resolve, reject) => {
      const settle = (finish: () => void) => {
        child.off('message', take)
        child.off('exit', leave)
        child.off('error', miss)
        finish()
      }
      const take = (answer: ProcessAnswer<Result, Note>) => {
        if ('note' in answer) hear?.(answer.note)
        else if ('result' in answer) settle(() => resolve(answer.result))
        else settle(() => reject(hearError(answer.failure)))
      }
      const leave = (code: number | null, signal: string | null) => {
        const parts = {
          where: who,
          expected: 'an answer',
          got: signal ? `ended by ${signal}` : `ended with ${code}`,
          hint:
            signal === 'SIGKILL'
              ? `the system ends processes where memory is full: ${hint}`
              : 'run again: what is finished is kept',
        }
        settle(() => reject(new EngineError(parts)))
      }
      const miss = (cause: Error) => {
        if (child.pid !== undefined) return // it could be begun
        const parts = { where: who, expected: 'to begin it', got: describeCause(cause), hint }
        settle(() => reject(new EngineError(parts)))
      }
      child.on('error', miss)
      child.on('message', take)
      child.on('exit', leave)
      if (child.pid !== undefined) child.send({ task })
    })
  return {
    async run(task, hear) {
      await slots.take()
      const child = idle.pop() ?? begin()
      try {
        return await ask(child, task, hear)
      } finally {
        if (child.connected && all.has(child)) idle.push(child)
        slots.give()
      }
    },
    close() {
      process.off('exit', end)
      end()
    },
  }
}
