// Removing from a cache: what is old, what no recipe needs, what is damaged, what the dead left. Nothing is removed that a
// living process makes or uses: an entry goes under its own lease, after a look at what is held.

import { existsSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Progress } from '../base/index.ts'
import { type CacheInputs, keyOf } from './cache.ts'
import { readHolds, removeDeadHolds } from './holds.ts'
import { listCache, type Stored, type StoredEntry } from './inventory.ts'
import { tryLease } from './lease.ts'
import { type Damage, findDamage } from './seal.ts'

/** What goes. Without `unusedSince`, `keep` and `stages` only what processes that died left behind. */
export interface PruneOptions {
  /** Only what was last used before this moment, in milliseconds since 1970. */
  readonly unusedSince?: number
  /** Only what is not among these, as `<stage>/<key>`. */
  readonly keep?: ReadonlySet<string>
  /** Only what is of these stages. */
  readonly stages?: readonly string[]
  /** Says what would go, and removes nothing. */
  readonly dryRun?: boolean
}

/** What was removed, or would be. */
export interface Pruned {
  readonly entries: readonly StoredEntry[]
  /** Work that was begun by processes that died. */
  readonly unfinished: readonly Stored[]
  readonly leftovers: readonly string[]
  /** What would have gone, but for a living process that makes or uses it. */
  readonly held: readonly Stored[]
  readonly bytes: number
}

/** Removes entries and leftovers from the cache in `root`. Throws DataError where there is no such folder. */
export async function pruneCache(root: string, options: PruneOptions): Promise<Pruned> {
  const { unusedSince = Number.POSITIVE_INFINITY, keep, stages, dryRun = false } = options
  const { entries, unfinished, leftovers } = await listCache(root)
  const goes = ({ stage, key, used }: Stored) =>
    (stages?.includes(stage) ?? true) && !keep?.has(`${stage}/${key}`) && Date.parse(used) < unusedSince
  const isChosen = [options.unusedSince, keep, stages].some((choice) => choice !== undefined)
  const held: Stored[] = []
  const take = async <Item extends Stored>(items: readonly Item[]): Promise<Item[]> => {
    const taken: Item[] = []
    for (const item of items.filter(goes)) {
      const isTaken = dryRun ? !item.held : await removeStored(root, item, async () => true)
      if (isTaken) taken.push(item)
      else held.push(item)
    }
    return taken
  }
  const gone = { entries: await take(isChosen ? entries : []), unfinished: await take(unfinished) }
  if (!dryRun) {
    for (const path of leftovers) await removeLeftover(path)
    await removeDeadHolds(root)
  }
  const bytes = [...gone.entries, ...gone.unfinished].reduce((sum, item) => sum + item.bytes, 0)
  return { ...gone, leftovers, held, bytes }
}

/** An entry that is not as it was written. */
export interface DamagedEntry extends StoredEntry {
  readonly damage: Damage
  /** Whether it was removed: it is not where a living process uses it, or where nothing was to be removed. */
  readonly removed: boolean
}

/** What a look at every byte of a cache found. */
export interface Verified {
  readonly checked: number
  readonly bytes: number
  readonly damaged: readonly DamagedEntry[]
  /** Entries that do not list their files, as those of an older Eosin: they are made anew when they are needed. */
  readonly unsealed: readonly StoredEntry[]
}

/**
 * Compares every file of the cache in `root` with what was written, and removes damaged entries unless `dryRun`, so that they
 * are made anew when they are needed. Progress counts entries. Throws DataError where there is no such folder.
 */
export async function verifyCache(
  root: string,
  { dryRun = false, progress }: { readonly dryRun?: boolean; readonly progress: Progress },
): Promise<Verified> {
  const { entries } = await listCache(root)
  const damaged: DamagedEntry[] = []
  const unsealed: StoredEntry[] = []
  for (const [done, entry] of entries.entries()) {
    const damage = await inspect(entry)
    if (damage?.isUnsealed) unsealed.push(entry)
    else if (damage) {
      const isStill = async () => (await inspect(entry)) !== null // it may have been made anew
      damaged.push({ ...entry, damage, removed: !dryRun && (await removeStored(root, entry, isStill)) })
    }
    progress(done + 1, entries.length)
  }
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0)
  return { checked: entries.length, bytes, damaged, unsealed }
}

// Bytes are compared with the entry's seal, its inputs with its name.
async function inspect({ folder, key }: StoredEntry): Promise<Damage | null> {
  const damage = await findDamage(folder)
  if (!existsSync(folder)) return null // removed meanwhile
  if (damage) return damage
  const path = join(folder, 'entry.json')
  const inputs = JSON.parse(await readFile(path, 'utf8').catch(() => 'null')) as CacheInputs | null
  if (inputs && keyOf(inputs) === key) return null
  return { path, expected: `the inputs of ${key}`, got: inputs ? 'others' : 'none', isUnsealed: false }
}

// Tells whether it was removed. Whoever uses an entry first lists it and then looks for its lease; here the lease is
// taken first and then the lists are read: one of the two sees the other.
async function removeStored(
  root: string,
  { stage, key, folder }: Stored,
  isStill: () => Promise<boolean>,
): Promise<boolean> {
  const lease = await tryLease(join(root, stage, `${key}.lease`))
  if (!lease) return false
  try {
    if ((await readHolds(root)).has(`${stage}/${key}`)) return false
    if (!existsSync(folder) || !(await isStill())) return false
    const old = join(root, stage, `${key}.old`)
    await rm(old, { recursive: true, force: true })
    await rename(folder, old)
    await rm(old, { recursive: true, force: true })
    return true
  } finally {
    await lease.release()
  }
}

// Taking a lease and giving it back clears away that of a dead process, with its guard.
async function removeLeftover(path: string): Promise<void> {
  const key = basename(path).slice(0, 32)
  const lease = await tryLease(join(dirname(path), `${key}.lease`))
  if (!lease) return
  try {
    if (!/\.lease(\.guard)?$/.test(path)) await rm(path, { recursive: true, force: true })
  } finally {
    await lease.release()
  }
}
