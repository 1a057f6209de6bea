// Forecasts: how a cost follows from those of before, when tasks would run, and what is said of it.

import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { fitLine } from '../../src/tasks/estimate.ts'
import {
  type Cost,
  type CostedTask,
  describeForecast,
  forecastTasks,
  listUnknown,
  openRates,
  orderByPath,
  type Rate,
  sayBytes,
  sayDuration,
  scheduleTasks,
} from '../../src/tasks/index.ts'

const rate = (given: Partial<Rate>): Rate => ({
  class: 'embed texture',
  size: 9216,
  items: 100,
  seconds: 10,
  peakRssMb: 200,
  bytes: 1000,
  threads: null,
  at: '2026-01-01T00:00:00.000Z',
  ...given,
})
const cost = (given: Partial<Cost> = {}): Cost => ({
  class: 'embed texture',
  size: 9216,
  items: 100,
  ...given,
})

describe('a line through costs', () => {
  const line = (points: [number, number][], alone: 'grows' | 'stays' = 'grows') => {
    const at = fitLine(points, alone)
    return [0, 100].map((amount) => Number(at(amount).toFixed(6)))
  }

  it('tells the start from the cost of an item, where amounts differ', () => {
    expect(
      line([
        [10, 7],
        [20, 9],
        [400, 85],
      ]),
    ).toEqual([5, 25])
  })

  it('is not moved by one that is far off', () => {
    expect(
      line([
        [10, 7],
        [20, 9],
        [40, 13],
        [80, 21],
        [160, 900],
        [320, 69],
      ]),
    ).toEqual([5, 25])
  })

  it('goes through 0, or is level, where it would begin below or fall', () => {
    expect(
      line([
        [10, 1],
        [100, 100],
      ]),
    ).toEqual([0, 55])
    expect(
      line([
        [10, 30],
        [100, 10],
      ]),
    ).toEqual([20, 20])
  })

  it('of one amount grows from 0 or stays', () => {
    expect(
      line([
        [50, 10],
        [50, 14],
        [60, 12],
      ]),
    ).toEqual([0, 20])
    expect(
      line(
        [
          [50, 10],
          [50, 14],
          [60, 12],
        ],
        'stays',
      ),
    ).toEqual([12, 12])
    expect(
      line([
        [0, 3],
        [0, 5],
      ]),
    ).toEqual([4, 4])
  })
})

describe('an estimate', () => {
  it('is the median of the last runs of the same work', () => {
    const old = Array.from({ length: 30 }, () => rate({ seconds: 1000 }))
    const now = Array.from({ length: 20 }, (_, i) => rate({ seconds: 10 + i }))
    const estimate = openRates([...old, ...now]).estimate(cost({ items: 200 }), 2)
    expect(estimate).toEqual({
      known: 'measured',
      seconds: 39,
      low: 29.5,
      high: 48.5,
      bytes: 1000,
      peakRssMb: 200,
    })
  })

  it('knows bytes that are known beforehand, and says no range of few runs', () => {
    const estimate = openRates([rate({ seconds: 12.5 }), rate({ seconds: 25 })]).estimate(
      cost({ bytes: 77 }),
      1,
    )
    expect(estimate).toMatchObject({ seconds: 18.75, low: 18.75, high: 18.75, bytes: 77 })
  })

  it('is scaled from the nearest other size, and from other threads where they count', () => {
    const rates = [rate({ size: 4608, seconds: 4 }), rate({ size: 92_160, seconds: 50 })]
    expect(openRates(rates).estimate(cost(), 1)).toMatchObject({ known: 'similar', seconds: 8 })
    const threaded = [rate({ threads: 2 })]
    const wanted = cost({ usesThreads: true })
    expect(openRates(threaded).estimate(wanted, 2)).toMatchObject({ known: 'measured', seconds: 10 })
    expect(openRates(threaded).estimate(wanted, 4)).toMatchObject({ known: 'similar', seconds: 5 })
  })

  it('prefers what was done to a sample, a sample to what is like it, and that to nothing', () => {
    const wanted = cost({ like: ['embed text', 'embed'] })
    const done = rate({ seconds: 1 })
    const sample = rate({ seconds: 2, sampled: true })
    const like = rate({ class: 'embed textile', seconds: 3 })
    const other = rate({ class: 'embed onnx', seconds: 4 })
    const estimate = (rates: Rate[]) => {
      const { known, seconds } = openRates(rates).estimate(wanted, 1) ?? {}
      return [known, seconds]
    }
    expect(estimate([other, like, sample, done])).toEqual(['measured', 1])
    expect(estimate([other, like, sample])).toEqual(['sampled', 2])
    expect(estimate([other, like])).toEqual(['similar', 3])
    expect(estimate([other])).toEqual(['similar', 4])
    expect(estimate([rate({ class: 'head mlp' })])).toEqual([undefined, undefined])
  })
})

describe('a schedule', () => {
  const task = (key: string, seconds: number, ...needs: string[]) => ({
    key,
    needs,
    secondsOn: () => seconds,
  })
  const ends = (jobs: number, ...tasks: ReturnType<typeof task>[]) =>
    scheduleTasks(tasks, { jobs, threads: jobs }).map(({ start, end }) => [start, end])

  it('runs one after the other, or as many as there are jobs', () => {
    const tasks = [task('a', 3), task('b', 2), task('c', 2)]
    expect(ends(1, ...tasks)).toEqual([
      [0, 3],
      [3, 5],
      [5, 7],
    ])
    expect(ends(2, ...tasks)).toEqual([
      [0, 3],
      [0, 2],
      [2, 4],
    ])
    expect(ends(9, ...tasks)).toEqual([
      [0, 3],
      [0, 2],
      [0, 2],
    ])
  })

  it('waits for what a task needs, and takes those that stand first first', () => {
    const tasks = [
      task('a', 3),
      task('b', 1, 'a', 'cached', 'a'),
      task('c', 2),
      task('d', 1),
      task('e', 1, 'b', 'c'),
    ]
    expect(ends(2, ...tasks)).toEqual([
      [0, 3],
      [3, 4],
      [0, 2],
      [2, 3],
      [4, 5],
    ])
  })

  it('shares out threads among those that could run, and gives one that runs alone all', () => {
    const shared = (key: string, ...needs: string[]) => ({
      key,
      needs,
      secondsOn: (share: number) => 12 / share,
    })
    const threadsOf = (jobs: number, ...tasks: ReturnType<typeof shared>[]) =>
      scheduleTasks(tasks, { jobs, threads: 4 }).map(({ start, end, threads }) => [start, end, threads])
    expect(threadsOf(1, shared('a'), shared('b'))).toEqual([
      [0, 3, 4],
      [3, 6, 4],
    ])
    expect(threadsOf(2, shared('a'), shared('b'), shared('c', 'a', 'b'))).toEqual([
      [0, 6, 2],
      [0, 6, 2],
      [6, 9, 4],
    ])
    expect(
      threadsOf(9, ...['a', 'b', 'c', 'd', 'e'].map((key) => shared(key))).map(([, , threads]) => threads),
    ).toEqual([1, 1, 1, 1, 1])
  })

  it('keeps those apart that may not run beside each other', () => {
    const tasks = [{ ...task('a', 3), isAlone: true }, { ...task('b', 2), isAlone: true }, task('c', 1)]
    expect(ends(2, ...tasks)).toEqual([
      [0, 3],
      [3, 5],
      [0, 1],
    ])
  })

  it('ends with all, however many there are', () => {
    const random = openRandom(1, 'schedule')
    const tasks = Array.from({ length: 3000 }, (_, i) =>
      task(`${i}`, random.integer(10), ...(i > 0 ? [`${random.integer(i)}`, `${random.integer(i)}`] : [])),
    )
    const slots = scheduleTasks(tasks, { jobs: 3, threads: 3 })
    const work = tasks.reduce((sum, { secondsOn }) => sum + secondsOn(), 0)
    for (const [i, { needs, secondsOn }] of tasks.entries()) {
      for (const need of needs) expect(slots[i].start).toBeGreaterThanOrEqual(slots[Number(need)].end)
      expect(slots[i].end - slots[i].start).toBe(secondsOn())
    }
    const last = Math.max(...slots.map(({ end }) => end))
    expect(last).toBeGreaterThanOrEqual(work / 3)
    expect(last).toBeLessThanOrEqual(work)
  })
})

describe('the order for many at a time', () => {
  const task = (key: string, seconds: number, ...needs: string[]) => ({ key, seconds, needs })
  const names = (...tasks: readonly ReturnType<typeof task>[]) =>
    orderByPath(tasks)
      .map((place) => tasks[place].key)
      .join('')

  it('begins with the longest way to the end, and leaves equals as they stand', () => {
    expect(names(task('a', 1), task('b', 5), task('c', 1), task('d', 9, 'c'))).toBe('cdba')
    expect(names(task('a', 2), task('b', 2), task('c', 0, 'a'), task('d', 0))).toBe('abcd')
  })

  it('puts no task before one that it needs, and ends no later than the list for a long one at its end', () => {
    const random = openRandom(0, 'path')
    const tasks = Array.from({ length: 60 }, (_, i) =>
      task(`${i}`, random.integer(3), ...(i > 0 ? [`${random.integer(i)}`, 'cached'] : [])),
    )
    const order = orderByPath(tasks)
    for (const [at, place] of order.entries()) {
      for (const need of tasks[place].needs.filter((key) => key !== 'cached'))
        expect(order.indexOf(Number(need))).toBeLessThan(at)
    }
    const late = [task('a', 1), task('b', 1), task('c', 1), task('d', 3)]
    const lastOf = (listed: typeof late) =>
      scheduleTasks(
        listed.map(({ seconds, ...rest }) => ({ ...rest, secondsOn: () => seconds })),
        { jobs: 2, threads: 2 },
      ).reduce((last, { end }) => Math.max(last, end), 0)
    expect([lastOf(late), lastOf(orderByPath(late).map((place) => late[place]))]).toEqual([4, 3])
  })
})

describe('a forecast', () => {
  const task = (key: string, of: Cost, needs: string[] = [], due = true): CostedTask => ({
    key,
    needs,
    cost: of,
    due,
  })
  const head = cost({ class: 'head mlp', size: 266, items: 60 })
  const rates = [
    rate({}),
    rate({ class: 'head mlp', size: 266, items: 60, seconds: 3, peakRssMb: 100, bytes: 50 }),
  ]
  const study = [
    task('done', cost(), [], false),
    task('train', cost({ items: 300 }), ['done']),
    task('val', cost()),
    ...[0, 1, 2].map((seed) => task(`head ${seed}`, head, ['train', 'val'])),
  ]

  it('adds what is due, so many jobs at a time', () => {
    const one = forecastTasks(study, rates, { jobs: 1, threads: 2 })
    expect(one).toMatchObject({ seconds: 49, low: 49, high: 49, bytes: 2150, peakRssMb: 200, jobs: 1 })
    expect(one.tasks.map(({ key, seconds }) => `${key} ${seconds}`)).toEqual([
      'train 30',
      'val 10',
      'head 0 3',
      'head 1 3',
      'head 2 3',
    ])
    expect(forecastTasks(study, rates, { jobs: 2, threads: 1 })).toMatchObject({
      seconds: 36,
      peakRssMb: 400,
    })
    expect(forecastTasks(study, rates, { jobs: 9, threads: 1 })).toMatchObject({
      seconds: 33,
      peakRssMb: 400,
    })
  })

  it('is near the time of work whose cost varies', () => {
    const random = openRandom(3, 'work')
    const truth = (items: number) => (0.4 + 0.01 * items) * Math.exp(0.2 * random.normal())
    const past = [100, 100, 250, 250, 800, 800, 800].map((items) => rate({ items, seconds: truth(items) }))
    const amounts = Array.from({ length: 40 }, () => 50 + random.integer(4000))
    const tasks = amounts.map((items, i) => task(`${i}`, cost({ items })))
    const { seconds, low, high } = forecastTasks(tasks, past, { jobs: 2, threads: 1 })
    const real = scheduleTasks(
      amounts.map((items, i) => {
        const seconds = truth(items)
        return { key: `${i}`, needs: [], secondsOn: () => seconds }
      }),
      { jobs: 2, threads: 2 },
    ).reduce((last, { end }) => Math.max(last, end), 0)
    expect(Math.abs(Math.log(seconds / real))).toBeLessThan(Math.log(1.3))
    expect(low).toBeLessThan(seconds)
    expect(high).toBeGreaterThan(seconds)
  })

  it('says what it does not know, and lists it once for each class', () => {
    const more = [
      ...study,
      task('fit', cost({ class: 'fit cyclegan' })),
      task('fit 2', cost({ class: 'fit cyclegan' })),
    ]
    const forecast = forecastTasks(more, rates, { jobs: 1, threads: 2 })
    expect(forecast.tasks.filter(({ known }) => known === 'unknown').map(({ key }) => key)).toEqual([
      'fit',
      'fit 2',
    ])
    expect(forecast.seconds).toBe(49)
    expect(listUnknown(more, rates, 2).map(({ key }) => key)).toEqual(['fit'])
    expect(describeForecast(forecast)).toBe(
      'Forecast: at least 50 s with 1 job (measured on this machine), 2.2 kB of disk, 210 MB of memory. Not known: 2 tasks (fit cyclegan).',
    )
    expect(describeForecast(forecastTasks(more, [], { jobs: 1, threads: 2 }))).toBe(
      'Forecast: not known, since nothing like it has run on this machine yet (embed texture; head mlp; fit cyclegan).',
    )
  })

  it('is said with how it is known', () => {
    const sampled = [{ ...rates[0], sampled: true as const }, rates[1]]
    expect(describeForecast(forecastTasks(study, sampled, { jobs: 2, threads: 1 }))).toBe(
      'Forecast: about 35 s with 2 jobs (82 % sampled on a few patches, 18 % measured on this machine), 2.2 kB of disk, 420 MB of memory.',
    )
    const varied = [8, 9, 10, 11, 12].map((seconds) => rate({ seconds }))
    expect(describeForecast(forecastTasks(study.slice(0, 3), varied, { jobs: 1, threads: 1 }))).toBe(
      'Forecast: about 40 s with 1 job (measured on this machine, 35 s to 45 s), 2 kB of disk, 210 MB of memory.',
    )
    expect(describeForecast(forecastTasks([study[0]], rates, { jobs: 1, threads: 1 }))).toBe(
      'Forecast: nothing is left to do.',
    )
  })

  it('rounds as roughly as it is known', () => {
    expect([0.2, 1, 14.4, 42, 99, 130, 1000, 4000, 7000, 20_000, 100_000, 1e6].map(sayDuration)).toEqual([
      'under 1 s',
      '1 s',
      '14 s',
      '40 s',
      '100 s',
      '2 min',
      '17 min',
      '65 min',
      '2 h',
      '5 h 30 min',
      '28 h',
      '12 days',
    ])
    expect([0, 7, 999, 44_444, 995_000, 3.4e8, 5.25e12].map(sayBytes)).toEqual([
      '0 B',
      '7 B',
      '1 kB',
      '44 kB',
      '1 MB',
      '340 MB',
      '5.3 TB',
    ])
  })
})
