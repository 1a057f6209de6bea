// How fast a run goes and when it may end: what each stage's finished tasks took, and what is left of it.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type EntryCost, readEntryCost } from '../tasks/index.ts'
import type { RunStatus, TaskStatus } from './runStatus.ts'
import { readStudyFile } from './studyFile.ts'

/** How far one stage of a run is. */
export interface StagePace {
  readonly stage: string
  readonly done: number
  readonly running: number
  /** Waiting, and what rests on it. */
  readonly waiting: number
  readonly failed: number
  /** Patches or rows a second of one task, over the tasks that are done; null where none is, or none looked at any. */
  readonly itemsPerSecond: number | null
}

/** How fast a run goes. */
export interface RunPace {
  readonly stages: readonly StagePace[]
  /** Tasks in work at the moment, and since when (ISO 8601). */
  readonly running: readonly { readonly key: string; readonly since: string | null }[]
  /** Seconds until the last task is done, if as many run at a time as now; null where nothing is in work. */
  readonly secondsLeft: number | null
  /** Stages of which no task is done yet: their tasks are not part of `secondsLeft`. */
  readonly unknownStages: readonly string[]
}

/** Reads what a finished task cost; null where that is not known. */
export type CostReader = (stage: string, key: string) => Promise<EntryCost | null>

/** A reader of costs that asks the disk once for each task: what an entry cost does not change. */
export function openCosts(cache: string): CostReader {
  const known = new Map<string, Promise<EntryCost | null>>()
  return (stage, key) => {
    const name = `${stage}/${key}`
    const cost = known.get(name) ?? readEntryCost(cache, stage, key).catch(() => null)
    known.set(name, cost)
    return cost
  }
}

/** How fast the run with this status goes. Throws DataError where its folder is no run's. */
export async function measurePace(
  { folder, tasks }: Pick<RunStatus, 'folder' | 'tasks'>,
  costs?: CostReader,
): Promise<RunPace> {
  const { cache } = await readStudyFile(folder)
  const read = costs ?? openCosts(cache)
  const needed = tasks.filter(({ state }) => state !== 'not needed')
  const stages = [...new Set(needed.map(({ stage }) => stage))]
  const rates = new Map<string, Rate | null>()
  for (const stage of stages) rates.set(stage, await readRate(needed, stage, read))
  const inWork = needed.filter(({ state }) => state === 'running')
  const running = await Promise.all(
    inWork.map(async ({ key, stage }) => ({ key, since: await beginOf(cache, stage, key) })),
  )
  const left = needed.filter(({ state }) => state === 'running' || state === 'waiting')
  const seconds = left.reduce((sum, { stage, key, items }) => {
    const since = running.find((task) => task.key === key)?.since
    const spent = since ? (Date.now() - Date.parse(since)) / 1000 : 0
    return sum + Math.max(0, secondsOf(rates.get(stage) ?? null, items) - spent)
  }, 0)
  return {
    stages: stages.map((stage) => countStage(needed, stage, rates.get(stage)?.itemsPerSecond ?? null)),
    running,
    secondsLeft: inWork.length > 0 ? seconds / inWork.length : null,
    unknownStages: stages.filter((stage) => !rates.get(stage) && left.some((task) => task.stage === stage)),
  }
}

// Seconds of a task in the mean, and items a second over all tasks.
interface Rate {
  readonly meanSeconds: number
  readonly itemsPerSecond: number | null
}

async function readRate(tasks: readonly TaskStatus[], stage: string, read: CostReader): Promise<Rate | null> {
  const done = tasks.filter((task) => task.stage === stage && task.state === 'done')
  const costs = await Promise.all(done.map(({ key }) => read(stage, key)))
  let [count, seconds, items] = [0, 0, 0]
  costs.forEach((cost, i) => {
    if (!cost) return
    count++
    seconds += cost.seconds
    items += done[i].items
  })
  if (count === 0) return null
  return { meanSeconds: seconds / count, itemsPerSecond: items > 0 && seconds > 0 ? items / seconds : null }
}

function secondsOf(rate: Rate | null, items: number): number {
  if (!rate) return 0
  return rate.itemsPerSecond !== null && items > 0 ? items / rate.itemsPerSecond : rate.meanSeconds
}

function countStage(tasks: readonly TaskStatus[], stage: string, itemsPerSecond: number | null): StagePace {
  const count = (...states: TaskStatus['state'][]) =>
    tasks.filter((task) => task.stage === stage && states.includes(task.state)).length
  return {
    stage,
    done: count('done'),
    running: count('running'),
    waiting: count('waiting', 'skipped'),
    failed: count('failed'),
    itemsPerSecond,
  }
}

// Its lease is made when a task begins.
async function beginOf(cache: string, stage: string, key: string): Promise<string | null> {
  const found = await stat(join(cache, stage, `${key}.lease`)).catch(() => null)
  return found ? found.birthtime.toISOString() : null
}
