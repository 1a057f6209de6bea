// What a reader offers, and what all of them share: options, faults, the order of rows.

import { DataError, parseDecimal } from '../base/index.ts'
import type { Origin, PatchSet } from './patchSet.ts'

/** How a patch set is opened. */
export interface OpenOptions {
  /** A reader's name; detected where absent. */
  readonly format?: string
  /** The part of a data set that comes in several, e.g. `val`; what parts there are, the reader says. */
  readonly part?: string
  /** Taken where the data itself does not say. */
  readonly origin?: Origin
  /** Lists faulty patches in `faults` instead of throwing at the first: for `checkPatches`. */
  readonly isTolerant?: boolean
}

/** One patch that is not what it should be. */
export interface Fault {
  readonly id: string
  readonly problem: string
}

/** A patch set that knows what was wrong with it when it was opened. */
export interface OpenedPatchSet extends PatchSet {
  readonly faults: readonly Fault[]
  /** How many patches each part of the data set has, where it has parts, e.g. `{ train: 302436 }`. */
  readonly parts: Readonly<Record<string, number>> | null
  /** Element kind on disk, e.g. `f32`. */
  readonly dtype: string
}

/** A reader of one format. */
export interface Reader {
  /** One sentence for help texts. */
  readonly about: string
  /** The names `part` may have; empty where there are none. */
  readonly parts: readonly string[]
  /** Whether `path` looks like this format; never throws. */
  detect(path: string): Promise<boolean>
  /** Opens it. Throws DataError where it is damaged, UnknownNameError for an unknown part. */
  open(path: string, options: OpenOptions): Promise<OpenedPatchSet>
}

/** Throws a DataError for the first of `faults`, saying how many there are, unless they may be listed. */
export function refuseFaults(source: string, faults: readonly Fault[], isTolerant = false): void {
  if (isTolerant || faults.length === 0) return
  const [first] = faults
  const others = faults.length > 1 ? `; ${faults.length - 1} more patches have faults` : ''
  throw new DataError({
    where: `${source}/${first.id}`,
    got: `${first.problem}${others}`,
    hint: '`eosin patches check` lists them all',
  })
}

/** Whether a word is a label, and which: `0` normal, `1` tumour; undefined otherwise. */
export function parseLabel(word: string | number): 0 | 1 | undefined {
  const value = typeof word === 'number' ? word : parseDecimal(word)
  return value === 0 || value === 1 ? value : undefined
}

/** Orders names as numbers where they are decimal, which come first, and by code units otherwise. */
export function orderNames(names: readonly string[]): string[] {
  const keyed = names.map((name) => ({
    name,
    number: /^\d{1,15}$/.test(name) ? Number(name) : Number.POSITIVE_INFINITY,
  }))
  keyed.sort((a, b) => {
    if (a.number !== b.number) return a.number - b.number
    return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
  })
  return keyed.map(({ name }) => name)
}

/** `values` where any is known, else null; an unknown one among known ones becomes `?`. */
export function knownOrNull(values: readonly (string | null)[]): readonly string[] | null {
  return values.some((value) => value !== null) ? values.map((value) => value ?? '?') : null
}
