// The content-addressed cache: an entry's key is the hash of what it was made from, so that the same work
// is done once. An entry is a folder, made under `<key>.work` and renamed when whole; a kill loses at most
// the file in work, since makers write whole files into the work folder and look for them when they resume.

import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hashBytes, writeFileAtomic } from '../files/index.ts'
import { type Measured, measure } from './measure.ts'
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
  readonly folder: string
  readonly cached: boolean
  /** What making it took, then or now. */
  readonly cost: Measured
}

/** The key of an entry: sha256 over its inputs as JSON with sorted keys, 32 hex digits. */
export function keyOf(inputs: CacheInputs): string {
  return hashBytes(canonicalJson(inputs)).slice(0, 32)
}

/** A cache in a folder. */
export interface Cache {
  readonly root: string
  has(inputs: CacheInputs): boolean
  /**
   * The entry for `inputs`; where it is not there, `make` fills a work folder (perhaps begun earlier). An entry is made by
   * one process at a time; others wait for it.
   */
  obtain(inputs: CacheInputs, make: (folder: string) => Promise<void>): Promise<CacheEntry>
}

/** What a cache is told by those who open it. */
export interface CacheOptions {
  /** Told in a sentence where another process makes what is wanted. */
  readonly onWait?: (sentence: string) => void
  /** Throws where what an entry of this stage was just made from is not what its key says; it is then not kept. */
  verify?(stage: string): Promise<void>
}

/** Opens (or begins) the cache in `root`. */
export function openCache(root: string, { onWait, verify }: CacheOptions = {}): Cache {
  const folderOf = (inputs: CacheInputs) => join(root, inputs.stage, keyOf(inputs))
  const isWhole = (folder: string) => existsSync(join(folder, 'entry.json'))
  return {
    root,
    has: (inputs) => isWhole(folderOf(inputs)),
    async obtain(inputs, make) {
      const folder = folderOf(inputs)
      const isMade = await fillFolder(folder, {
        isDone: () => isWhole(folder),
        async fill(work) {
          await fillEntry(work, inputs, make)
          await verify?.(inputs.stage).catch(async (cause) => {
            await rm(work, { recursive: true, force: true })
            throw cause
          })
        },
        onWait,
      })
      const cost = JSON.parse(await readFile(join(folder, 'cost.json'), 'utf8')) as Measured
      return { key: keyOf(inputs), folder, cached: !isMade, cost }
    },
  }
}

async function fillEntry(work: string, inputs: CacheInputs, make: (folder: string) => Promise<void>) {
  const cost = await measure(() => make(work))
  await writeFileAtomic(join(work, 'cost.json'), JSON.stringify(cost))
  await writeFileAtomic(join(work, 'entry.json'), `${canonicalJson(inputs)}\n`)
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
