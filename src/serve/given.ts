// The folders that were given on the command line: nothing else is read, also not by way of links.

import { realpathSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { DataError } from '../base/index.ts'
import { RefusedError } from './refused.ts'

/** What a server may look at. */
export interface Given {
  /** The folder of runs: the only one that is written to, beside the cache, which studies fill. */
  readonly runs: string
  /** The cache of studies that are started here. */
  readonly cache: string
  /** Files and folders of patches and recipes. */
  readonly data: readonly string[]
}

/**
 * Throws RefusedError (403) unless the real place of `path`, every link followed, lies in what was given; DataError where there
 * is nothing.
 */
export async function requireGiven(given: Given, path: string): Promise<void> {
  const place = await realpath(path).catch((cause) => {
    throw new DataError({ where: path, expected: 'a file or folder', got: 'nothing' }, cause)
  })
  const roots = [given.runs, given.cache, ...given.data].map(placeOf)
  if (roots.some((root) => isWithin(root, place))) return
  throw new RefusedError(403, {
    where: path,
    expected: 'something in the folders that were given',
    got: place === resolve(path) ? 'a path outside of them' : `a link to ${place}`,
    hint: 'give its folder to eosin serve with --data',
  })
}

/** Whether `path` is `root` or lies in it; neither may hold links. */
export function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}

function placeOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path) // it is not there yet
  }
}
