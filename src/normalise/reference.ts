// The patches a stain method is fitted on: those that are named, else a seeded sample that their content decides.

import { clipText, compareNames, DataError, openRandom, type Progress, RecipeError } from '../base/index.ts'
import { allRows, orderPatches, type PatchSet } from '../patches/index.ts'

/** Which patches: `ids`, else `count` of them (all, without it), of one center where it names one. */
export interface ReferenceChoice {
  readonly ids?: readonly string[]
  readonly center?: string
  readonly count?: number
}

/** Throws RecipeError naming `where` for an id or center of the choice that `set` does not hold. */
export function requireReference(set: PatchSet, { ids, center }: ReferenceChoice, where: string): void {
  if (ids) findIds(set, ids, where)
  else if (center !== undefined && !set.centers?.includes(center)) {
    const centers = [...new Set(set.centers ?? [])].sort(compareNames).join(', ') || 'none known'
    const expected = `a center of ${set.source} (${clipText(centers)})`
    throw new RecipeError({ where, expected, got: center })
  }
}

/**
 * The rows of a reference: those of its ids in their order, else a seeded sample of `ordered`, rows in the order that their
 * content gives. Throws as requireReference does, and DataError where no patch of its center is among `ordered`.
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
    if (row === undefined) throw new RecipeError({ where, expected: `an id of ${set.source}`, got: id })
    return row
  })
}

function rowsOfCenter(
  set: PatchSet,
  rows: Uint32Array,
  center: string | undefined,
  where: string,
): Uint32Array {
  requireReference(set, { center }, where)
  const candidates = center === undefined ? rows : rows.filter((row) => set.centers![row] === center)
  if (candidates.length > 0) return candidates
  const expected = `patches of center ${center} of ${set.source} that pass the quality filter`
  throw new DataError({ where, expected, got: 'none' })
}

function sampleRows(ordered: Uint32Array, count: number | undefined, seed: number): Uint32Array {
  const order = openRandom(seed, 'stain reference').permutation(ordered.length)
  return order.subarray(0, count).map((place) => ordered[place])
}
