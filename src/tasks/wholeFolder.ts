// Folders that are there whole or not at all: filled under another name by one process at a time, then renamed.

import { existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DataError } from '../base/index.ts'
import { followLinks, makeFolder, trackUnfinished } from '../files/index.ts'
import { type LeaseOptions, withLease } from './lease.ts'

/** How a folder is filled. */
export interface FolderWork extends LeaseOptions {
  /** Whether what is there is what is wanted, so that nothing is left to do. */
  isDone(): boolean | Promise<boolean>
  /** Fills `<folder>.work`, where an earlier process may have begun: it finds what that one finished. */
  fill(work: string): Promise<void>
}

/**
 * Fills the folder at `path` unless it is done, replacing what is there. Where another process is at it, waits for that one, and goes
 * on with its work should it die. Tells whether it was filled here. Throws DataError where folders cannot be written.
 */
export async function fillFolder(path: string, { isDone, fill, ...options }: FolderWork): Promise<boolean> {
  const folder = followLinks(resolve(path)) // without a slash at its end, so that what stands beside it can be named after it
  const isTouched = existsSync(`${folder}.lease`) // by one who replaces or removes what is there
  if (!isTouched && (await isDone())) return false
  await makeFolder(dirname(folder))
  return withLease(`${folder}.lease`, options, async (lease) => {
    if (await isDone()) return false
    const work = `${folder}.work`
    await makeFolder(work)
    await removeLeftovers(work)
    await fill(work)
    if (!(await lease.isHeld())) {
      const hint = 'run again: what is finished is kept'
      throw new DataError({ where: folder, got: 'another process that took over meanwhile', hint })
    }
    await replaceFolder(work, folder)
    return true
  })
}

/** How a folder is made in one go. */
export interface FolderMaking extends LeaseOptions {
  /** Throws where what is there may not be replaced; called when no other process is at it. */
  check(): void | Promise<void>
  /** Fills `<folder>.work`, which is empty. */
  fill(work: string): Promise<void>
}

/**
 * Makes the folder at `path` in one go, replacing what is there. Where `fill` fails or the process is stopped, what it wrote
 * is removed and the folder is as it was. Throws DataError where folders cannot be written.
 */
export async function makeWholeFolder(
  path: string,
  { check, fill, ...options }: FolderMaking,
): Promise<void> {
  const folder = followLinks(resolve(path))
  const work = `${folder}.work`
  await makeFolder(dirname(folder))
  await withLease(`${folder}.lease`, options, async () => {
    await check()
    await rm(work, { recursive: true, force: true })
    await makeFolder(work)
    const unfinished = trackUnfinished(work)
    try {
      await fill(work)
      await replaceFolder(work, folder)
    } catch (cause) {
      await rm(work, { recursive: true, force: true })
      throw cause
    } finally {
      unfinished.done()
    }
  })
}

/** Puts the folder `work` in the place of `folder`, which is gone for a moment but never mixed. */
export async function replaceFolder(work: string, folder: string): Promise<void> {
  const old = `${folder}.old`
  await rm(old, { recursive: true, force: true })
  if (existsSync(folder)) await rename(folder, old)
  await rename(work, folder)
  await rm(old, { recursive: true, force: true })
}

/** Removes files that a killed process was writing, at any depth; who calls it must be the only one who writes there. */
export async function removeLeftovers(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true })
  for (const file of files.filter((name) => name.endsWith('.tmp'))) {
    await rm(join(folder, file), { force: true, recursive: true })
  }
}
