// A stain fit as a file of its own, outside a study: what `eosin stain fit` writes and others read.

import { pickNamed } from '../base/index.ts'
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
  const none: StainFile = { method: 'none', version: 1, options: {}, fit: {} }
  const { method, options, fit } = path === null ? none : await readJson<StainFile>(path)
  pickNamed(path ?? 'stain', stainMethods, method)
  const entry = { label: method, name: method, options, reference: 'published' as const }
  return { entry, method: methodOf(entry), fit, cacheEntry: null }
}
