// What every simulation of intervals has in common: settings, replications, and means over them.

import { openRandom, type Random } from '../../src/base/index.ts'
import type { Interval } from '../../src/evaluate/index.ts'

/** How many slides are drawn; `dominant`: one of them holds a third of all patches. */
export interface Setting {
  readonly slides: number
  readonly dominant?: boolean
}

export const settings: readonly Setting[] = [
  { slides: 5 },
  { slides: 10 },
  { slides: 20 },
  { slides: 40 },
  { slides: 10, dominant: true },
]

/** What one replication says for each column: 1 and 0 for yes and no; null is left out of the mean. */
export type Outcome = readonly (number | boolean | null)[]

/** A simulation whose truth is known. */
export interface Prepared {
  /** The truth, in words. */
  readonly truth: string
  judge(random: Random, setting: Setting): Outcome | Promise<Outcome>
}

/** A table: its columns, and what a row's replications are. */
export interface Simulation {
  readonly name: string
  readonly columns: readonly string[]
  /** Default: all. */
  readonly settings?: readonly Setting[]
  /** `endless`: how many slides stand for endlessly many. */
  prepare(seed: number, endless?: number): Prepared
}

/** The mean of each column over some replications in one setting. */
export async function average(
  name: string,
  prepared: Prepared,
  setting: Setting,
  { replications, seed }: { readonly replications: number; readonly seed: number },
): Promise<number[]> {
  const sums: number[] = []
  const counts: number[] = []
  for (let replication = 0; replication < replications; replication++) {
    const random = openRandom(seed, name, nameSetting(setting), replication)
    const outcome = await prepared.judge(random, setting)
    outcome.forEach((cell, i) => {
      sums[i] = (sums[i] ?? 0) + Number(cell ?? 0)
      counts[i] = (counts[i] ?? 0) + Number(cell !== null)
    })
  }
  return sums.map((sum, i) => sum / counts[i])
}

export function nameSetting({ slides, dominant }: Setting): string {
  return dominant ? `${slides}, one holding a third` : `${slides}`
}

/** Whether an interval holds the truth; null where there is no interval. */
export function holds(
  interval: { readonly low: number; readonly high: number } | null,
  truth: number,
): boolean | null {
  return interval && interval.low <= truth && truth <= interval.high
}

/** How often the intervals of what is found hold the figures of the whole, one column a figure. */
export function compareWithTruth<Found>(
  picks: Readonly<Record<string, (found: Found) => Interval | null>>,
  whole: Found,
  find: (random: Random, setting: Setting) => Found,
): Prepared {
  const truths = Object.entries(picks).map(([figure, pick]) => ({ figure, pick, truth: pick(whole)!.value }))
  return {
    truth: truths.map(({ figure, truth }) => `${figure} ${truth.toFixed(3)}`).join(', '),
    judge(random, setting) {
      const found = find(random, setting)
      return truths.map(({ pick, truth }) => holds(pick(found), truth))
    },
  }
}
