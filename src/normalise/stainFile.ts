// A stain fit as a file of its own, outside a study: what `eosin stain fit` and `eosin stain train` write and others
// read. Networks lie beside it.

import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DataError, pickNamed } from '../base/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import type { PlainOptions } from '../recipe/index.ts'
import { readJson } from '../runs/index.ts'
import { type StainFit, stainMethods } from '../stain/index.ts'
import { type Device, type FittedStain, methodOf } from './fittedStain.ts'
import { readNetworks, writeNetworks } from './stainFit.ts'

/** The content of a fit file. */
export interface StainFile {
  readonly method: string
  readonly version: number
  readonly options: PlainOptions
  readonly fit: StainFit
}

/** Writes a fit file. */
export async function writeStainFit(path: string, file: StainFile): Promise<void> {
  const fit = await writeNetworks(dirname(path), file.fit)
  await writeFileAtomic(path, `${JSON.stringify({ ...file, fit }, null, 1)}\n`)
}

/**
 * Reads a fit file, or the one in a folder, ready to apply; null stands for no normalisation. Throws DataError for what is
 * no fit, is of another version or lacks its networks.
 */
export async function openStainFit(given: string | null, place: Device = {}): Promise<FittedStain> {
  const none: StainFile = { method: 'none', version: stainMethods.none.version, options: {}, fit: {} }
  const path = given !== null && isFolder(given) ? join(given, 'fit.json') : given
  const where = path ?? 'stain'
  const { method, version, options, fit } = path === null ? none : await readStainFile(path)
  const known = pickNamed(where, stainMethods, method)
  const hint = known.train ? 'train it again with eosin stain train' : 'fit it again with eosin stain fit'
  if (version !== known.version) {
    const expected = `a fit of ${method} version ${known.version}`
    throw new DataError({ where, expected, got: `version ${version}`, hint })
  }
  const entry = {
    label: method,
    name: method,
    options,
    reference: 'published' as const,
    fallback: 'slide' as const,
  }
  const whole = path === null ? fit : await readNetworks(dirname(path), fit)
  if (known.train && !whole.networks) {
    throw new DataError({ where, expected: `a fit of ${method} with its networks`, got: 'none', hint })
  }
  return { entry, method: methodOf(entry), fit: whole, ...place }
}

async function readStainFile(path: string): Promise<StainFile> {
  const expected = 'what eosin stain fit or stain train wrote'
  if (!existsSync(path)) throw new DataError({ where: path, expected, got: 'no such file or folder' })
  const file = await readJson<Partial<StainFile> | null>(path)
  if (typeof file?.method === 'string' && file.options && file.fit) return file as StainFile
  throw new DataError({ where: path, expected, got: 'other JSON' })
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
