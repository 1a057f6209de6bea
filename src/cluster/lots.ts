// Lots: how tasks are shared among the indices of an array job, and the file that tells a worker its own.

import { DataError, describeCause, UsageError } from '../base/index.ts'
import { readTextFile } from '../files/index.ts'

const format = 'eosin lots 1'

/** The lots of one wave; the index of an array job names one of them. */
export interface Lots {
  /** The wave's name. */
  readonly wave: string
  readonly lots: readonly (readonly string[])[]
}

/**
 * `tasks` in at most `count` lots of equal size but for one task, neighbours together. No tasks are no lots. Throws
 * UsageError where `count` is not a whole number above 0.
 */
export function cutLots(tasks: readonly string[], count: number): string[][] {
  if (!Number.isInteger(count) || count < 1)
    throw new UsageError({ where: 'lots', expected: 'a whole number above 0', got: String(count) })
  const lots = Math.min(count, tasks.length)
  const start = (lot: number) => Math.floor((lot * tasks.length) / lots)
  return Array.from({ length: lots }, (_, lot) => tasks.slice(start(lot), start(lot + 1)))
}

/** Lots folded together evenly, so that there are at most `count`; neighbours are joined. Empty lots are left out. */
export function foldLots(lots: readonly (readonly string[])[], count: number): string[][] {
  const full = lots.filter((lot) => lot.length > 0)
  const groups = cutLots(
    full.map((_, index) => String(index)),
    count,
  )
  return groups.map((group) => group.flatMap((index) => full[Number(index)]))
}

/** The text of a lots file. The same lots give the same text. */
export function writeLots({ wave, lots }: Lots): string {
  return `${JSON.stringify({ format, lots, wave }, null, 1)}\n`
}

/** Reads a lots file. Throws DataError where it is none. */
export async function readLots(path: string): Promise<Lots> {
  const text = await readTextFile(path)
  const found = parse(path, text) as { format?: unknown; wave?: unknown; lots?: unknown } | null
  if (found?.format !== format)
    throw new DataError({ where: path, expected: `format '${format}'`, got: String(found?.format) })
  const { wave, lots } = found
  const isLot = (lot: unknown) => Array.isArray(lot) && lot.every((task) => typeof task === 'string')
  if (typeof wave !== 'string' || !Array.isArray(lots) || !lots.every(isLot))
    throw new DataError({ where: path, expected: 'lists of tasks', got: 'something else' })
  return { wave, lots }
}

/** The tasks of lot `index` of a lots file. Throws as `readLots` does, and UsageError where there is no such lot. */
export async function readLot(path: string, index: number): Promise<readonly string[]> {
  const { lots } = await readLots(path)
  if (index in lots) return lots[index]
  const expected =
    lots.length > 0 ? `an index from 0 to ${lots.length - 1}` : 'no index, as there are no lots'
  throw new UsageError({ where: path, expected, got: String(index) })
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DataError({ where: path, expected: 'JSON', got: describeCause(cause) }, cause)
  }
}
