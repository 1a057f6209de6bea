// What a patch set says of itself: how real it is, under which licence, and of which data set. The data's own word counts most:
// an HDF5 attribute, then an eosin.json beside it, then the caller's option, then what the format implies.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, UnknownNameError } from '../base/index.ts'
import type { Origin } from './patchSet.ts'

/** Name of the file that states origin, licence and data set of the data in its folder. */
export const sidecarName = 'eosin.json'

const origins: readonly string[] = ['real', 'semi-synthetic', 'synthetic', 'unknown'] satisfies Origin[]

const leastRealFirst: readonly Origin[] = ['synthetic', 'semi-synthetic', 'unknown', 'real']

/** The origin of what is made of sets of these origins, at least one: that of the least real one. */
export function leastReal(all: readonly Origin[]): Origin {
  return leastRealFirst.find((origin) => all.includes(origin))!
}

/** Where a patch set comes from. */
export interface Provenance {
  readonly origin: Origin
  readonly licence: string | null
  readonly dataset: string | null
}

/** Checks a word for the origin. Throws UnknownNameError at `where`. */
export function parseOrigin(where: string, word: string): Origin {
  if (!origins.includes(word)) throw new UnknownNameError(where, word, origins)
  return word as Origin
}

/**
 * What the data in `folder` is: by its `eosin.json`, else by the option, else what the format implies. Throws DataError or
 * UnknownNameError where the file says something else.
 */
export async function readProvenance(
  folder: string,
  { origin, dataset }: { readonly origin?: Origin; readonly dataset?: string },
  implied: Provenance,
): Promise<Provenance> {
  const sidecar = await readSidecar(folder)
  return {
    origin: sidecar.origin ?? origin ?? implied.origin,
    licence: sidecar.licence ?? implied.licence,
    dataset: sidecar.dataset ?? dataset ?? implied.dataset,
  }
}

// `{ "origin"?: ..., "licence"?: ..., "dataset"?: ... }`; empty where there is no such file.
async function readSidecar(folder: string): Promise<Partial<Provenance>> {
  const path = join(folder, sidecarName)
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return {}
  const { origin, licence, dataset } = parseObject(path, text)
  return {
    ...(origin !== undefined && { origin: parseOrigin(`${path}, origin`, String(origin)) }),
    ...(licence !== undefined && { licence: licence === null ? null : String(licence) }),
    ...(dataset !== undefined && { dataset: dataset === null ? null : String(dataset) }),
  }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // said below
  }
  throw new DataError({ where: path, expected: 'a JSON object', got: 'something else' })
}
