// What a list of tasks will cost, from what such tasks cost on this machine before: time, disk and memory.

import { type Estimate, type Known, openRates } from './estimate.ts'
import type { Cost, Rate } from './rates.ts'
import { findPeak, orderByPath, scheduleTasks } from './schedule.ts'

/** A task as a forecast sees it. */
export interface CostedTask {
  readonly key: string
  /** Keys of the tasks that it is made from, each of a task before it. */
  readonly needs: readonly string[]
  /** Keys of others that it waits for where they are done too. */
  readonly after?: readonly string[]
  /** It uses the device that was asked for. */
  readonly usesDevice?: true
  readonly cost: Cost
  /** Whether it would be done. */
  readonly due: boolean
}

/** How tasks would be done. */
export interface ForecastOptions {
  /** Tasks at a time. */
  readonly jobs: number
  /** Threads of all of them together. */
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

/** Forecasts the tasks that are due; with `hasDevice`, one of those that use it runs at a time. */
export function forecastTasks(
  tasks: readonly CostedTask[],
  rates: readonly Rate[],
  { jobs, threads, hasDevice = false }: ForecastOptions & { readonly hasDevice?: boolean },
): Forecast {
  const table = openRates(rates)
  const listed = tasks.filter((task) => task.due)
  const evenly = Math.max(1, Math.floor(threads / jobs))
  const guessed = listed.map((task) => ({
    ...task,
    seconds: table.estimate(task.cost, evenly)?.seconds ?? 0,
  }))
  const order = jobs > 1 ? orderByPath(guessed) : listed.map((_, place) => place) // as a run takes them
  const due = order.map((place) => listed[place])
  const timesBy = (time: 'seconds' | 'low' | 'high') =>
    scheduleTasks(
      due.map(({ key, needs, after = [], usesDevice = false, cost }) => ({
        key,
        needs: [...needs, ...after],
        isAlone: hasDevice && usesDevice,
        secondsOn: (share) => table.estimate(cost, share)?.[time] ?? 0,
      })),
      { jobs, threads },
    )
  const slots = timesBy('seconds')
  const forecasts = due.map(({ key, cost }, i): TaskForecast => {
    const bytes = cost.bytes ?? 0
    const nothing = { known: 'unknown', seconds: 0, low: 0, high: 0, bytes, peakRssMb: 0 } as const
    return { key, class: cost.class, ...(table.estimate(cost, slots[i].threads) ?? nothing) }
  })
  const byKey = new Map(forecasts.map((task) => [task.key, task]))
  const lastOf = (ends: readonly { readonly end: number }[]) =>
    ends.reduce((last, { end }) => Math.max(last, end), 0)
  return {
    jobs,
    threads,
    seconds: lastOf(slots),
    low: lastOf(timesBy('low')),
    high: lastOf(timesBy('high')),
    bytes: forecasts.reduce((sum, { bytes }) => sum + bytes, 0),
    peakRssMb: findPeak(slots.map((slot, i) => ({ ...slot, amount: forecasts[i].peakRssMb }))),
    tasks: listed.map(({ key }) => byKey.get(key)!),
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
