// A set of patches opened for a page: data as they were given, or the patches of a run with all that the run says of them.

import type { Pixels } from '../base/index.ts'
import { openPatchSet, type PatchSet } from '../patches/index.ts'
import { type SetColumns, unknownLabel } from './api.ts'
import { type Given, requireGiven } from './given.ts'

/** A set of patches, open. Rows are those of its columns. */
export interface OpenSet {
  readonly columns: SetColumns
  /** Where the patch of a row lies, and what it is called there. */
  placeOf(row: number): { readonly source: string; readonly id: string; readonly label: 0 | 1 | null }
  /** The pixels of some patches, in the order asked. */
  read(rows: readonly number[]): Promise<Pixels>
  /** Probabilities of tumour by a cell, NaN where it has none. Throws UnknownNameError. */
  probabilities(cell: string): Promise<Float32Array>
  /** Where the embeddings of a row are, by stain and extractor: those that the chosen cell stands on come first. */
  readonly embeddings: readonly Embeddings[]
  close(): Promise<void>
}

/** The embeddings of a run's patches under one stain and extractor. */
export interface Embeddings {
  /** `<stain>/<embed>`. */
  readonly name: string
  /** The matrix of each split (.npy). */
  readonly files: Readonly<Record<string, string>>
  /** Its split and its row in that matrix. */
  placeOf(row: number): { readonly split: string; readonly row: number }
  /** The rows of the set whose embeddings are those of a split's matrix, by its row; -1 where it is of no row. */
  rowsOf(split: string): Int32Array
}

/** Refuses a set that reads anything outside of what was given, by links or by names in a table. */
export async function requireGivenSet(given: Given, set: PatchSet): Promise<void> {
  try {
    for (const file of set.files) await requireGiven(given, file)
  } catch (cause) {
    await set.close()
    throw cause
  }
}

/** Opens data as they were given. Throws as `openPatchSet` does, and RefusedError where they lie elsewhere. */
export async function openDataSet(
  given: Given,
  { id, title, path }: { readonly id: string; readonly title: string; readonly path: string },
): Promise<OpenSet> {
  await requireGiven(given, path)
  const set = await openPatchSet(path)
  await requireGivenSet(given, set)
  const { count, height, width, origin, ids, labels } = set
  const centers = placesIn(set.centers, count)
  const slides = placesIn(set.slides, count)
  const columns: SetColumns = {
    id,
    title,
    run: null,
    origin,
    count,
    height,
    width,
    ids,
    splitNames: [],
    centerNames: centers.names,
    slideNames: slides.names,
    ruleNames: [''],
    verdictNames: [''],
    stains: [],
    cells: [],
    threshold: null,
    split: new Uint8Array(count),
    center: centers.places,
    slide: slides.places,
    label: labels ?? new Uint8Array(count).fill(unknownLabel),
    rule: new Uint8Array(count),
    verdicts: {},
    notes: [],
  }
  return {
    columns,
    placeOf: (row) => ({ source: path, id: ids[row], label: (labels?.[row] ?? null) as 0 | 1 | null }),
    read: (rows) => set.read(rows),
    probabilities: async () => new Float32Array(count).fill(Number.NaN),
    embeddings: [],
    close: () => set.close(),
  }
}

/** A column of names as places in a list of those names; -1 where there is none. */
export function placesIn(
  column: readonly (string | null)[] | null,
  count: number,
): { readonly names: readonly string[]; readonly places: Int32Array } {
  const places = new Int32Array(count).fill(-1)
  const known = new Map<string, number>()
  column?.forEach((name, row) => {
    if (name === null || name === '') return
    if (!known.has(name)) known.set(name, known.size)
    places[row] = known.get(name)!
  })
  return { names: [...known.keys()], places }
}
