// Step 2: each stain method learns from its reference, which is of the test split only where the recipe allows it.

import { DataError, openRandom, type Pixels, type Progress, pickNamed, silent } from '../../base/index.ts'
import { type PatchSet, readPixels } from '../../patches/index.ts'
import { type StainFit, type StainMethod, stainMethods } from '../../stain/index.ts'
import { type Cache, type CacheEntry, type CacheInputs, keyOf } from '../cache.ts'
import type { Recipe, StainEntry } from '../recipe.ts'
import type { OpenSplits } from '../splits.ts'
import { readFit, writeFit } from '../stainFit.ts'
import { type FilteredSplit, filterInputs, passedRows } from './filter.ts'
import { type Device, studyDomains, teacherOf, trainingInputs, trainStain } from './trainStain.ts'

/** A stain method ready to apply. */
export interface FittedStain {
  readonly entry: StainEntry
  readonly method: StainMethod<unknown, StainFit>
  readonly fit: StainFit
  /** Where its networks run, if it has any. */
  readonly provider?: Device['provider']
  readonly cacheEntry: CacheEntry | null
}

/** The method of a recipe's entry, by name. */
export function methodOf(entry: StainEntry): StainMethod<unknown, StainFit> {
  return pickNamed('stain', stainMethods, entry.name) as unknown as StainMethod<unknown, StainFit>
}

/** What a stain fit is made from. */
export function stainInputs(recipe: Recipe, splits: OpenSplits, entry: StainEntry): CacheInputs {
  const { name, version, needsReference, train } = methodOf(entry)
  if (train) return trainingInputs(recipe, splits, entry)
  const { reference } = entry
  const patches =
    needsReference && reference !== 'published'
      ? { reference, seed: recipe.seed, from: keyOf(filterInputs(recipe, splits[reference.split]!)) }
      : reference
  return { stage: 'stain', version, method: name, options: entry.options, ...(needsReference && { patches }) }
}

/** Fits a stain method, or reads its fit from the cache. What a distilled one is distilled from is an entry of its own. */
export async function fitStain(
  cache: Cache,
  recipe: Recipe,
  splits: OpenSplits,
  filtered: Readonly<Record<string, FilteredSplit>>,
  entry: StainEntry,
  device: Device = {},
  progress: Progress = silent,
): Promise<FittedStain & { cacheEntry: CacheEntry }> {
  const method = methodOf(entry)
  const cacheEntry = await cache.obtain(stainInputs(recipe, splits, entry), async (folder) => {
    if (method.train) {
      const domains = studyDomains(recipe, filtered, entry)
      const teacher = teacherOf(entry)
      const trained =
        teacher && (await fitStain(cache, recipe, splits, filtered, teacher, device, progress)).fit
      const keep = (fit: StainFit) => writeFit(folder, fit)
      return trainStain(domains, entry, folder, { seed: recipe.seed, device, progress, trained, keep })
    }
    const reference = method.needsReference ? referencePatches(recipe, filtered, entry) : noPatches()
    await writeFit(folder, await method.fit(reference, entry.options))
  })
  return { entry, method, fit: await readFit(cacheEntry.folder), provider: device.provider, cacheEntry }
}

async function* noPatches(): AsyncGenerator<Pixels> {}

async function* referencePatches(
  recipe: Recipe,
  filtered: Readonly<Record<string, FilteredSplit>>,
  entry: StainEntry,
): AsyncGenerator<Pixels> {
  if (entry.reference === 'published') return
  const split = filtered[entry.reference.split]
  const where = `stain ${entry.label} reference`
  const chosen = chooseReference(split.set, passedRows(split), entry.reference, recipe.seed, where)
  yield* readPixels(split.set, chosen)
}

/**
 * The rows of a reference: those of its ids, else a seeded sample of `rows` (all, without a count), of one center where it names one.
 * Neither depends on the order of rows. Throws DataError naming `where` for an id or center that is not there.
 */
export function chooseReference(
  set: PatchSet,
  rows: Uint32Array,
  reference: { readonly ids?: readonly string[]; readonly center?: string; readonly count?: number },
  seed: number,
  where: string,
): Uint32Array {
  if (reference.ids) {
    const rowOf = new Map(set.ids.map((id, row) => [id, row]))
    return Uint32Array.from(reference.ids, (id) => {
      const row = rowOf.get(id)
      if (row === undefined) throw new DataError({ where, expected: `an id of ${set.source}`, got: id })
      return row
    })
  }
  const { center } = reference
  const candidates = center === undefined ? rows : rows.filter((row) => set.centers?.[row] === center)
  if (candidates.length === 0) {
    const centers = [...new Set(set.centers ?? [])].sort().join(', ') || 'none known'
    throw new DataError({ where, expected: `a center of ${set.source} (${centers})`, got: `${center}` })
  }
  const byId = Array.from(candidates).sort((a, b) => (set.ids[a] < set.ids[b] ? -1 : 1))
  const order = openRandom(seed, 'stain reference').permutation(byId.length)
  return Uint32Array.from(order.subarray(0, reference.count), (i) => byId[i]).sort()
}
