// The run folder: one place that knows its paths, its lease and its log.

import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { makeFolder, readHead, readTextFile } from '../files/index.ts'
import { wrongFile } from '../formats/index.ts'
import { type LeaseOptions, removeLeftovers, takeLease } from '../tasks/index.ts'

/** Reads a JSON file as `T`. Throws DataError where it is missing or damaged. */
export async function readJson<T>(path: string): Promise<T> {
  const text = await readTextFile(path)
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    const head = await readHead(path)
    throw wrongFile(path, { expected: 'JSON', kinds: ['json'] }, head, cause)
  }
}

/** An open run folder; `close` gives back its lease. */
export interface RunFolder {
  readonly path: string
  readonly log: Logger
  /** The path of a file in the folder. */
  file(...names: string[]): string
  close(): Promise<void>
}

/**
 * Opens (or begins) the run folder at `path` and takes its lease, so that two processes never write to it at once: where
 * another does, waits for that one. Throws DataError where the folder cannot be written.
 */
export async function openRunFolder(path: string, options: LeaseOptions = {}): Promise<RunFolder> {
  await makeFolder(path)
  const lease = await takeLease(join(path, 'lock'), options)
  await removeLeftovers(path)
  const stream = pino.destination({ dest: join(path, 'log.jsonl'), sync: true })
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  return {
    path,
    log,
    file: (...names) => join(path, ...names),
    async close() {
      stream.end()
      await lease.release()
    },
  }
}
