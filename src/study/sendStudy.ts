// A study for a cluster: what is due of it as waves, and a last job that collects. It is opened here, on the machine that
// sends it, so that patches are hashed once and not by every worker.

import { resolve } from 'node:path'
import type { ClusterStudy } from '../cluster/index.ts'
import type { Recipe } from '../recipe/index.ts'
import { forgetFailure, listWarnings, openRunFolder, writeStudyFile, writeTaskList } from '../runs/index.ts'
import { markDue, openHold } from '../tasks/index.ts'
import { cutWaves } from './cutWaves.ts'
import { forecastStudy } from './forecastStudy.ts'
import { runGuards } from './guards.ts'
import { type OpenStudy, openStudy } from './openStudy.ts'
import { observeComparing } from './overlap.ts'
import { placeRun } from './runPlace.ts'
import { observeHashing } from './splits.ts'
import type { StudyObserver } from './study.ts'
import { studyCache } from './studyCache.ts'

/** How a study is sent. */
export interface SendOptions {
  /** Folder that receives `<recipe name>/`; it and the cache lie on a disk that all machines share. */
  readonly out: string
  readonly cache: string
  readonly device: string
  /** How a worker calls Eosin: `[node, /abs/eosin.js]`. */
  readonly command: readonly string[]
  /** Processors of a worker; its threads, and in the last job also its tasks at once. */
  readonly cpus: number
  readonly observer: StudyObserver
}

/**
 * What would be sent to a cluster, for a dry run; writes nothing but hashes of patches into the cache. Throws as `openStudy`
 * and `runGuards` do.
 */
export async function planSending(recipe: Recipe, options: SendOptions): Promise<ClusterStudy> {
  return withStudy(recipe, options, (study) => Promise.resolve(study))
}

/**
 * Begins the run folder of a study and hands what is due to `submit`; failures of earlier tries are forgotten. Throws as
 * `planSending` and `submit` do.
 */
export async function sendStudy<Result>(
  recipe: Recipe,
  options: SendOptions,
  submit: (study: ClusterStudy) => Promise<Result>,
): Promise<Result> {
  const onWait = (sentence: string) => options.observer.note?.(sentence)
  const run = await openRunFolder(placeRun(recipe, options), { onWait })
  try {
    return await withStudy(recipe, options, async (study, { tasks }) => {
      await writeStudyFile(run.path, { recipe, cache: options.cache, device: options.device })
      await writeTaskList(run.path, tasks)
      await forgetFailure(run.path)
      const sent = await submit(study)
      run.log.info({ waves: study.waves.length }, 'study sent')
      return sent
    })
  } finally {
    await run.close()
  }
}

async function withStudy<Result>(
  recipe: Recipe,
  options: SendOptions,
  use: (study: ClusterStudy, open: OpenStudy) => Promise<Result>,
): Promise<Result> {
  const { device, observer, cpus } = options
  const folder = resolve(placeRun(recipe, options))
  const hold = await openHold(options.cache)
  try {
    const { cache, watch } = studyCache(options.cache, observer, hold)
    const open = await openStudy(recipe, cache, { device, threads: cpus, observe: observeHashing(observer) })
    watch(open)
    try {
      const guards = await runGuards(open, cache, observeComparing(observer))
      for (const warning of listWarnings(guards)) observer.warn?.(warning)
      const planned = markDue(open.tasks, ({ inputs }) => cache.has(inputs))
      const forecast = await forecastStudy(open, planned, { threads: cpus })
      const known = forecast.tasks.filter((task) => task.known !== 'unknown')
      const seconds = new Map(known.map((task) => [task.key, task.seconds]))
      const waves = cutWaves(
        planned.filter(({ due }) => due),
        (key) => seconds.get(key),
      )
      return await use(describeSending(recipe.name, folder, options, waves), open)
    } finally {
      await open.close()
    }
  } finally {
    await hold.release()
  }
}

function describeSending(
  name: string,
  folder: string,
  { command, cpus }: SendOptions,
  waves: ClusterStudy['waves'],
): ClusterStudy {
  const file = `${folder}/study.json`
  const threads = ['--threads', String(cpus)]
  return {
    name,
    folder,
    command,
    worker: ['task', 'run', '--study', file, ...threads, '--lots'],
    finish: ['study', 'run', file, '--jobs', String(cpus), ...threads],
    waves,
  }
}
