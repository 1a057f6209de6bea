// When tasks would run, so many at a time, as `execute` runs them: each begins as soon as what it needs is done and a place is
// free, those that stand first first, and the threads are shared out among those that run. And in which order they should stand.

import { shareThreads } from './shareThreads.ts'

/** A task with the time it takes. */
export interface TimedTask {
  readonly key: string
  /** Keys of others; those that are not among the tasks are there already. */
  readonly needs: readonly string[]
  /** What it takes on so many threads. */
  secondsOn(threads: number): number
  /** No other such task runs beside it. */
  readonly isAlone?: boolean
}

/** When a task runs, in seconds from the start of all. */
export interface Slot {
  readonly start: number
  readonly end: number
  readonly threads: number
}

/** The slots of `tasks`, in their order, on `jobs` places and so many threads of all. No task may need one that stands after it. */
export function scheduleTasks(
  tasks: readonly TimedTask[],
  { jobs, threads: all }: { readonly jobs: number; readonly threads: number },
): Slot[] {
  const places = new Map(tasks.map(({ key }, place) => [key, place]))
  const waitsFor = tasks.map(({ needs }) => new Set(needs.filter((key) => places.has(key))).size)
  const dependents = tasks.map((): number[] => [])
  for (const [place, { needs }] of tasks.entries())
    for (const key of new Set(needs)) if (places.has(key)) dependents[places.get(key)!].push(place)
  const slots = new Array<Slot>(tasks.length)
  const ready = tasks.flatMap((_, place) => (waitsFor[place] === 0 ? [place] : []))
  const running: number[] = []
  let now = 0
  const begin = (place: number) => {
    const used = running.reduce((sum, other) => sum + slots[other].threads, 0)
    const threads = shareThreads(all, used, ready.length, jobs - running.length)
    ready.splice(ready.indexOf(place), 1)
    slots[place] = { start: now, end: now + tasks[place].secondsOn(threads), threads }
    running.push(place)
  }
  const choose = () => {
    const isTaken = running.some((place) => tasks[place].isAlone)
    return running.length < jobs ? ready.find((place) => !(isTaken && tasks[place].isAlone)) : undefined
  }
  while (ready.length + running.length > 0) {
    for (let next = choose(); next !== undefined; next = choose()) begin(next)
    running.sort((a, b) => slots[a].end - slots[b].end)
    const done = running.shift()!
    now = slots[done].end
    for (const place of dependents[done]) if (--waitsFor[place] === 0) insertSorted(ready, place)
  }
  return slots
}

/**
 * The places of `tasks` in the order in which they are best begun where several run at a time: first those from which it is
 * longest to the end, themselves and what rests on them one after the other, so that no long task is left for last. None
 * stands before one that it needs; of equals, the first stands first.
 */
export function orderByPath(
  tasks: readonly { readonly key: string; readonly needs: readonly string[]; readonly seconds: number }[],
): number[] {
  const places = new Map(tasks.map(({ key }, place) => [key, place]))
  const rest = tasks.map(() => 0) // seconds of what rests on a task
  const paths = tasks.map(() => 0)
  for (const [place, { needs, seconds }] of [...tasks.entries()].reverse()) {
    paths[place] = seconds + rest[place]
    for (const key of needs) {
      const need = places.get(key)
      if (need !== undefined) rest[need] = Math.max(rest[need], paths[place])
    }
  }
  return tasks.map((_, place) => place).sort((a, b) => paths[b] - paths[a] || a - b)
}

function insertSorted(places: number[], place: number): void {
  const at = places.findIndex((other) => other > place)
  places.splice(at < 0 ? places.length : at, 0, place)
}

/** The most that is held at once; what ends where another begins is not held with it. */
export function findPeak(
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
