// Which entries of the cache belong to a stain or a pair of a study, by their inputs: those who lay tasks out and those who
// collect what they made ask here alike.

import { groupInputs, methodOf, pixelInputs, stainedInputs, usesGroups } from '../normalise/index.ts'
import type { Recipe, StainEntry } from '../recipe/index.ts'
import type { Split } from '../runs/record.ts'
import { type CacheInputs, keyOf } from '../tasks/index.ts'
import { type EmbeddingPair, type Grid, viewsOf } from './grid.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { filterInputs } from './steps/filter.ts'
import { effectInputs } from './steps/judgeStain.ts'

/** The entries that a stain is made in: its fit on the reference, and those of each split's groups. */
export function stainEntries(
  { recipe, splits, grid }: { readonly recipe: Recipe; readonly splits: OpenSplits; readonly grid: Grid },
  stain: StainEntry,
): { readonly fit: CacheInputs; readonly groups: Readonly<Partial<Record<Split, CacheInputs>>> } {
  const groups = Object.values(usesGroups(stain) ? splits : {}).map(
    (split) => [split.split, groupInputs(filterInputs(recipe, split), stain)] as const,
  )
  return { fit: grid.fits.get(stain)!, groups: Object.fromEntries(groups) }
}

/** What the normalised patches of a split are made from. */
function stainedOf(recipe: Recipe, split: OpenSplit, { fits }: Grid, stain: StainEntry) {
  return stainedInputs(split, filterInputs(recipe, split), stain, fits.get(stain)!)
}

/**
 * What of a split is normalised once for all who need it, under a stain that is worth keeping: null where the recipe keeps
 * nothing, or one extractor alone looks at the patches, once.
 */
export function keptPixels(
  recipe: Recipe,
  split: OpenSplit,
  grid: Grid,
  stain: StainEntry,
): CacheInputs | null {
  const { train, isCostly } = methodOf(stain)
  if (!recipe.keepStained || !(train || isCostly)) return null
  const own = grid.pairs.filter((pair) => pair.stain === stain)
  const looks = new Map(own.map((pair) => [keyOf(pair.inputs[split.split]!), viewsOf(pair, split.split)]))
  const passes = [...looks.values()].reduce((sum, views) => sum + views, 0)
  return passes < 2 ? null : pixelInputs(stainedOf(recipe, split, grid, stain))
}

/** What the effect of a stain on `shown` splits is made from. */
export const effectTask = (recipe: Recipe, shown: readonly OpenSplit[], { fits }: Grid, stain: StainEntry) =>
  effectInputs(
    stain,
    keyOf(fits.get(stain)!),
    shown.map((split) => filterInputs(recipe, split)),
  )

/** One pair for each stain and extractor, whatever training patches are shown as: the first. */
export function firstPairs({ pairs }: Grid): EmbeddingPair[] {
  return keepFirst(pairs, ({ stain, embed }) => `${stain.label}/${embed.label}`)
}

/** Of items of one name the first. */
export function keepFirst<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] {
  const byName = new Map<string, Item>()
  for (const item of items) if (!byName.has(nameOf(item))) byName.set(nameOf(item), item)
  return [...byName.values()]
}
