// What work cost on this machine: a line for each piece of work that was done, of whatever study, in a file of the user's.
// Forecasts are made from it. Nothing depends on it: where it cannot be read or written, nothing is remembered.

import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { findUserCache } from '../files/index.ts'
import type { CacheEntry } from './cache.ts'
import { tryLease } from './lease.ts'

/** What decides the cost of a piece of work, and how much of it there is. */
export interface Cost {
  /** Everything that decides what an item of size 1 costs. */
  readonly class: string
  /** What the time of an item grows with, as the pixels of a patch; above 0. */
  readonly size: number
  /** Patches, rows or whatever the work is counted in. */
  readonly items: number
  /** Whether it is done faster with more threads. */
  readonly usesThreads?: true
  /** The bytes that it leaves on disk, where they are known beforehand. */
  readonly bytes?: number
  /** How the classes begin that are the next best where nothing of this one is known, best first. */
  readonly like?: readonly string[]
}

/** What one piece of work cost. */
export interface Rate extends Pick<Cost, 'class' | 'size' | 'items'> {
  readonly seconds: number
  readonly peakRssMb: number
  /** Left on disk. */
  readonly bytes: number
  /** Null for work that uses one, whatever it is given. */
  readonly threads: number | null
  /** When it ended (ISO 8601). */
  readonly at: string
  /** Measured on a few items for a forecast. */
  readonly sampled?: true
}

// What the file holds, at most, before it becomes the older one: some 5,000 lines. Both are read.
const bytesAtMost = 2 ** 20
// A line of that size is written in one go, whole.
const lineAtMost = 4096

/**
 * Where the costs of this machine are kept: $EOSIN_RATES, or `rates/<host>.jsonl` in $XDG_CACHE_HOME/eosin or
 * ~/.cache/eosin. Null where EOSIN_RATES is `off` or there is no home.
 */
export function findRates(): string | null {
  const named = process.env.EOSIN_RATES
  if (named) return named === 'off' ? null : named
  const host = hostname().replaceAll(/[^\w.-]/g, '-') || 'host'
  const cache = findUserCache()
  return cache && join(cache, 'rates', `${host}.jsonl`)
}

/** What is remembered, oldest first; lines that are no rates are passed over. */
export async function readRates(path = findRates()): Promise<Rate[]> {
  if (path === null) return []
  const texts = await Promise.all(
    [nameOlder(path), path].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  return texts.flatMap((text) => text.split('\n')).flatMap(parseRate)
}

/** Remembers what a piece of work cost. Several processes may do so at once. Never throws. */
export async function recordRate(rate: Omit<Rate, 'at'>, path = findRates()): Promise<void> {
  const line = `${JSON.stringify({ ...rate, at: new Date().toISOString() })}\n`
  if (path === null || Buffer.byteLength(line) > lineAtMost || parseRate(line).length === 0) return
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(path, 'a')
    try {
      await file.write(line)
      if ((await file.stat()).size > bytesAtMost) await beginAnew(path)
    } finally {
      await file.close()
    }
  } catch {
    // a disk that is full or read only: nothing is remembered
  }
}

/**
 * Remembers what making an entry of the cache cost, on so many threads. Not of one that was there, or that an earlier process
 * had begun. Never throws.
 */
export async function recordEntry(
  { class: name, size, items, usesThreads }: Cost,
  { cached, cost }: CacheEntry,
  threads: number,
): Promise<void> {
  const { seconds, peakRssMb, bytes = 0, resumed } = cost
  if (cached || resumed) return
  await recordRate({
    class: name,
    size,
    items,
    seconds,
    peakRssMb,
    bytes,
    threads: usesThreads ? threads : null,
  })
}

const nameOlder = (path: string) => `${path}.older`

// Who still writes to what was renamed loses nothing; one process at a time renames.
async function beginAnew(path: string): Promise<void> {
  const lease = await tryLease(`${path}.lease`)
  if (!lease) return
  try {
    if ((await stat(path)).size > bytesAtMost) await rename(path, nameOlder(path))
  } finally {
    await lease.release()
  }
}

function parseRate(line: string): Rate[] {
  try {
    const rate = JSON.parse(line) as Partial<Rate> | null
    return isRate(rate) ? [rate] : []
  } catch {
    return [] // cut off, or of another kind
  }
}

function isRate(rate: Partial<Rate> | null): rate is Rate {
  const amounts = [rate?.size, rate?.items, rate?.seconds, rate?.peakRssMb, rate?.bytes]
  const isAmount = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0
  const threads = rate?.threads
  return (
    typeof rate?.class === 'string' &&
    amounts.every(isAmount) &&
    rate.size! > 0 &&
    (threads === null || (isAmount(threads) && threads! > 0))
  )
}
