// Sets stay open between requests: opening one reads what is known of all its patches. A few at a time, the last used ones.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Given } from './given.ts'
import { listData } from './listSets.ts'
import { openRunSet } from './openRunSet.ts'
import { type OpenSet, openDataSet } from './openSet.ts'
import { RefusedError } from './refused.ts'

const openAtMost = 6

interface Opened {
  readonly set: Promise<OpenSet>
  /** Of the files it was read from. */
  readonly stamp: string
  uses: number
}

/** The sets of a server. */
export interface OpenedSets {
  /** Does `work` with a set, which stays open meanwhile. Throws RefusedError (404) for one that is not listed. */
  use<Result>(id: string, work: (set: OpenSet) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** Keeps sets open for `use`. A set whose files changed is opened anew. */
export function openSets(given: Given): OpenedSets {
  const opened = new Map<string, Opened>()
  const drop = async (id: string) => {
    const { set } = opened.get(id)!
    opened.delete(id)
    await set.then(
      (own) => own.close(),
      () => {},
    )
  }
  const find = async (id: string): Promise<Opened> => {
    const stamp = await stampOf(given, id)
    const known = opened.get(id)
    if (known && (known.stamp === stamp || known.uses > 0)) {
      opened.delete(id) // the last used one comes last
      opened.set(id, known)
      return known
    }
    if (known) await drop(id)
    const entry: Opened = { set: openOne(given, id), stamp, uses: 0 }
    opened.set(id, entry)
    entry.set.catch(() => opened.get(id) === entry && opened.delete(id))
    const idle = [...opened].filter(([other, { uses }]) => other !== id && uses === 0).map(([other]) => other)
    for (const other of idle.slice(0, Math.max(0, opened.size - openAtMost))) await drop(other)
    return entry
  }
  return {
    async use(id, work) {
      const entry = await find(id)
      entry.uses++
      try {
        return await work(await entry.set)
      } finally {
        entry.uses--
      }
    },
    async close() {
      for (const id of [...opened.keys()]) await drop(id)
    },
  }
}

async function openOne(given: Given, id: string): Promise<OpenSet> {
  if (id.startsWith('run-')) return openRunSet(given, id.slice('run-'.length))
  const entry = await findData(given, id)
  return openDataSet(given, entry)
}

async function findData(given: Given, id: string) {
  const found = (await listData(given)).find((set) => set.id === id)
  if (found) return found
  throw new RefusedError(404, {
    where: 'set',
    expected: 'a set of the data given, or of a run',
    got: `'${id.slice(0, 100)}'`,
    hint: 'the list of sets names them all',
  })
}

// The times of the files that say what is to be seen.
async function stampOf(given: Given, id: string): Promise<string> {
  const isRun = id.startsWith('run-') && !/[\\/]/.test(id)
  const folder = join(given.runs, id.slice('run-'.length))
  const files = isRun
    ? ['study.json', 'results.json', 'metrics.json', 'tasks.json'].map((name) => join(folder, name))
    : []
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  )
  return times.join(' ')
}
