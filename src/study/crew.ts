// The processes that work for a run.

import type { Progress } from '../base/index.ts'
import { openProcesses } from '../engine/index.ts'
import type { StudyFile } from '../runs/index.ts'
import type { JobNote, JobTask } from './jobChild.ts'
import type { WorkerObserver } from './worker.ts'

/** Processes that do tasks of a study. */
export interface Crew {
  /** Does a task in a process that does nothing else, or finds it done. */
  run(key: string, threads: number, progress: Progress): Promise<{ readonly cached: boolean }>
  close(): void
}

/** Opens a crew for the study of a file; how many tasks are done at once, who asks decides. */
export function openCrew(file: StudyFile, observer: WorkerObserver): Crew {
  const url = new URL('./jobChild.ts', import.meta.url)
  const processes = openProcesses<StudyFile, JobTask, { cached: boolean }, JobNote>(url, {
    opening: file,
    most: Number.POSITIVE_INFINITY,
    who: 'a process of the study',
    hint: 'run again with fewer --jobs',
  })
  return {
    run: (key, threads, progress) =>
      processes.run({ key, threads }, (note) => {
        if ('progress' in note) progress(...note.progress)
        else if ('note' in note) observer.note?.(note.note)
        else observer.warn?.(note.warning)
      }),
    close: processes.close,
  }
}
