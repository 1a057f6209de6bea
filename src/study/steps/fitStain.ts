// Step 2: each stain method learns from its reference, which is of the test split only where the recipe allows it.

import type { Pixels, Progress } from '../../base/index.ts'
import type { Engines } from '../../engine/index.ts'
import { chooseReference, type Device, methodOf, trainStain, writeFit } from '../../normalise/index.ts'
import { readPixels } from '../../patches/index.ts'
import type { Recipe, StainEntry } from '../../recipe/index.ts'
import type { Split } from '../../runs/index.ts'
import type { StainFit } from '../../stain/index.ts'
import { type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { OpenSplits } from '../splits.ts'
import { type FilteredSplit, filterInputs, passedRows } from './filter.ts'
import { studyDomains, trainingInputs } from './stainTraining.ts'

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

/** How a fit is made. */
export interface FitJob {
  readonly device: Device
  readonly progress: Progress
  /** What a distilled stain is distilled from. */
  readonly taught: StainFit | null
}

/** Fits a stain method into `folder`; a method that is trained goes on from what it finds there. */
export async function makeFit(
  recipe: Recipe,
  filtered: Readonly<Partial<Record<Split, FilteredSplit>>>,
  entry: StainEntry,
  folder: string,
  { device, progress, taught }: FitJob,
): Promise<void> {
  const method = methodOf(entry)
  const keep = (fit: StainFit) => writeFit(folder, fit)
  if (method.train) {
    const domains = studyDomains(recipe, filtered, entry)
    await trainStain(domains, entry, folder, { seed: recipe.seed, device, progress, trained: taught, keep })
    return
  }
  const reference = method.needsReference ? referencePatches(recipe, filtered, entry) : noPatches()
  await keep(await method.fit(reference, entry.options))
}

async function* noPatches(): AsyncGenerator<Pixels> {}

async function* referencePatches(
  recipe: Recipe,
  filtered: Readonly<Partial<Record<Split, FilteredSplit>>>,
  entry: StainEntry,
): AsyncGenerator<Pixels> {
  if (entry.reference === 'published') return
  const split = filtered[entry.reference.split]!
  const where = `stain ${entry.label} reference`
  yield* readPixels(
    split.set,
    chooseReference(split.set, passedRows(split), entry.reference, recipe.seed, where),
  )
}
