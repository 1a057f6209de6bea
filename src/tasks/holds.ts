// What living studies use of a cache: each holds a lease in <cache>/holds and lists beside it every entry that it has
// been given, so that nothing is removed under it. What the dead listed counts no more.

import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../base/index.ts'
import { makeFolder, trackUnfinished } from '../files/index.ts'
import { isLeaseHeld, takeLease, tryLease } from './lease.ts'

/** The entries that one process uses, as long as it does not release them. */
export interface Hold {
  /** Lists entries by `<stage>/<key>`, before they are looked at. */
  add(...names: readonly string[]): void
  release(): Promise<void>
}

const holdsOf = (root: string) => join(root, 'holds')

/** Begins to hold entries of the cache in `root`, and forgets what the dead held. Where nothing can be written, nothing need be held. */
export async function openHold(root: string): Promise<Hold> {
  const place = join(holdsOf(root), randomBytes(8).toString('hex'))
  const list = `${place}.list`
  try {
    await makeFolder(holdsOf(root))
    await removeDeadHolds(root)
    const lease = await takeLease(`${place}.lease`)
    const listed = new Set<string>()
    const { done: untrack } = trackUnfinished(list) // a process that is told to end takes it along, as its lease
    return {
      add(...names) {
        const added = names.filter((name) => !listed.has(name))
        if (added.length > 0) appendFileSync(list, added.map((name) => `${name}\n`).join(''))
        for (const name of added) listed.add(name)
      },
      async release() {
        await rm(list, { force: true })
        untrack()
        await lease.release()
      },
    }
  } catch (cause) {
    const code = systemCode((cause as Error).cause ?? cause)
    if (!['EROFS', 'EACCES', 'EPERM'].includes(code ?? '')) throw cause
    return { add() {}, async release() {} }
  }
}

/** The entries that living processes hold, as `<stage>/<key>`. */
export async function readHolds(root: string): Promise<ReadonlySet<string>> {
  const folder = holdsOf(root)
  const held = new Set<string>()
  for (const file of await listNames(folder)) {
    const place = placeOf(file)
    if (!file.endsWith('.list') || !place || !(await isLeaseHeld(join(folder, `${place}.lease`)))) continue
    const text = await readFile(join(folder, file), 'utf8').catch(() => '') // released meanwhile
    for (const name of text.split('\n').filter(Boolean)) held.add(name)
  }
  return held
}

/** Removes what processes that died held. */
export async function removeDeadHolds(root: string): Promise<void> {
  const folder = holdsOf(root)
  const places = (await listNames(folder)).map(placeOf).filter((place) => place !== undefined)
  for (const place of new Set(places)) {
    const lease = await tryLease(join(folder, `${place}.lease`))
    if (!lease) continue
    await rm(join(folder, `${place}.list`), { force: true })
    await lease.release()
  }
}

const placeOf = (file: string) => /^([0-9a-f]{16})\./.exec(file)?.[1]

async function listNames(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause) => {
    if (systemCode(cause) === 'ENOENT') return []
    throw cause
  })
}
