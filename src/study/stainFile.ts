// A stain fit as a file of its own, outside a study: what `eosin stain fit` writes and others read.

import { DataError, pickNamed } from '../base/index.ts'
import { writeFileAtomic } from '../formats/index.ts'
import { readJson } from '../runs/index.ts'
import { type StainFit, stainMethods } from '../stain/index.ts'
import type { PlainOptions } from './options.ts'
import { type FittedStain, methodOf } from './steps/fitStain.ts'

/** The content of a fit file. */
export interface StainFile {
  readonly method: string
  readonly version: number
  readonly options: PlainOptions
  readonly fit: StainFit
}

/** Writes a fit file. */
export async function writeStainFit(path: string, file: StainFile): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(file, null, 1)}\n`)
}

/** Reads a fit file, ready to apply; null stands for no normalisation. */
export async function openStainFit(path: string | null): Promise<FittedStain> {
  const none: StainFile = { method: 'none', version: stainMethods.none.version, options: {}, fit: {} }
  const { method, version, options, fit } = path === null ? none : await readJson<StainFile>(path)
  const known = pickNamed(path ?? 'stain', stainMethods, method)
  if (version !== known.version) {
    const where = path ?? 'stain'
    const hint = 'fit it again with eosin stain fit'
    throw new DataError({
      where,
      expected: `a fit of ${method} version ${known.version}`,
      got: `version ${version}`,
      hint,
    })
  }
  const entry = {
    label: method,
    name: method,
    options,
    reference: 'published' as const,
    fallback: 'slide' as const,
  }
  return { entry, method: methodOf(entry), fit, cacheEntry: null }
}
