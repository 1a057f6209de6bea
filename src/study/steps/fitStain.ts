// Step 2: each stain method learns from its reference, which is of the test split only where the recipe allows it.

import { type Pixels, type Progress, silent } from '../../base/index.ts'
import { type Engines, nameEngines } from '../../engine/index.ts'
import { readPixels } from '../../patches/index.ts'
import type { StainFit } from '../../stain/index.ts'
import { type Cache, type CacheEntry, type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { Recipe, StainEntry } from '../recipeSchema.ts'
import { chooseReference } from '../reference.ts'
import type { OpenSplits } from '../splits.ts'
import { readFit, writeFit } from '../stainFit.ts'
import { type FilteredSplit, filterInputs, passedRows } from './filter.ts'
import { type Device, type FittedStain, methodOf } from './fittedStain.ts'
import { studyDomains, teacherOf, trainingInputs, trainStain } from './trainStain.ts'

// Raised when the same recipe draws other patches.
const referenceVersion = 2

/** What a stain fit is made from. */
export function stainInputs(
  recipe: Recipe,
  splits: OpenSplits,
  entry: StainEntry,
  engines: Engines,
): CacheInputs {
  const { name, version, needsReference, train } = methodOf(entry)
  if (train) return trainingInputs(recipe, splits, entry, engines)
  const { reference } = entry
  const patches =
    needsReference && reference !== 'published'
      ? {
          version: referenceVersion,
          reference,
          seed: recipe.seed,
          from: keyOf(filterInputs(recipe, splits[reference.split]!)),
        }
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
  const inputs = stainInputs(recipe, splits, entry, nameEngines(device.provider))
  const teacher = cache.has(inputs) ? null : teacherOf(entry)
  const taught = teacher && (await fitStain(cache, recipe, splits, filtered, teacher, device, progress))
  const cacheEntry = await cache.obtain(inputs, async (folder) => {
    if (method.train) {
      const domains = studyDomains(recipe, filtered, entry)
      const keep = (fit: StainFit) => writeFit(folder, fit)
      const trained = taught?.fit
      return trainStain(domains, entry, folder, { seed: recipe.seed, device, progress, trained, keep })
    }
    const reference = method.needsReference ? referencePatches(recipe, filtered, entry) : noPatches()
    await writeFit(folder, await method.fit(reference, entry.options))
  })
  return { entry, method, fit: await readFit(cacheEntry.folder), ...device, cacheEntry }
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
  yield* readPixels(
    split.set,
    chooseReference(split.set, passedRows(split), entry.reference, recipe.seed, where),
  )
}
