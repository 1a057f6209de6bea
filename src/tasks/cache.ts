// The content-addressed cache: an entry's key is the hash of what it was made from, so that the same work
// is done once. An entry is a folder, made under `<key>.work` and renamed when whole; a kill loses at most
// the file in work, since makers write whole files into the work folder and look for them when they resume.

import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DataError, describeCause, systemCode } from '../base/index.ts'
import { hashBytes, writeFileAtomic } from '../files/index.ts'
import type { Hold } from './holds.ts'
import { findHolder, isLeaseHeld, type Place } from './lease.ts'
import { type EntryCost, measure } from './measure.ts'
import { type Damage, findWrongSize, sealFolder } from './seal.ts'
import { fillFolder } from './wholeFolder.ts'

/** What an entry is made from; its hash is the entry's key. Plain JSON. */
export interface CacheInputs {
  readonly stage: string
  readonly version: number
  readonly [input: string]: unknown
}

/** A whole entry in the cache. */
export interface CacheEntry {
  readonly key: string
  /** What it was made from. */
  readonly inputs: CacheInputs
  readonly folder: string
  readonly cached: boolean
  /** What making it took, then or now. */
  readonly cost: EntryCost
}

/** The key of an entry: sha256 over its inputs as JSON with sorted keys, 32 hex digits. */
export function keyOf(inputs: CacheInputs): string {
  const known = keys.get(inputs)
  if (known !== undefined) return known
  const key = hashBytes(canonicalJson(inputs)).slice(0, 32)
  keys.set(inputs, key)
  return key
}

// A study asks for the key of the same inputs many times; inputs never change.
const keys = new WeakMap<CacheInputs, string>()

/** What is noted of the making of an entry beside what is measured. */
export interface MakingNotes {
  /** Patches or rows that it is made from. */
  readonly items?: number
  readonly threads?: number
}

/** A cache in a folder. */
export interface Cache {
  readonly root: string
  /** Whether an entry is there with all its files, as far as their sizes tell. */
  has(inputs: CacheInputs): boolean
  /** Whether a living process makes an entry. */
  isMade(inputs: CacheInputs): Promise<boolean>
  /**
   * The entry for `inputs`; where it is not there, or a file of it is missing or of another size, `make` fills a work folder
   * (perhaps begun earlier), and `notes` are kept with what that cost. An entry is made by one process at a time; others
   * wait for it.
   */
  obtain(
    inputs: CacheInputs,
    make: (folder: string) => Promise<void>,
    notes?: MakingNotes,
  ): Promise<CacheEntry>
  /** The entry for `inputs`, which was made before. Throws DataError where it is not there, or not whole. */
  find(inputs: CacheInputs): Promise<CacheEntry>
}

/** What a cache is told by those who open it. */
export interface CacheOptions {
  /** Told in a sentence where another process makes what is wanted. */
  readonly onWait?: (sentence: string) => void
  /** Told in a sentence which file of an entry is damaged; the entry is then made anew. */
  readonly onDamage?: (sentence: string) => void
  /** Is given every entry before it is looked at, so that nobody removes it. */
  readonly hold?: Hold
  /** Throws where what an entry of this stage was just made from is not what its key says; it is then not kept. */
  verify?(stage: string): Promise<void>
}

/** Whether an entry is in the cache in `root` with all its files, as far as their sizes tell. */
export function hasEntry(root: string, stage: string, key: string): boolean {
  const folder = join(root, stage, key)
  return existsSync(folder) && findWrongSize(folder) === null
}

/** What making an entry of the cache in `root` cost. Throws DataError where the entry does not say. */
export function readEntryCost(root: string, stage: string, key: string): Promise<EntryCost> {
  return readCost(join(root, stage, key))
}

/** Who makes an entry of the cache in `root`; null where nobody alive does. */
export function findMaker(root: string, stage: string, key: string): Promise<Place | null> {
  return findHolder(`${join(root, stage, key)}.lease`)
}

/** Opens (or begins) the cache in `root`. */
export function openCache(root: string, { onWait, onDamage, hold, verify }: CacheOptions = {}): Cache {
  const folderOf = (inputs: CacheInputs) => join(root, inputs.stage, keyOf(inputs))
  let isOldTold = false
  const used = new Set<string>() // once for each that has the cache open: who holds an entry need not say it again
  const markUsed = async (folder: string) => {
    if (used.has(folder)) return
    used.add(folder)
    await touchSeal(folder)
  }
  const tell = ({ path, expected, got, isUnsealed }: Damage) => {
    const what = `${path}: expected ${expected}, got ${got}`
    if (!isUnsealed) onDamage?.(`${what}; the entry is made anew`)
    else if (!isOldTold) onDamage?.(`${what}; this entry and others like it are made anew`)
    isOldTold ||= isUnsealed
  }
  const give = async (inputs: CacheInputs, cached: boolean): Promise<CacheEntry> => {
    const folder = folderOf(inputs)
    if (cached) await markUsed(folder)
    return { key: keyOf(inputs), inputs, folder, cached, cost: await readCost(folder) }
  }
  return {
    root,
    has: (inputs) => hasEntry(root, inputs.stage, keyOf(inputs)),
    isMade: (inputs) => isLeaseHeld(`${folderOf(inputs)}.lease`),
    async obtain(inputs, make, notes = {}) {
      const folder = folderOf(inputs)
      hold?.add(`${inputs.stage}/${keyOf(inputs)}`)
      let damage: Damage | null = null
      const isMade = await fillFolder(folder, {
        isDone() {
          if (!existsSync(folder)) return false
          damage = findWrongSize(folder)
          return damage === null
        },
        async fill(work) {
          if (damage) tell(damage)
          await fillEntry(work, inputs, make, notes)
          await verify?.(inputs.stage).catch(async (cause) => {
            await rm(work, { recursive: true, force: true })
            throw cause
          })
        },
        onWait,
      })
      return give(inputs, !isMade)
    },
    async find(inputs) {
      hold?.add(`${inputs.stage}/${keyOf(inputs)}`)
      const damage = findWrongSize(folderOf(inputs))
      if (damage) {
        const { path: where, expected, got } = damage
        throw new DataError({ where, expected, got, hint: 'run again: what is missing is made anew' })
      }
      return give(inputs, true)
    },
  }
}

// The time of an entry's seal is that of its last use.
async function touchSeal(folder: string): Promise<void> {
  const now = new Date()
  await utimes(join(folder, 'files.json'), now, now).catch(() => {}) // of a disk that is read only
}

async function readCost(folder: string): Promise<EntryCost> {
  const where = join(folder, 'cost.json')
  try {
    return JSON.parse(await readFile(where, 'utf8')) as EntryCost
  } catch (cause) {
    const hint = 'eosin cache verify finds and removes what is damaged'
    const got = systemCode(cause) ? describeCause(cause) : 'other bytes'
    throw new DataError({ where, expected: 'what the entry cost', got, hint }, cause)
  }
}

async function fillEntry(
  work: string,
  inputs: CacheInputs,
  make: (folder: string) => Promise<void>,
  { items = null, threads = null }: { readonly items?: number | null; readonly threads?: number | null },
) {
  const isResumed = (await readdir(work)).length > 0
  const measured = await measure(() => make(work))
  const bytes = await countBytes(work)
  const resumed = isResumed && { resumed: true as const }
  const cost: EntryCost = { ...measured, items, threads, host: hostname(), bytes, ...resumed }
  await writeFileAtomic(join(work, 'cost.json'), JSON.stringify(cost))
  await writeFileAtomic(join(work, 'entry.json'), `${canonicalJson(inputs)}\n`)
  await sealFolder(work)
}

async function countBytes(folder: string): Promise<number> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => entry.isFile())
  const sizes = files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
