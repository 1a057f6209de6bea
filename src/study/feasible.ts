// What a recipe asks of its splits that they cannot give, found before anything is computed: a plan and a run refuse the
// same recipes, with the same words.

import { leastPatches, RecipeError } from '../base/index.ts'
import { checkSquare, viewDefaults } from '../embed/index.ts'
import { methodOf, requireReference } from '../normalise/index.ts'
import type { Recipe, StainEntry } from '../recipe/index.ts'
import { headMethodOf, predictsByShare } from '../recipe/index.ts'
import { bothClasses, describeOneClass, requireBothClasses } from './bothClasses.ts'
import type { OpenSplit, OpenSplits } from './splits.ts'
import { studyDomains } from './steps/stainTraining.ts'

/**
 * Throws where `splits` lack what `recipe` asks of them: both classes in train and val, the center or ids of a reference,
 * sources to train a stain from, square patches for views, as many training patches as a head looks at. RecipeError
 * (DataError where a whole file holds one class, ShapeError for sides).
 */
export function requireFeasible(recipe: Recipe, splits: OpenSplits): void {
  for (const split of [splits.train, splits.val]) requireClasses(recipe, split)
  for (const entry of recipe.stain) requireStain(recipe, splits, entry)
  for (const { label, options } of recipe.embed) {
    if (options.views !== viewDefaults.views) checkSquare(`embed ${label}`, splits.train.set)
  }
  if (predictsByShare(recipe) && splits.test) requirePatches(splits.test)
  for (const entry of recipe.classify) {
    headMethodOf(entry).check?.(`classify ${entry.label}`, splits.train.set.count, entry.options)
  }
}

// A threshold by share is found among the patches of each center of test.
function requirePatches({ set }: OpenSplit): void {
  const centers = Array.from({ length: set.count }, (_, row) => set.centers?.[row] ?? '?')
  const few = [...new Set(centers)].find(
    (name) => centers.filter((center) => center === name).length < leastPatches,
  )
  if (few === undefined) return
  throw new RecipeError({
    where: 'evaluate.threshold.share',
    expected: `at least ${leastPatches} patches of every test center`,
    got: `${centers.filter((center) => center === few).length} of ${few === '?' ? 'a center that is not named' : `center ${few}`}`,
    hint: 'give a threshold that is a number, or held-out',
  })
}

function requireClasses(recipe: Recipe, { split, set }: OpenSplit): void {
  const { limit, centers } = recipe.data[split]!
  if (limit === undefined && centers === undefined) {
    requireBothClasses(`${split} (${set.source})`, set.labels!)
    return
  }
  const got = describeOneClass(set.labels!)
  const hint = limit === undefined ? 'choose other centers' : 'raise limit'
  if (got) throw new RecipeError({ where: `data.${split}`, expected: bothClasses, got, hint })
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
