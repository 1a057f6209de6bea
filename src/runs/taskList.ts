// tasks.json in the run folder: the tasks of a run, as they were laid out when it began or was sent. Whoever wants to know
// how far a run is reads it instead of opening the patches.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DataError } from '../base/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import { readJson } from './runFolder.ts'

const format = 'eosin tasks 1'

/** A task of a run. */
export interface ListedTask {
  /** The name of its entry in the cache. */
  readonly key: string
  /** The folder of its entry in the cache. */
  readonly stage: string
  readonly kind: string
  /** In a few words, of what. */
  readonly what: string
  /** Keys of the tasks that it is made from, each of a task before it. */
  readonly needs: readonly string[]
  /** Keys of others that it waits for where they are to be made too. */
  readonly after?: readonly string[]
  /** How many patches or rows it looks at, at most. */
  readonly items: number
  /** Made only for one that needs it. */
  readonly isMeans?: true
}

/** Writes tasks.json into a run folder. The same study gives the same bytes. */
export async function writeTaskList(folder: string, tasks: readonly ListedTask[]): Promise<void> {
  const listed = tasks.map(({ key, stage, kind, what, needs, after = [], items, isMeans }): ListedTask => {
    return { key, stage, kind, what, needs, after, items, ...(isMeans && { isMeans }) }
  })
  const lines = listed.map((task) => ` ${JSON.stringify(task)}`).join(',\n')
  await writeFileAtomic(join(folder, 'tasks.json'), `{"format":"${format}","tasks":[\n${lines}\n]}\n`)
}

/** The tasks of a run, none before one that it needs; null where it has not been laid out yet. Throws DataError where the file is no such list. */
export async function readTaskList(folder: string): Promise<readonly ListedTask[] | null> {
  const where = join(folder, 'tasks.json')
  if (!existsSync(where)) return null
  const file = await readJson<{ readonly format?: string; readonly tasks?: readonly ListedTask[] } | null>(
    where,
  )
  if (file?.format === format && Array.isArray(file.tasks)) return file.tasks
  const hint = 'run the study again, and it is written anew'
  throw new DataError({ where, expected: `format '${format}'`, got: `${file?.format}`, hint })
}
