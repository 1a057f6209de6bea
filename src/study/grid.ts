// The grid: every combination of the recipe's axes, and the cache inputs of each of its steps. Keys follow
// from inputs alone, so a plan can be told before anything has run.

import { RecipeError } from '../base/index.ts'
import type { Engines } from '../engine/index.ts'
import { stainedInputs } from '../normalise/index.ts'
import type { AdaptEntry, AugmentEntry, AxisEntry, Recipe, StainEntry } from '../recipe/index.ts'
import { headMethodOf, listDeviceParts, pairHead, suitsAdaptation } from '../recipe/index.ts'
import type { Split } from '../runs/record.ts'
import { type CacheInputs, keyOf } from '../tasks/index.ts'
import { type Fold, listFolds } from './folds.ts'
import type { OpenSplits } from './splits.ts'
import { alignInputs } from './steps/alignSplits.ts'
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

/** A head to be trained. */
export interface GridHead {
  readonly seed: number
  readonly inputs: CacheInputs
}

/** One combination: what is trained, and the inputs of each seed. */
export interface GridCell {
  readonly id: string
  readonly pair: EmbeddingPair
  readonly adapt: AdaptEntry
  /** What the maps of centers are made from; null where embeddings are taken as they are. */
  readonly aligned: CacheInputs | null
  readonly classify: AxisEntry
  readonly heads: readonly GridHead[]
  /** The same trained without each labelled center; none under the protocol `challenge`. */
  readonly folds: readonly { readonly fold: Fold; readonly heads: readonly GridHead[] }[]
}

/** What can be chosen: a cell, or an ensemble of several. */
export interface Candidate {
  readonly id: string
  readonly members: readonly GridCell[]
}

/** All pairs and cells of a study, in the recipe's order. */
export interface Grid {
  /** What the fit of each stain method is made from. */
  readonly fits: ReadonlyMap<StainEntry, CacheInputs>
  readonly pairs: readonly EmbeddingPair[]
  readonly cells: readonly GridCell[]
  readonly candidates: readonly Candidate[]
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
  const rows = seen.map((split) => keyOf(filterInputs(recipe, split)))
  const folds = listFolds(recipe, splits)
  const layOutCell = (pair: EmbeddingPair, adapt: AdaptEntry, classify: AxisEntry): GridCell => {
    const aligned = alignInputs(recipe, splits, pair.inputs, adapt, engines)
    const layOutHeads = (fold: Fold | null) => {
      const centers = fold ? [...fold.train, fold.stop] : undefined
      const labels = seen.map((split) => split.labelsKey(centers))
      const data = { embeddings: pair.inputs, rows, labels, fold, aligned }
      return seedsOf(recipe, classify).map((seed) => ({
        seed,
        inputs: headInputs(classify, adapt, data, seed, engines),
      }))
    }
    return {
      id: nameCell(pair, adapt, classify),
      pair,
      adapt,
      aligned,
      classify,
      heads: layOutHeads(null),
      folds: folds.map((fold) => ({ fold, heads: layOutHeads(fold) })),
    }
  }
  const cells = pairs.flatMap((pair) =>
    recipe.adapt.flatMap((adapt) =>
      recipe.classify
        .map((classify) => pairHead(classify, pair.embed))
        .filter((classify) => classify !== null && suitsAdaptation(adapt, classify, pair.embed))
        .map((classify) => layOutCell(pair, adapt, classify!)),
    ),
  )
  return { fits, pairs, cells, candidates: listCandidates(recipe, cells) }
}

// `stain/augment/embed/adapt/classify`; augment and adapt where they change something.
function nameCell(pair: EmbeddingPair, adapt: AdaptEntry, { label }: AxisEntry): string {
  const isAdapted = adapt.label !== 'none'
  return [nameEmbeddings(pair, 'train'), ...(isAdapted ? [adapt.label] : []), label].join('/')
}

// Ensembles follow the cells that they are made of. Throws RecipeError for one without members.
function listCandidates({ ensembles }: Recipe, cells: readonly GridCell[]): Candidate[] {
  const repeated = cells.find(({ id }, i) => cells.findIndex((cell) => cell.id === id) !== i)
  if (repeated) {
    throw new RecipeError({
      where: 'recipe',
      expected: 'cells that can be told apart by their names',
      got: `two cells named ${repeated.id}`,
      hint: 'give an entry of augment, embed or adapt another label',
    })
  }
  const plain = cells.map((cell) => ({ id: cell.id, members: [cell] }))
  const together = ensembles.map(({ label, cells: patterns }) => {
    const members = cells.filter(({ id }) => patterns.some((pattern) => matchesCell(pattern, id)))
    const id = `ensemble/${label}`
    if (members.length > 1) return { id, members }
    throw new RecipeError({
      where: `ensembles ${label}`,
      expected: `patterns that name two cells at least, of ${cells.map((cell) => cell.id).join(', ')}`,
      got: patterns.join(', '),
      hint: '* stands for any label',
    })
  })
  return [...plain, ...together]
}

// A pattern is a cell's name with * for any label.
function matchesCell(pattern: string, id: string): boolean {
  const [parts, names] = [pattern.split('/'), id.split('/')]
  return parts.length === names.length && parts.every((part, i) => part === '*' || part === names[i])
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
