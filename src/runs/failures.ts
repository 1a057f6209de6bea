// failures/ in the run folder: which tasks of a run failed and why, whichever process did them, so that others see it. A
// task that is tried again is forgotten first.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFileAtomic } from '../files/index.ts'
import { readJson } from './runFolder.ts'

/** A task that failed, or that could not be begun. */
export interface FailedKey {
  readonly key: string
  readonly reason: string
}

const failuresOf = (folder: string) => join(folder, 'failures')

/** Writes down that a task of a run failed. */
export async function rememberFailure(folder: string, failure: FailedKey): Promise<void> {
  await makeFolder(failuresOf(folder))
  await writeFileAtomic(join(failuresOf(folder), `${failure.key}.json`), `${JSON.stringify(failure)}\n`)
}

/** Forgets that a task of a run failed, or that any did. */
export async function forgetFailure(folder: string, key?: string): Promise<void> {
  const path = key === undefined ? failuresOf(folder) : join(failuresOf(folder), `${key}.json`)
  await rm(path, { recursive: true, force: true })
}

/** The tasks of a run that failed, by key. */
export async function readFailures(folder: string): Promise<FailedKey[]> {
  const names = await readdir(failuresOf(folder)).catch(() => [])
  const failures: FailedKey[] = []
  for (const name of names.filter((name) => name.endsWith('.json')).sort()) {
    const path = join(failuresOf(folder), name)
    const failure = await readJson<FailedKey>(path).catch(() => null) // forgotten meanwhile
    if (failure) failures.push(failure)
  }
  return failures
}
