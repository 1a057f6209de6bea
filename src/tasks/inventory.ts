// What a cache holds: its entries with size, age and cost, and what processes that died left beside them. Only what a
// cache itself writes is listed, so that nothing else in the folder is ever taken for a part of it.

import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../base/index.ts'
import type { CacheInputs } from './cache.ts'
import { readHolds } from './holds.ts'
import { isLeaseHeld } from './lease.ts'
import type { Measured } from './measure.ts'

/** A folder in a cache, whole or in work. */
export interface Stored {
  readonly stage: string
  readonly key: string
  readonly folder: string
  readonly bytes: number
  /** When it was last used, or written to where it is unfinished (ISO 8601). */
  readonly used: string
  /** Whether a living process makes it or uses it. */
  readonly held: boolean
}

/** An entry. */
export interface StoredEntry extends Stored {
  /** When it was made (ISO 8601). */
  readonly made: string
  /** Seconds that making it took; null where its files do not say. */
  readonly seconds: number | null
  /** What it was made from; null where its files do not say. */
  readonly inputs: CacheInputs | null
}

/** Everything in a cache. */
export interface Inventory {
  readonly entries: readonly StoredEntry[]
  /** Work that was begun; whoever needs the entry goes on with it. */
  readonly unfinished: readonly Stored[]
  /** Other files and folders that a process leaves which is killed at the wrong moment, and that nobody holds. */
  readonly leftovers: readonly string[]
}

const ofEntry = /^([0-9a-f]{32})(\.work|\.old|\.lease(?:\.guard)?|\..*\.tmp)?$/

/** Lists the cache in `root`, by stage and key. Throws DataError where there is no such folder. */
export async function listCache(root: string): Promise<Inventory> {
  if (!existsSync(root)) {
    const hint = 'give --cache or --out as eosin study run had them'
    throw new DataError({ where: root, expected: 'the folder of a cache', got: 'no such folder', hint })
  }
  const [entries, unfinished, leftovers] = [[] as StoredEntry[], [] as Stored[], [] as string[]]
  const holds = await readHolds(root)
  for (const stage of await listFolders(root)) {
    const isHeld = async (key: string) =>
      holds.has(`${stage}/${key}`) || (await isLeaseHeld(join(root, stage, `${key}.lease`)))
    for (const name of (await readdir(join(root, stage))).sort()) {
      const [, key, kind] = ofEntry.exec(name) ?? []
      if (key === undefined) continue
      const folder = join(root, stage, name)
      const facts = { stage, key, folder, held: await isHeld(key) }
      if (kind === undefined) entries.push(await readEntry(facts))
      else if (kind === '.work') unfinished.push({ ...facts, ...(await measureFolder(folder)) })
      else if (!facts.held) leftovers.push(folder)
    }
  }
  return { entries, unfinished, leftovers }
}

async function readEntry(facts: Omit<Stored, 'bytes' | 'used'>): Promise<StoredEntry> {
  const { folder } = facts
  const cost = await readOr<Measured>(join(folder, 'cost.json'))
  const { bytes, used: written } = await measureFolder(folder)
  const timeOf = (name: string) =>
    stat(join(folder, name)).then(
      ({ mtime }) => mtime.toISOString(),
      () => written,
    )
  return {
    ...facts,
    bytes,
    made: await timeOf('entry.json'),
    used: await timeOf('files.json'),
    seconds: cost?.seconds ?? null,
    inputs: await readOr<CacheInputs>(join(folder, 'entry.json')),
  }
}

// The bytes of all files of a folder, and when the newest was written.
async function measureFolder(folder: string): Promise<Pick<Stored, 'bytes' | 'used'>> {
  let bytes = 0
  let newest = 0
  for (const name of ['.', ...(await readdir(folder, { recursive: true }).catch(() => []))]) {
    const found = await stat(join(folder, name)).catch(() => null) // removed meanwhile
    if (found?.isFile()) bytes += found.size
    newest = Math.max(newest, found?.mtimeMs ?? 0)
  }
  return { bytes, used: new Date(newest).toISOString() }
}

async function listFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}

async function readOr<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch {
    return null
  }
}
