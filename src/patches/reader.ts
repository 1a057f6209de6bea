// What a reader offers, and what all of them share: options, faults, the order of rows.

import { createHash } from 'node:crypto'
import { compareText, DataError, EosinError } from '../base/index.ts'
import { hashFile } from '../files/index.ts'
import type { Origin, PatchSet } from './patchSet.ts'

/** How a patch set is opened. */
export interface OpenOptions {
  /** A reader's name; detected where absent. */
  readonly format?: string
  /** The part of a data set that comes in several, e.g. `val`; what parts there are, the reader says. */
  readonly part?: string
  /** What a table calls its columns, by what they are: `{ label: 'target' }`. */
  readonly columns?: Readonly<Record<string, string>>
  /** What the folders around pictures are, outermost first: `center/label`. */
  readonly folders?: string
  /** Words for labels beside the usual ones: `{ stroma: 0 }`. */
  readonly labelNames?: Readonly<Record<string, number | string>>
  /** Taken where the data itself does not say. */
  readonly origin?: Origin
  /** The published data set that the patches are of, where the data itself does not say. */
  readonly dataset?: string
  /** Lists faulty patches in `faults` instead of throwing at the first: for `checkPatches`. */
  readonly isTolerant?: boolean
}

/** Options that only some readers heed. */
export const settings = ['columns', 'folders', 'labelNames'] as const

/** One patch that is not what it should be. */
export interface Fault {
  readonly id: string
  readonly problem: string
}

/** A patch set that knows what was wrong with it when it was opened. */
export interface OpenedPatchSet extends PatchSet {
  readonly faults: readonly Fault[]
  /** What looks like a patch but is none of these, each with the reason: hidden files, pictures of other kinds ... */
  readonly leftOut?: readonly Fault[]
  /** How folders or columns were read, e.g. `folders: center / label`. */
  readonly layout?: string
  /** What of this may not be meant so, and how to say otherwise, in a sentence. */
  readonly doubt?: string
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
  /** Which of these options it heeds; none where absent. */
  readonly settings?: readonly (typeof settings)[number][]
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

/** A fault for each patch whose `key` (its id, or its file) an earlier one has. */
export function findRepeats(ids: readonly string[], keys: readonly string[] = ids): Fault[] {
  const seen = new Set<string>()
  const repeated = ids.filter((_, row) => seen.size === seen.add(keys[row]).size)
  return repeated.map((id) => ({ id, problem: 'listed twice' }))
}

/** What an error of Eosin's says is wrong with a patch, without naming it; any other error is thrown on. */
export function problemOf(cause: unknown): string {
  if (!(cause instanceof EosinError)) throw cause
  const { expected, got } = cause.parts
  if (expected) return [`expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ')
  return got ?? cause.message
}

/**
 * A sha256 (hex) over the contents of files, in this order; undefined stands for one that is not there. Of a single
 * file it is its content's.
 */
export async function fingerprintFiles(files: readonly (string | undefined)[]): Promise<string> {
  if (files.length === 1 && files[0] !== undefined) return hashFile(files[0])
  const hash = createHash('sha256')
  for (const file of files) hash.update(file === undefined ? '-' : await hashFile(file))
  return hash.digest('hex')
}

/** Orders names as numbers where they are decimal, which come first, and by code units otherwise. */
export function orderNames(names: readonly string[]): string[] {
  const keyed = names.map((name) => ({
    name,
    number: /^\d{1,15}$/.test(name) ? Number(name) : Number.POSITIVE_INFINITY,
  }))
  keyed.sort((a, b) => {
    if (a.number !== b.number) return a.number - b.number
    return compareText(a.name, b.name)
  })
  return keyed.map(({ name }) => name)
}
