// Reads every patch and lists each that is damaged, and those of equal pixels whose labels contradict each other: what
// `eosin patches check` runs.

import { clipText, type Progress, pixelsAt, silent } from '../base/index.ts'
import { allRows } from './batches.ts'
import { areContradicting, type EqualPixelsFinder, openEqualPixelsFinder } from './equalPixels.ts'
import type { PatchSet } from './patchSet.ts'
import { type Fault, type OpenedPatchSet, problemOf } from './reader.ts'

/** How many patches were read, and what is wrong with which. */
export interface PatchCheck {
  readonly checked: number
  readonly problems: readonly Fault[]
  /** Ids of patches with the same pixels and different labels, those of equal pixels together. */
  readonly contradictions: readonly (readonly string[])[]
}

const batchSize = 256

/**
 * Reads all patches. Open the set with `isTolerant`, else opening it already throws for what it finds; other
 * errors than the patches' own are thrown.
 */
export async function checkPatches(set: PatchSet, progress: Progress = silent): Promise<PatchCheck> {
  const problems: Fault[] = [...((set as Partial<OpenedPatchSet>).faults ?? []), ...findRepeatedIds(set.ids)]
  const known = new Set(problems.map(({ id }) => id))
  const rows = allRows(set)
  const equal = openEqualPixelsFinder()
  for (let start = 0; start < rows.length; start += batchSize) {
    const some = rows.subarray(start, start + batchSize).filter((row) => !known.has(set.ids[row]))
    if ((await findProblem(set, some, equal)) !== undefined) {
      for (const row of some) {
        const problem = await findProblem(set, Uint32Array.of(row), equal)
        if (problem !== undefined) problems.push({ id: set.ids[row], problem })
      }
    }
    progress(Math.min(start + batchSize, rows.length), rows.length)
  }
  // What is wrong is said in words of the file, at any length.
  return {
    checked: set.count,
    problems: problems.map(({ id, problem }) => ({ id, problem: clipText(problem) })),
    contradictions: equal
      .find()
      .filter((same) => areContradicting(set, same))
      .map((same) => same.map((row) => set.ids[row])),
  }
}

// Notes what could be read in `equal`.
async function findProblem(
  set: PatchSet,
  rows: Uint32Array,
  equal: EqualPixelsFinder,
): Promise<string | undefined> {
  try {
    const batch = await set.read(rows)
    for (const [index, row] of rows.entries()) equal.add(row, pixelsAt(batch, index).data)
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
