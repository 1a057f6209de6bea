// The run folder: one place that knows its paths, its lock and its log.

import { readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { DataError, describeCause, type NdArray } from '../base/index.ts'
import { makeFolder, readNpy, readTextFile } from '../formats/index.ts'

/** Reads a JSON file as `T`. Throws DataError where it is missing or damaged. */
export async function readJson<T>(path: string): Promise<T> {
  const text = await readTextFile(path)
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new DataError({ where: path, expected: 'JSON', got: describeCause(cause) }, cause)
  }
}

/** Reads a whole .npy file. Throws DataError where it is missing or damaged. */
export async function readArray(path: string): Promise<NdArray> {
  const bytes = await readFile(path).catch((cause) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  return readNpy(bytes, path)
}

/** An open run folder; `close` gives back its lock. */
export interface RunFolder {
  readonly path: string
  readonly log: Logger
  /** The path of a file in the folder. */
  file(...names: string[]): string
  close(): Promise<void>
}

/**
 * Opens (or begins) the run folder at `path` and takes its lock, so that two processes never write to it.
 * Throws DataError where another living process holds it or the folder cannot be written.
 */
export async function openRunFolder(path: string): Promise<RunFolder> {
  const lock = join(path, 'lock')
  try {
    await makeFolder(path)
    await takeLock(path, lock)
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const hint = 'choose another --out or change its permissions'
    throw new DataError({ where: path, got: describeCause(cause), hint }, cause)
  }
  const stream = pino.destination({ dest: join(path, 'log.jsonl'), sync: true })
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  return {
    path,
    log,
    file: (...names) => join(path, ...names),
    async close() {
      stream.end()
      await rm(lock, { force: true })
    },
  }
}

async function takeLock(path: string, lock: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' })
      return
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    }
    const holder = Number(readFileSync(lock, 'utf8'))
    if (holder !== process.pid && isAlive(holder)) {
      throw new DataError({
        where: path,
        got: `in use by process ${holder}`,
        hint: 'wait for it, or choose another name',
      })
    }
    await rm(lock, { force: true }) // left by a killed process
  }
}

/** Whether a process with this id runs on this machine. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}
