// What a list of tasks will cost, from what such tasks cost on this machine before: time, disk and memory.

import { type Estimate, type Known, openRates } from './estimate.ts'
import type { Cost, Rate } from './rates.ts'
import { orderByPath, scheduleTasks, type TimedTask } from './schedule.ts'

/** A task as a forecast sees it. */
export interface CostedTask {
  readonly key: string
  /** Keys of the tasks that it is made from, each of a task before it. */
  readonly needs: readonly string[]
  readonly cost: Cost
  /** Whether it would be done. */
  readonly due: boolean
}

/** How tasks would be done. */
export interface ForecastOptions {
  /** Tasks at a time. */
  readonly jobs: number
  /** Threads of each. */
  readonly threads: number
}

/** What one task will cost. */
export interface TaskForecast extends Omit<Estimate, 'known'> {
  readonly key: string
  readonly class: string
  /** `unknown`: nothing like it has been measured, and its figures are 0. */
  readonly known: Known | 'unknown'
}

/** What a list of tasks will cost. */
export interface Forecast extends ForecastOptions {
  /** Wall time of all, and half of what was measured before, all tasks alike. */
  readonly seconds: number
  readonly low: number
  readonly high: number
  /** Left on disk. */
  readonly bytes: number
  /** MB (2^20 bytes) of those tasks that run at the same time, at most. */
  readonly peakRssMb: number
  /** Those that are due, in order. */
  readonly tasks: readonly TaskForecast[]
}

/** Forecasts the tasks that are due. */
export function forecastTasks(
  tasks: readonly CostedTask[],
  rates: readonly Rate[],
  { jobs, threads }: ForecastOptions,
): Forecast {
  const table = openRates(rates)
  const due = tasks.filter((task) => task.due)
  const forecasts = due.map(({ key, cost }): TaskForecast => {
    const nothing = {
      known: 'unknown',
      seconds: 0,
      low: 0,
      high: 0,
      bytes: cost.bytes ?? 0,
      peakRssMb: 0,
    } as const
    return { key, class: cost.class, ...(table.estimate(cost, threads) ?? nothing) }
  })
  const timed = (time: 'seconds' | 'low' | 'high') =>
    due.map(({ key, needs }, i): TimedTask => ({ key, needs, seconds: forecasts[i][time] }))
  const order = jobs > 1 ? orderByPath(timed('seconds')) : due.map((_, i) => i)
  const timesBy = (time: 'seconds' | 'low' | 'high') => {
    const tasks = timed(time)
    return scheduleTasks(
      order.map((i) => tasks[i]),
      jobs,
    )
  }
  const slots = timesBy('seconds')
  const lastOf = (ends: readonly { readonly end: number }[]) => Math.max(0, ...ends.map(({ end }) => end))
  return {
    jobs,
    threads,
    seconds: lastOf(slots),
    low: lastOf(timesBy('low')),
    high: lastOf(timesBy('high')),
    bytes: forecasts.reduce((sum, { bytes }) => sum + bytes, 0),
    peakRssMb: findPeak(slots.map((slot, i) => ({ ...slot, amount: forecasts[order[i]].peakRssMb }))),
    tasks: forecasts,
  }
}

/** Of the tasks that are due, the first of each class that nothing is known of. */
export function listUnknown<Task extends CostedTask>(
  tasks: readonly Task[],
  rates: readonly Rate[],
  threads: number,
): Task[] {
  const table = openRates(rates)
  const unknown = new Map<string, Task>()
  for (const task of tasks) {
    const { cost, due } = task
    if (!due || unknown.has(cost.class)) continue
    if (table.estimate({ ...cost, like: [] }, threads) === null) unknown.set(cost.class, task)
  }
  return [...unknown.values()]
}

// The most that is held at once; what ends where another begins is not held with it.
function findPeak(
  held: readonly { readonly start: number; readonly end: number; readonly amount: number }[],
): number {
  const steps = held.flatMap(({ start, end, amount }) => [
    { at: start, by: amount },
    { at: end, by: -amount },
  ])
  steps.sort((a, b) => a.at - b.at || a.by - b.by)
  let now = 0
  return steps.reduce((most, { by }) => {
    now += by
    return Math.max(most, now)
  }, 0)
}
