// Runs a study: patches -> quality -> stain -> embed -> classify -> evaluate -> report. Its tasks are worked off and what
// they made is collected; every task is cached, so that stopping it at any moment and starting it again ends in the same
// bytes.

import { describeCause } from '../base/index.ts'
import { describeIdle, type ProviderChoice, requireProvider } from '../engine/index.ts'
import { countLeftOut, hiddenFile, type OpenedPatchSet } from '../patches/index.ts'
import { listRecipeParts, type Recipe } from '../recipe/index.ts'
import {
  type Found,
  forgetFailure,
  listUnknown,
  listWarnings,
  openRunFolder,
  type StudyFile,
  writeStudyFile,
  writeTaskList,
} from '../runs/index.ts'
import { openHold } from '../tasks/index.ts'
import { collect } from './collect.ts'
import { runGuards } from './guards.ts'
import { openMaterials } from './materials.ts'
import { type OpenStudy, openStudy } from './openStudy.ts'
import { observeComparing } from './overlap.ts'
import { describeRun } from './provenance.ts'
import { placeRun } from './runPlace.ts'
import { runTasks } from './runTasks.ts'
import { type OpenSplits, observeHashing } from './splits.ts'
import { type Study, type StudyOptions, type StudyResult, StudyUnfinished } from './study.ts'
import { studyCache } from './studyCache.ts'
import { writeRun } from './writeRun.ts'

/**
 * Runs the study that `recipe` describes; what the cache holds is not done again. A task that fails takes with it what rests
 * on it, and is listed in the result; where no cell is left, throws the first failure. Throws StudyUnfinished once its time
 * is up.
 */
export async function runStudy(recipe: Recipe, options: StudyOptions): Promise<StudyResult> {
  const onWait = (sentence: string) => options.observer.note?.(sentence)
  const device = options.device as ProviderChoice
  if (!options.goesOn) await requireProvider(device)
  const idle = describeIdle(device, listRecipeParts(recipe))
  const run = await openRunFolder(placeRun(recipe, options), { onWait })
  const hold = await openHold(options.cache).catch(async (cause) => {
    await run.close()
    throw cause
  })
  const { observer } = options
  const told = {
    note: (sentence: string) => observer.note?.(sentence),
    warn(sentence: string) {
      run.log.warn({ cache: sentence }, 'damaged entry')
      observer.warn?.(sentence)
    },
  }
  const { cache, watch } = studyCache(options.cache, told, hold)
  const study: Study = { recipe, options, cache, run, told }
  try {
    run.log.info({ recipe: recipe.name, seed: recipe.seed, device: idle ?? device }, 'study begins')
    if (idle) observer.note?.(idle)
    const file: StudyFile = { recipe, cache: options.cache, device: options.device }
    await writeStudyFile(run.path, file)
    const open = await openStudy(recipe, cache, {
      device: options.device,
      threads: options.threads,
      observe: observeHashing(observer),
    })
    watch(open)
    await writeTaskList(run.path, open.tasks)
    await forgetFailure(run.path)
    const materials = openMaterials(open, cache)
    try {
      hold.add(...open.tasks.map(({ stage, key }) => `${stage}/${key}`))
      noteLeftOut(study, open.splits)
      const guards = await noteGuards(study, open)
      const outcome = await withinHours(options.maxHours, (signal) =>
        runTasks(study, materials, file, signal),
      )
      if (outcome.left.length > 0) throw new StudyUnfinished(options.maxHours!, outcome.left.length)
      const collected = await collect(materials, outcome, guards)
      const manifest = await describeRun(recipe, collected.filtered, open.extractors, guards.overlaps)
      return await writeRun(study, open, collected, manifest)
    } finally {
      await materials.close()
      await open.close()
    }
  } catch (cause) {
    run.log.error({ error: describeCause(cause) }, 'study failed')
    throw cause
  } finally {
    await hold.release()
    await run.close()
  }
}

async function withinHours<Result>(
  hours: number | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const end = new AbortController()
  const timer = hours === undefined ? undefined : setTimeout(() => end.abort(), hours * 3_600_000)
  try {
    return await work(end.signal)
  } finally {
    clearTimeout(timer)
  }
}

// Said at the start: whoever sees it may not want to wait for the end.
async function noteGuards({ run, options, cache }: Study, open: OpenStudy): Promise<Found> {
  const guards = await runGuards(open, cache, observeComparing(options.observer))
  for (const overlap of guards.overlaps) run.log.warn({ overlap }, 'splits overlap')
  for (const overlap of Object.values(guards.within ?? {}).flat())
    run.log.warn({ overlap }, 'centers overlap')
  for (const order of guards.orders) run.log.warn({ order }, 'order tells labels')
  for (const [extractor, exposure] of Object.entries(guards.exposures))
    run.log.info({ extractor, exposure }, 'what it has seen')
  for (const warning of listWarnings(guards)) options.observer.warn?.(warning)
  for (const sentence of listUnknown(guards)) options.observer.note?.(sentence)
  return guards
}

// Files that their owner may take for patches (hidden ones nobody does), and folders that may mean something else.
function noteLeftOut({ run, options }: Study, splits: OpenSplits): void {
  for (const { split, set } of Object.values(splits)) {
    const { doubt } = set as Partial<OpenedPatchSet>
    if (doubt) {
      run.log.warn({ split, doubt })
      options.observer.warn?.(`${split}: ${doubt}`)
    }
    for (const [reason, count] of Object.entries(countLeftOut(set) ?? {})) {
      run.log.info({ split, leftOut: reason, count })
      if (reason !== hiddenFile) options.observer.warn?.(`${split}: ${count} left out: ${reason}`)
    }
  }
}
