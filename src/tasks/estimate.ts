// What a piece of work will cost, from what like work cost before: a robust line through amounts and costs.

import type { Cost, Rate } from './rates.ts'

/**
 * How a cost is known: `measured`, the same work was done before; `similar`, the same on another size or another number of
 * threads, scaled, or what is next to it; `sampled`, measured on a few items.
 */
export type Known = 'measured' | 'similar' | 'sampled'

/** What a piece of work will cost. */
export interface Estimate {
  readonly known: Known
  readonly seconds: number
  /** Between these was half of what was measured, scaled to this work; the same as seconds where little was measured. */
  readonly low: number
  readonly high: number
  readonly bytes: number
  readonly peakRssMb: number
}

/** Costs of before, for many estimates. */
export interface RateTable {
  /** What `cost` comes to with so many threads; null where nothing like it is known. */
  estimate(cost: Cost, threads: number): Estimate | null
}

// What was measured long ago was measured by another Eosin, or on a machine that did other things.
const ratesAtMost = 20
// With so many, the quartiles say something.
const ratesForRange = 4

/** Opens a table of rates, given oldest first. */
export function openRates(rates: readonly Rate[]): RateTable {
  const classes = new Map<string, Rate[]>()
  for (const rate of rates) {
    const own = classes.get(rate.class)
    if (own) own.push(rate)
    else classes.set(rate.class, [rate])
  }
  const found = new Map<string, Found | null>()
  return {
    estimate(cost, threads) {
      const wanted = cost.usesThreads ? threads : null
      const name = JSON.stringify([cost.class, cost.size, wanted, cost.like])
      if (!found.has(name)) found.set(name, findRatesOf(classes, cost, wanted))
      const rates = found.get(name)
      return rates ? estimateFrom(cost, rates) : null
    },
  }
}

// Rates as of work of the wanted size on the wanted number of threads.
interface Found {
  readonly known: Known
  readonly rates: readonly Rate[]
}

function findRatesOf(
  classes: ReadonlyMap<string, readonly Rate[]>,
  cost: Cost,
  threads: number | null,
): Found | null {
  const own = classes.get(cost.class) ?? []
  const done = own.filter(({ sampled }) => !sampled)
  const sized = done.filter(({ size }) => size === cost.size)
  const fitting = sized.filter((rate) => rate.threads === threads)
  const take = (known: Known, rates: readonly Rate[]) =>
    rates.length === 0
      ? null
      : { known, rates: rates.slice(-ratesAtMost).map((rate) => scaleRate(rate, cost.size, threads)) }
  const likely = (cost.like ?? []).map((start) =>
    [...classes].flatMap(([name, rates]) => (name.startsWith(start) ? rates : [])),
  )
  return (
    take('measured', fitting) ??
    take('similar', sized) ??
    take('similar', nearestSize(done, cost.size)) ??
    take('sampled', nearestSize(own, cost.size)) ??
    take('similar', nearestSize(likely.find((rates) => rates.length > 0) ?? [], cost.size))
  )
}

function nearestSize(rates: readonly Rate[], wanted: number): readonly Rate[] {
  const distance = ({ size }: Rate) => Math.abs(Math.log(size / wanted))
  const least = Math.min(...rates.map(distance))
  return rates.filter((rate) => distance(rate) === least)
}

// Time grows with the size and falls with the threads; memory and disk are taken as they are.
function scaleRate(rate: Rate, size: number, threads: number | null): Rate {
  const share = rate.threads === null || threads === null ? 1 : rate.threads / threads
  return { ...rate, seconds: rate.seconds * (size / rate.size) * share }
}

function estimateFrom({ items, bytes }: Cost, { known, rates }: Found): Estimate {
  const lineOf = (pick: (rate: Rate) => number, alone: 'grows' | 'stays') =>
    fitLine(
      rates.map((rate) => [rate.items, pick(rate)]),
      alone,
    )
  const time = lineOf(({ seconds }) => seconds, 'grows')
  const seconds = time(items)
  const ratios = rates.map((rate) => rate.seconds / (time(rate.items) || 1))
  const isRanged = rates.length >= ratesForRange
  return {
    known,
    seconds,
    low: isRanged ? Math.min(seconds, seconds * quantile(ratios, 0.25)) : seconds,
    high: isRanged ? Math.max(seconds, seconds * quantile(ratios, 0.75)) : seconds,
    // What grows with the items is known beforehand; the rest is models and figures.
    bytes: bytes ?? lineOf((rate) => rate.bytes, 'stays')(items),
    peakRssMb: lineOf(({ peakRssMb }) => peakRssMb, 'stays')(items),
  }
}

// Amounts that differ by less are one amount.
const leastRatio = 1.5

/**
 * A line through points [amount, cost] that some of them may be far off (Theil and Sen): a beginning and a cost for each
 * item, neither below 0. Of one amount alone, a cost is taken to grow with the amount, or to stay.
 */
export function fitLine(
  points: readonly (readonly [number, number])[],
  alone: 'grows' | 'stays',
): (amount: number) => number {
  const constant = median(points.map(([, y]) => y))
  const perItem = median(points.flatMap(([x, y]) => (x > 0 ? [y / x] : [])))
  const slopes = points.flatMap(([x, y]) =>
    points.flatMap(([other, cost]) => (other > leastRatio * x ? [(cost - y) / (other - x)] : [])),
  )
  if (slopes.length === 0) {
    const isGrowing = alone === 'grows' && !Number.isNaN(perItem)
    return isGrowing ? (amount) => perItem * amount : () => constant
  }
  const slope = median(slopes)
  if (slope <= 0) return () => constant
  const start = median(points.map(([x, y]) => y - slope * x))
  return start < 0 ? (amount) => perItem * amount : (amount) => start + slope * amount
}

const median = (values: readonly number[]) => quantile(values, 0.5)

// Between the two nearest; NaN of none.
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  return values.length === 0 ? Number.NaN : below + (above - below) * (place % 1)
}
