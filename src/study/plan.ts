// What a study would do: each step with whether its result is in the cache already.

import { type Progress, silent } from '../base/index.ts'
import { openExtractor } from '../embed/index.ts'
import type { Overlap } from '../runs/index.ts'
import { type Cache, keyOf, openCache } from '../tasks/index.ts'
import { layOutGrid, nameEmbeddings, viewsOf } from './grid.ts'
import { findOverlaps } from './overlap.ts'
import type { Recipe, StainEntry } from './recipeSchema.ts'
import { closeSplits, type OpenSplits, openSplits } from './splits.ts'
import { filterInputs } from './steps/filter.ts'
import { stainInputs } from './steps/fitStain.ts'
import { isTransductive } from './transductive.ts'

/** One step of a plan; `items` are patches, or rows for heads. */
export interface PlannedStep {
  readonly stage: 'quality' | 'stain' | 'embed' | 'classify'
  readonly what: string
  readonly items: number
  readonly cached: boolean
  /** It rests on a stain that is fitted on unlabelled patches of the test split; not there where it does not. */
  readonly transductive?: true
}

/** What a study would do, and what its splits have in common. */
export interface StudyPlan {
  readonly overlaps: readonly Overlap[]
  readonly steps: readonly PlannedStep[]
}

/**
 * The steps a study of `recipe` consists of, in the order they run. Reads the patches once, to compare the splits, unless their
 * hashes are cached; computes nothing else. Throws as `openSplits` and `findOverlaps` do.
 */
export async function planStudy(
  recipe: Recipe,
  cacheRoot: string,
  { device = 'auto', progress = silent }: { readonly device?: string; readonly progress?: Progress } = {},
): Promise<StudyPlan> {
  const cache = openCache(cacheRoot)
  const splits = await openSplits(recipe, cache, () => ({ progress }))
  try {
    const steps = [
      ...planFilters(recipe, cache, splits),
      ...planStains(recipe, cache, splits),
      ...(await planCells(recipe, cache, splits, device)),
    ]
    return { overlaps: findOverlaps(splits), steps }
  } finally {
    await closeSplits(splits)
  }
}

function planFilters(recipe: Recipe, cache: Cache, splits: OpenSplits): PlannedStep[] {
  if (recipe.quality === null) return []
  return Object.values(splits).map((split) => ({
    stage: 'quality',
    what: split.split,
    items: split.set.count,
    cached: cache.has(filterInputs(recipe, split)),
  }))
}

function planStains(recipe: Recipe, cache: Cache, splits: OpenSplits): PlannedStep[] {
  return recipe.stain.map((stain) => ({
    stage: 'stain',
    what: stain.label,
    items: stain.reference === 'published' ? 0 : (stain.reference.ids?.length ?? stain.reference.count ?? 0),
    cached: cache.has(stainInputs(recipe, splits, stain)),
    ...markTransductive(stain),
  }))
}

async function planCells(
  recipe: Recipe,
  cache: Cache,
  splits: OpenSplits,
  device: string,
): Promise<PlannedStep[]> {
  const { pairs, cells } = layOutGrid(recipe, splits, await readExtractorKeys(recipe, device), device)
  const planned = new Set<string>()
  const embeds = pairs.flatMap((pair) =>
    Object.values(splits).flatMap(({ split, set }): PlannedStep[] => {
      const inputs = pair.inputs[split]!
      if (planned.has(keyOf(inputs))) return []
      planned.add(keyOf(inputs))
      const what = `${nameEmbeddings(pair, split)} ${split}`
      const items = set.count * viewsOf(pair, split)
      return [{ stage: 'embed', what, items, cached: cache.has(inputs), ...markTransductive(pair.stain) }]
    }),
  )
  const heads = cells.flatMap(({ id, pair, heads }) =>
    heads.map(
      ({ seed, inputs }): PlannedStep => ({
        stage: 'classify',
        what: `${id} seed ${seed}`,
        items: splits.train.set.count * pair.augment.views,
        cached: cache.has(inputs),
        ...markTransductive(pair.stain),
      }),
    ),
  )
  return [...embeds, ...heads]
}

function markTransductive(stain: StainEntry): Pick<PlannedStep, 'transductive'> {
  return isTransductive(stain) ? { transductive: true } : {}
}

/** The keys of the recipe's extractors, by label. */
export async function readExtractorKeys(recipe: Recipe, device: string): Promise<Record<string, string>> {
  const keys: Record<string, string> = {}
  for (const { label, name, options } of recipe.embed) {
    const extractor = await openExtractor({ name, ...options }, { device, threads: 1 })
    keys[label] = extractor.key
    await extractor.close()
  }
  return keys
}
