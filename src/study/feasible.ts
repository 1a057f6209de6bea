// What a recipe asks of its splits that they cannot give, found before anything is computed: a plan and a run refuse the
// same recipes, with the same words.

import { DataError, RecipeError } from '../base/index.ts'
import type { AxisEntry, Recipe, StainEntry } from './recipeSchema.ts'
import { requireReference } from './reference.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { methodOf } from './steps/fittedStain.ts'
import { studyDomains } from './steps/trainStain.ts'

/**
 * Throws where `splits` lack what `recipe` asks of them: both classes in train and val, the center or ids of a reference,
 * sources to train a stain from, as many training patches as a head looks at. RecipeError (DataError where a whole file
 * holds one class).
 */
export function requireFeasible(recipe: Recipe, splits: OpenSplits): void {
  for (const split of [splits.train, splits.val]) requireClasses(recipe, split)
  for (const entry of recipe.stain) requireStain(recipe, splits, entry)
  for (const entry of recipe.classify) requireNeighbours(splits.train, entry)
}

function requireClasses(recipe: Recipe, { split, set }: OpenSplit): void {
  const { limit, centers } = recipe.data[split]!
  const labels = set.labels!
  if (labels.includes(0) && labels.includes(1)) return
  const expected = 'tumour and normal patches'
  const word = labels[0] === 0 ? 'normal' : 'tumour'
  const got = labels.length === 1 ? `1 ${word} patch` : `${labels.length} patches, all ${word}`
  if (limit === undefined && centers === undefined)
    throw new DataError({ where: `${split} (${set.source})`, expected, got })
  const hint = limit === undefined ? 'choose other centers' : 'raise limit'
  throw new RecipeError({ where: `data.${split}`, expected, got, hint })
}

function requireStain(recipe: Recipe, splits: OpenSplits, entry: StainEntry): void {
  const { needsReference, train, check } = methodOf(entry)
  const { reference, label, options } = entry
  if (train) {
    const whole = Object.values(splits).map((split) => ({ ...split, ordered: split.order, rejections: [] }))
    const domains = studyDomains(
      recipe,
      Object.fromEntries(whole.map((split) => [split.split, split])),
      entry,
    )
    check?.(domains, options)
  } else if (needsReference && reference !== 'published') {
    requireReference(splits[reference.split]!.set, reference, `stain ${label} reference`)
  }
}

function requireNeighbours({ set }: OpenSplit, { name, label, options }: AxisEntry): void {
  if (name !== 'knn' || (options.k as number) <= set.count) return
  throw new RecipeError({
    where: `classify ${label} k`,
    expected: `at most ${set.count}, the training patches`,
    got: `${options.k}`,
  })
}
