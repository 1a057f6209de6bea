// The grid: every combination of the recipe's axes, and the cache inputs of each of its steps. Keys follow
// from inputs alone, so a plan can be told before anything has run.

import type { Engines } from '../engine/index.ts'
import { stainedInputs } from '../normalise/index.ts'
import type { AugmentEntry, AxisEntry, Recipe, StainEntry } from '../recipe/index.ts'
import { headMethodOf, listDeviceParts, pairHead } from '../recipe/index.ts'
import type { Split } from '../runs/record.ts'
import { type CacheInputs, keyOf } from '../tasks/index.ts'
import type { OpenSplits } from './splits.ts'
import { augmentInputs } from './steps/augmentViews.ts'
import { type ExtractorIdentity, embedInputs } from './steps/embedSplit.ts'
import { filterInputs } from './steps/filter.ts'
import { stainInputs } from './steps/fitStain.ts'
import { headInputs } from './steps/trainHead.ts'

/** One column of embeddings: a stain method, what training patches are shown as, and an extractor. */
export interface EmbeddingPair {
  readonly stain: StainEntry
  readonly augment: AugmentEntry
  readonly embed: AxisEntry
  readonly extractorKey: string
  readonly inputs: Readonly<Partial<Record<Split, CacheInputs>>>
}

/** One combination: what is trained, and the inputs of each seed. */
export interface GridCell {
  readonly id: string
  readonly pair: EmbeddingPair
  readonly classify: AxisEntry
  readonly heads: readonly { readonly seed: number; readonly inputs: CacheInputs }[]
}

/** All pairs and cells of a study, in the recipe's order. */
export interface Grid {
  /** What the fit of each stain method is made from. */
  readonly fits: ReadonlyMap<StainEntry, CacheInputs>
  readonly pairs: readonly EmbeddingPair[]
  readonly cells: readonly GridCell[]
}

/** Lays out the grid. `extractorKeys` are the extractors' keys by label, `engines` what runs networks. */
export function layOutGrid(
  recipe: Recipe,
  splits: OpenSplits,
  extractorKeys: Readonly<Record<string, string>>,
  engines: Engines,
): Grid {
  const fits = new Map(recipe.stain.map((stain) => [stain, stainInputs(recipe, splits, stain, engines)]))
  const pairs = recipe.stain.flatMap((stain) =>
    recipe.augment.flatMap((augment) =>
      recipe.embed.map((embed) =>
        layOutPair(recipe, splits, { stain, augment, embed }, fits.get(stain)!, {
          key: extractorKeys[embed.label],
          engine: usesDevice(embed) ? engines.device : null,
        }),
      ),
    ),
  )
  const seen = [splits.train, splits.val]
  const trained = {
    rows: seen.map((split) => keyOf(filterInputs(recipe, split))),
    labels: seen.map(({ labelsKey }) => labelsKey),
  }
  const cells = pairs.flatMap((pair) =>
    recipe.classify
      .map((classify) => pairHead(classify, pair.embed))
      .filter((classify) => classify !== null)
      .map((classify) => ({
        id: `${nameEmbeddings(pair, 'train')}/${classify.label}`,
        pair,
        classify,
        heads: seedsOf(recipe, classify).map((seed) => ({
          seed,
          inputs: headInputs(classify, pair.inputs, trained, seed, engines),
        })),
      })),
  )
  return { fits, pairs, cells }
}

/** Whether an extractor makes use of the device that is asked for. */
export const usesDevice = ({ name }: AxisEntry) => listDeviceParts({ embed: [name] })[0].usesDevice

function layOutPair(
  recipe: Recipe,
  splits: OpenSplits,
  { stain, augment, embed }: Pick<EmbeddingPair, 'stain' | 'augment' | 'embed'>,
  fit: CacheInputs,
  extractor: ExtractorIdentity,
): EmbeddingPair {
  const inputs: Partial<Record<Split, CacheInputs>> = {}
  for (const split of Object.values(splits)) {
    const filterKey = filterInputs(recipe, split)
    const views = split.split === 'train' ? augmentInputs(augment, recipe.seed, filterKey) : null
    inputs[split.split] = embedInputs(stainedInputs(split, filterKey, stain, fit), extractor, views)
  }
  return { stain, augment, embed, extractorKey: extractor.key, inputs }
}

/**
 * The name of a pair's embeddings of a split: `stain/embed`, or `stain/augment/embed` where they are augmented, which
 * only those of train are.
 */
export function nameEmbeddings({ stain, augment, embed }: EmbeddingPair, split: Split): string {
  const isAugmented = split === 'train' && augment.label !== 'none'
  return [stain.label, ...(isAugmented ? [augment.label] : []), embed.label].join('/')
}

/** How many rows a split's embeddings have for each of its patches. */
export function viewsOf({ augment }: EmbeddingPair, split: Split): number {
  return split === 'train' ? augment.views : 1
}

// A head that does not use its seed would only be trained again to the same end.
function seedsOf(recipe: Recipe, classify: AxisEntry): readonly number[] {
  return headMethodOf(classify).usesSeed ? recipe.seeds : recipe.seeds.slice(0, 1)
}
