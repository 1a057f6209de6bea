// Reads every patch and lists each that is damaged, and those of equal pixels whose labels contradict each other: what
// `eosin patches check` runs on each file.

import { clipText, type Pixels, type Progress, pixelsAt, silent } from '../base/index.ts'
import { allRows } from './batches.ts'
import { areContradicting, openEqualPixelsFinder } from './equalPixels.ts'
import type { PatchSet } from './patchSet.ts'
import { type Fault, type OpenedPatchSet, problemOf } from './reader.ts'

/** How many patches were read, and what is wrong with which. */
export interface PatchCheck {
  readonly checked: number
  readonly problems: readonly Fault[]
  /** Ids of patches with the same pixels and different labels, those of equal pixels together. */
  readonly contradictions: readonly (readonly string[])[]
  /** How many patches have the pixels of one before them. */
  readonly copies: number
}

/** Who is shown each patch that could be read, with 64 bits of a hash of its pixels. */
export type PatchLook = (row: number, patch: Pixels, hash: bigint) => void

const batchSize = 256

/**
 * Reads all patches. Open the set with `isTolerant`, else opening it already throws for what it finds; other
 * errors than the patches' own are thrown.
 */
export async function checkPatches(
  set: PatchSet,
  progress: Progress = silent,
  look: PatchLook = () => {},
): Promise<PatchCheck> {
  const problems: Fault[] = [...((set as Partial<OpenedPatchSet>).faults ?? []), ...findRepeatedIds(set.ids)]
  const known = new Set(problems.map(({ id }) => id))
  const rows = allRows(set)
  const equal = openEqualPixelsFinder()
  const note = (row: number, patch: Pixels) => look(row, patch, equal.add(row, patch.data))
  for (let start = 0; start < rows.length; start += batchSize) {
    const some = rows.subarray(start, start + batchSize).filter((row) => !known.has(set.ids[row]))
    if ((await findProblem(set, some, note)) !== undefined) {
      for (const row of some) {
        const problem = await findProblem(set, Uint32Array.of(row), note)
        if (problem !== undefined) problems.push({ id: set.ids[row], problem })
      }
    }
    progress(Math.min(start + batchSize, rows.length), rows.length)
  }
  const same = equal.find()
  // What is wrong is said in words of the file, at any length.
  return {
    checked: set.count,
    problems: problems.map(({ id, problem }) => ({ id, problem: clipText(problem) })),
    contradictions: same
      .filter((rows) => areContradicting(set, rows))
      .map((rows) => rows.map((row) => set.ids[row])),
    copies: same.reduce((sum, rows) => sum + rows.length - 1, 0),
  }
}

// Shows what could be read.
async function findProblem(
  set: PatchSet,
  rows: Uint32Array,
  note: (row: number, patch: Pixels) => void,
): Promise<string | undefined> {
  try {
    const batch = await set.read(rows)
    for (const [index, row] of rows.entries()) note(row, pixelsAt(batch, index))
    return undefined
  } catch (cause) {
    return problemOf(cause)
  }
}

function findRepeatedIds(ids: readonly string[]): Fault[] {
  const seen = new Set<string>()
  return ids
    .filter((id) => seen.size === seen.add(id).size)
    .map((id) => ({ id, problem: 'its id stands twice' }))
}
