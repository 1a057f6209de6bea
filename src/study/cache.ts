// The content-addressed cache: an entry's key is the hash of what it was made from, so that the same work
// is done once. An entry is a folder, made under `<key>.work` and renamed when whole; a kill loses at most
// the file in work, since makers write whole files into the work folder and look for them when they resume.

import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hashBytes, makeFolder, writeFileAtomic } from '../formats/index.ts'
import { isAlive } from '../runs/index.ts'
import { type Measured, measure } from './measure.ts'

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
  /** The entry for `inputs`; where it is not there, `make` fills a work folder (perhaps begun earlier). */
  obtain(inputs: CacheInputs, make: (folder: string) => Promise<void>): Promise<CacheEntry>
}

/** Opens (or begins) the cache in `root`. */
export function openCache(root: string): Cache {
  const folderOf = (inputs: CacheInputs) => join(root, inputs.stage, keyOf(inputs))
  return {
    root,
    has: (inputs) => existsSync(join(folderOf(inputs), 'entry.json')),
    async obtain(inputs, make) {
      const folder = folderOf(inputs)
      const cached = existsSync(join(folder, 'entry.json'))
      if (!cached) await fillEntry(folder, inputs, make)
      const cost = JSON.parse(await readFile(join(folder, 'cost.json'), 'utf8')) as Measured
      return { key: keyOf(inputs), folder, cached, cost }
    },
  }
}

async function fillEntry(folder: string, inputs: CacheInputs, make: (folder: string) => Promise<void>) {
  const work = `${folder}.work`
  await makeFolder(work)
  await removeLeftovers(work)
  const cost = await measure(() => make(work))
  await writeFileAtomic(join(work, 'cost.json'), JSON.stringify(cost))
  await writeFileAtomic(join(work, 'entry.json'), `${canonicalJson(inputs)}\n`)
  await rename(work, folder).catch((cause) => {
    // Another process made the same entry meanwhile: same key, same bytes.
    if (!existsSync(join(folder, 'entry.json'))) throw cause
  })
}

/** Removes temporary files that a killed process left: named `<file>.<pid>.<random>.tmp` by writeFileAtomic. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    const pid = /\.(\d+)\.[0-9a-f]+\.tmp$/.exec(file)?.[1]
    if (pid && !isAlive(Number(pid))) await rm(join(folder, file), { force: true, recursive: true })
  }
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
