// What a study will cost, from what its tasks cost before on this machine.

import { availableParallelism } from 'node:os'
import { type Progress, silent } from '../base/index.ts'
import { type Forecast, findRates, forecastTasks, readRates } from '../tasks/index.ts'
import type { OpenStudy, PlannedTask } from './openStudy.ts'
import { sampleCosts } from './sampleCost.ts'

/** How a study would be run. */
export interface RunningOptions {
  /** Tasks at a time; one by default. */
  readonly jobs?: number
  /** Threads of all of them together; all cores by default. */
  readonly threads?: number
  /** Seconds that may be spent on measuring tasks that nothing is known of; none by default. */
  readonly sampling?: number
  readonly progress?: Progress
}

/** Forecasts the tasks of an open study that are due. */
export async function forecastStudy(
  study: OpenStudy,
  planned: readonly PlannedTask[],
  { jobs = 1, threads = availableParallelism(), sampling = 0, progress = silent }: RunningOptions,
): Promise<Forecast> {
  const rates = await readRates()
  const place = { threads: Math.max(1, Math.floor(threads / jobs)), seconds: sampling, progress }
  const isWanted = sampling > 0 && findRates() !== null // who remembers nothing would try again each time
  const sampled = isWanted ? await sampleCosts(planned, rates, { ...study, ...place }) : []
  const hasDevice = study.device !== 'cpu'
  return forecastTasks(planned, [...rates, ...sampled], { jobs, threads, hasDevice })
}
