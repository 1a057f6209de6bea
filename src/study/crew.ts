// The processes that work for a run. One is begun when there is a task for it and none is idle; a task whose process dies
// has failed, and the next one gets another process.

import { type ChildProcess, fork } from 'node:child_process'
import { describeCause, EngineError, type Progress } from '../base/index.ts'
import { compiledPath } from '../engine/index.ts'
import type { StudyFile } from '../runs/index.ts'
import { type Answer, hearError, type Order } from './jobMessages.ts'
import type { WorkerObserver } from './worker.ts'

/** Processes that do tasks. */
export interface Crew {
  /** Does a task in a process that does nothing else, or finds it done. */
  run(key: string, threads: number, progress: Progress): Promise<{ readonly cached: boolean }>
  close(): void
}

/** Opens a crew for the study of a file. */
export function openCrew(file: StudyFile, observer: WorkerObserver): Crew {
  const path = compiledPath(new URL('./jobChild.ts', import.meta.url))
  const all = new Set<ChildProcess>()
  const idle: ChildProcess[] = []
  const end = () => {
    for (const child of all) child.kill('SIGTERM')
  }
  process.once('exit', end)
  const begin = (): ChildProcess => {
    const child = fork(path, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'json' })
    child.setMaxListeners(0)
    child.on('error', () => {}) // its end says enough, and where it could not be begun, `ask`
    if (child.pid === undefined) return child
    all.add(child)
    child.on('exit', () => {
      all.delete(child)
      if (idle.includes(child)) idle.splice(idle.indexOf(child), 1)
    })
    child.send({ study: file } satisfies Order)
    return child
  }
  return {
    async run(key, threads, progress) {
      const child = idle.pop() ?? begin()
      try {
        return await ask(child, { key, threads }, progress, observer)
      } finally {
        if (child.connected && all.has(child)) idle.push(child)
      }
    },
    close() {
      process.off('exit', end)
      end()
    },
  }
}

function ask(
  child: ChildProcess,
  order: { readonly key: string; readonly threads: number },
  progress: Progress,
  observer: WorkerObserver,
): Promise<{ readonly cached: boolean }> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      child.off('message', hear)
      child.off('exit', leave)
      child.off('error', miss)
      finish()
    }
    const hear = (answer: Answer) => {
      if ('progress' in answer) {
        const { done, total, note } = answer.progress // undefined is left out on the way, where null would not be
        progress(done, total, note)
      } else if ('note' in answer) observer.note?.(answer.note)
      else if ('warning' in answer) observer.warn?.(answer.warning)
      else if ('done' in answer) settle(() => resolve(answer))
      else settle(() => reject(hearError(answer.error)))
    }
    const leave = (code: number | null, signal: string | null) => {
      const got = signal ? `ended by ${signal}` : `ended with ${code}`
      const hint =
        signal === 'SIGKILL'
          ? 'the system ends processes where memory is full: run again with fewer --jobs'
          : 'run again: what is finished is kept'
      const error = new EngineError({ where: 'a process of the study', expected: 'an answer', got, hint })
      settle(() => reject(error))
    }
    const miss = (cause: Error) => {
      if (child.pid !== undefined) return // it could be begun
      const got = describeCause(cause)
      const hint = 'run again with fewer --jobs'
      settle(() =>
        reject(new EngineError({ where: 'a process of the study', expected: 'to begin it', got, hint })),
      )
    }
    child.on('error', miss)
    child.on('message', hear)
    child.on('exit', leave)
    if (child.pid !== undefined) child.send(order satisfies Order)
  })
}
