// A list of tasks worked off: each after what it needs, many at once, and a failure takes along only what rests on it.

import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Executable, type Execution, execute, openMemory } from '../../src/tasks/index.ts'

const task = (key: string, ...needs: string[]): Executable => ({ key, needs })

// Works off `tasks`, and tells in which order they began and ended, and how many ran at most.
async function follow(
  tasks: readonly Executable[],
  execution: Partial<Execution<Executable>> & { readonly failing?: readonly string[] },
) {
  const { failing = [], ...rest } = execution
  const events: string[] = []
  const threads: Record<string, number> = {}
  let running = 0
  let most = 0
  const outcome = await execute(tasks, {
    jobs: 1,
    threads: 4,
    isDone: () => false,
    async run({ key }, share) {
      events.push(`+${key}`)
      threads[key] = share
      most = Math.max(most, ++running)
      await setTimeout(1)
      running--
      events.push(`-${key}`)
      if (failing.includes(key)) throw new Error(`${key} broke`)
    },
    ...rest,
  })
  return { outcome, events, threads, most }
}

// A list in which each task needs some of those before it.
const lists = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((all) =>
    all.map((needs, i) => task(`t${i}`, ...new Set(i === 0 ? [] : needs.map((need) => `t${need % i}`)))),
  )

describe('execute', () => {
  it('does each task once, after all that it needs, with so many at once', async () => {
    await fc.assert(
      fc.asyncProperty(lists, fc.integer({ min: 1, max: 4 }), async (tasks, jobs) => {
        const { outcome, events, most } = await follow(tasks, { jobs })
        expect(outcome).toEqual({ failed: [], left: [] })
        expect(events.filter((event) => event.startsWith('+')).sort()).toEqual(
          tasks.map(({ key }) => `+${key}`).sort(),
        )
        expect(most).toBeLessThanOrEqual(jobs)
        for (const { key, needs } of tasks) {
          for (const need of needs) expect(events.indexOf(`-${need}`)).toBeLessThan(events.indexOf(`+${key}`))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('skips what rests on a failure, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(lists, fc.array(fc.nat(), { maxLength: 2 }), async (tasks, chosen) => {
        const failing = [...new Set(chosen.map((i) => `t${i % tasks.length}`))]
        const { outcome, events } = await follow(tasks, { jobs: 2, failing })
        const broken = new Set<string>()
        for (const { key, needs } of tasks) {
          if (failing.includes(key) || needs.some((need) => broken.has(need))) broken.add(key)
        }
        const told = outcome.failed.flatMap(({ task, skipped }) => [task, ...skipped].map(({ key }) => key))
        expect(told.sort()).toEqual([...broken].sort())
        const done = tasks.filter(({ key }) => !broken.has(key)).map(({ key }) => `-${key}`)
        expect(done.every((event) => events.includes(event))).toBe(true)
        for (const { task, cause } of outcome.failed) expect(cause).toEqual(new Error(`${task.key} broke`))
      }),
      { numRuns: 60 },
    )
  })

  it('shares the threads among those that run: all for one alone', async () => {
    const { threads } = await follow([task('a'), task('b', 'a'), task('c', 'a')], { jobs: 2, threads: 4 })
    expect(threads).toEqual({ a: 4, b: 2, c: 2 })
    const narrow = await follow([task('a'), task('b'), task('c')], { jobs: 3, threads: 2 })
    expect(Object.values(narrow.threads).every((share) => share === 1)).toBe(true)
  })

  it('waits for tasks that save work, and does without them where they failed', async () => {
    const late = { ...task('late'), after: ['first'] }
    const { events, outcome } = await follow([task('first'), late], { jobs: 2, failing: ['first'] })
    expect(events).toEqual(['+first', '-first', '+late', '-late'])
    expect(outcome.failed.map(({ task: { key }, skipped }) => [key, skipped])).toEqual([['first', []]])
  })

  it('leaves what another process is at until nothing else is left, and takes what that one made', async () => {
    const looks: string[] = []
    let isThere = false
    const { events } = await follow([task('theirs'), task('ours'), task('both', 'theirs', 'ours')], {
      jobs: 1,
      async isElsewhere({ key }) {
        looks.push(key)
        return key === 'theirs'
      },
      isDone: ({ key }) => key === 'theirs' && isThere,
      onFound: ({ key }) => looks.push(`found ${key}`),
      async run({ key }) {
        looks.push(`run ${key}`)
        if (key === 'ours') isThere = true
      },
    })
    expect(events).toEqual([])
    expect(looks).toEqual(['theirs', 'ours', 'run ours', 'found theirs', 'both', 'run both'])
    const alone = await follow([task('theirs')], { isElsewhere: async () => true })
    expect(alone.events).toEqual(['+theirs', '-theirs']) // its own work waits for the other process
  })

  it('leaves nothing undone where the last one ends while it looks at what others do', async () => {
    const tasks = [task('own'), task('theirs'), task('later', 'own')]
    const { outcome, events } = await follow(tasks, {
      jobs: 2,
      async isElsewhere({ key }) {
        if (key === 'theirs') await setTimeout(20) // `own` has long ended when the answer comes
        return key === 'theirs'
      },
    })
    expect(outcome).toEqual({ failed: [], left: [] })
    expect(events.filter((event) => event.startsWith('+')).sort()).toEqual(['+later', '+own', '+theirs'])
  })

  it('begins no more once it is to end, and says what is left', async () => {
    const end = new AbortController()
    const { outcome } = await follow([task('a'), task('b'), task('c', 'a')], {
      signal: end.signal,
      async run() {
        end.abort()
        throw new Error('stopped in the middle')
      },
    })
    expect(outcome.failed).toEqual([])
    expect(outcome.left.map(({ key }) => key)).toEqual(['a', 'b', 'c'])
  })

  it('runs beside each other only what fits, and one always', async () => {
    const { most, outcome } = await follow([task('a'), task('b'), task('c')], { jobs: 3, fits: () => false })
    expect([most, outcome.failed, outcome.left]).toEqual([1, [], []])
  })

  it('runs beside each other only what memory holds, and what is too large for it alone', async () => {
    const peaks = new Map(Object.entries({ large: 60, other: 60, small: 40, huge: 500 })) // of `unknown` nothing is known
    const { events, outcome } = await follow(
      [task('large'), task('other'), task('small'), task('huge'), task('unknown', 'huge')],
      { jobs: 3, fits: openMemory(100, peaks) },
    )
    const running = new Set<string>()
    const together: string[] = []
    for (const event of events) {
      if (event.startsWith('-')) running.delete(event.slice(1))
      else running.add(event.slice(1))
      together.push([...running].sort().join(' '))
      const held = [...running].reduce((sum, key) => sum + (peaks.get(key) ?? 0), 0)
      expect(held <= 100 || running.size === 1).toBe(true)
    }
    expect(together).toContain('large small')
    expect([events.length, outcome.failed, outcome.left]).toEqual([10, [], []])
  })
})
