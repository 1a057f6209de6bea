// Whoever works for a run without being the run: it opens the same study, and does tasks by their keys.

import { DataError, type Progress } from '../base/index.ts'
import type { StudyFile } from '../runs/index.ts'
import { type Cache, openHold } from '../tasks/index.ts'
import { openMaterials } from './materials.ts'
import { type KeyedTask, openStudy } from './openStudy.ts'
import { studyCache } from './studyCache.ts'
import { doTask } from './work.ts'

/** An open study with hands. */
export interface Worker {
  readonly cache: Cache
  readonly tasks: readonly KeyedTask[]
  /** Does a task. Throws DataError where the study has none of this key, as after its files have changed. */
  run(key: string, threads: number | undefined, progress: Progress): Promise<{ readonly cached: boolean }>
  close(): Promise<void>
}

/** Who is told of what is no step's progress. */
export interface WorkerObserver {
  note?(sentence: string): void
  warn?(sentence: string): void
}

/** Opens the study of a file to work for it. Throws as `openStudy` does. */
export async function openWorker(
  { recipe, cache: root, device }: StudyFile,
  observer: WorkerObserver,
): Promise<Worker> {
  const hold = await openHold(root)
  const { cache, watch } = studyCache(root, observer, hold)
  const study = await openStudy(recipe, cache, { device }).catch(async (cause) => {
    await hold.release()
    throw cause
  })
  watch(study)
  const materials = openMaterials(study, cache)
  return {
    cache,
    tasks: study.tasks,
    async run(key, threads, progress) {
      const task = study.tasks.find((candidate) => candidate.key === key)
      if (!task) {
        throw new DataError({
          where: `task ${key}`,
          expected: 'a task of the study as its files are now',
          got: 'none of this key',
          hint: 'patches, weights or Eosin itself have changed since the run began: begin it again',
        })
      }
      materials.threads = threads
      return doTask(materials, task, progress)
    },
    async close() {
      await materials.close()
      await study.close()
      await hold.release()
    },
  }
}
