// The patches a stain method is fitted on: those that are named, else a seeded sample that their content decides.

import { DataError, openRandom, type Progress } from '../base/index.ts'
import { allRows, orderPatches, type PatchSet } from '../patches/index.ts'

/** Which patches: `ids`, else `count` of them (all, without it), of one center where it names one. */
export interface ReferenceChoice {
  readonly ids?: readonly string[]
  readonly center?: string
  readonly count?: number
}

/**
 * The rows of a reference: those of its ids in their order, else a seeded sample of `ordered`, rows in the order that their
 * content gives. Throws DataError naming `where` for an id or center that is not there.
 */
export function chooseReference(
  set: PatchSet,
  ordered: Uint32Array,
  choice: ReferenceChoice,
  seed: number,
  where: string,
): Uint32Array {
  if (choice.ids) return findIds(set, choice.ids, where)
  return sampleRows(rowsOfCenter(set, ordered, choice.center, where), choice.count, seed)
}

/** As `chooseReference` among all patches of a set, which are read once to learn their order, unless ids name them. */
export async function drawReference(
  set: PatchSet,
  choice: ReferenceChoice,
  seed: number,
  where: string,
  progress?: Progress,
): Promise<Uint32Array> {
  if (choice.ids) return findIds(set, choice.ids, where)
  const rows = rowsOfCenter(set, allRows(set), choice.center, where)
  return sampleRows(await orderPatches(set, rows, progress), choice.count, seed)
}

function findIds(set: PatchSet, ids: readonly string[], where: string): Uint32Array {
  const rowOf = new Map(set.ids.map((id, row) => [id, row]))
  return Uint32Array.from(ids, (id) => {
    const row = rowOf.get(id)
    if (row === undefined) throw new DataError({ where, expected: `an id of ${set.source}`, got: id })
    return row
  })
}

function rowsOfCenter(
  set: PatchSet,
  rows: Uint32Array,
  center: string | undefined,
  where: string,
): Uint32Array {
  const candidates = center === undefined ? rows : rows.filter((row) => set.centers?.[row] === center)
  if (candidates.length > 0) return candidates
  const centers = [...new Set(set.centers ?? [])].sort().join(', ') || 'none known'
  throw new DataError({ where, expected: `a center of ${set.source} (${centers})`, got: `${center}` })
}

function sampleRows(ordered: Uint32Array, count: number | undefined, seed: number): Uint32Array {
  const order = openRandom(seed, 'stain reference').permutation(ordered.length)
  return order.subarray(0, count).map((place) => ordered[place])
}
