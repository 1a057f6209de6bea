// What uses patches of the test split, without their labels. A recipe must allow it, and whatever is made with it says so:
// its test figures are not those of an unseen center.

import { seesTarget } from '../adapt/index.ts'
import { RecipeError } from '../base/index.ts'
import { type StainFit, type StainMethod, type StainName, stainMethods } from '../stain/index.ts'
import type { AdaptEntry } from './adaptEntry.ts'
import type { Recipe, StainEntry } from './recipeSchema.ts'

/** Whether the fit of a recipe's entry is made from pixels of the test split: its reference or one of its sources. */
export function isTransductive({ name, options, reference }: StainEntry): boolean {
  const { needsReference, train } = stainMethods[name as StainName] as StainMethod<unknown, StainFit>
  if (!needsReference) return false
  const { sources } = options
  const isSource = train !== undefined && Array.isArray(sources) && sources.includes('test')
  return isSource || (reference !== 'published' && reference.split === 'test')
}

/** Whether what is made with this stain and this adaptation uses pixels of the test split. */
export function usesTestPixels({
  stain,
  adapt,
}: {
  readonly stain: StainEntry
  readonly adapt: AdaptEntry
}): boolean {
  return isTransductive(stain) || seesTarget(adapt.options)
}

/** Whether patches are predicted by a share of tumour that is stated for the center they come from. */
export const predictsByShare = ({ evaluate: { threshold } }: Pick<Recipe, 'evaluate'>) =>
  typeof threshold === 'object'

/** The labels of the transductive ones among a recipe's stains and adaptations, and its threshold where it is. */
export function listTransductive(recipe: Pick<Recipe, 'stain' | 'adapt' | 'evaluate'>): string[] {
  const { stain, adapt } = recipe
  const adaptations = adapt.filter(({ options }) => seesTarget(options))
  const labels = [...stain.filter(isTransductive), ...adaptations].map(({ label }) => label)
  return predictsByShare(recipe) ? [...labels, 'threshold'] : labels
}

/** Throws RecipeError where a stain, an adaptation or the threshold uses test patches that the recipe does not allow it or does not have. */
export function checkTransductive(
  where: string,
  recipe: Pick<Recipe, 'stain' | 'adapt' | 'evaluate'>,
  { allowed, hasTest }: { readonly allowed: boolean; readonly hasTest: boolean },
): void {
  const { stain, adapt } = recipe
  const fitted = stain.find(isTransductive)
  const adversary = adapt.find(({ options }) => options.target)
  const needsTest = fitted ? `stain ${fitted.label}` : adversary && `adapt ${adversary.label}`
  if (needsTest && !hasTest) {
    const what = fitted ? 'the stain is fitted on the test split' : 'its patches take part in training'
    throw new RecipeError({
      where: `${where} ${needsTest}`,
      expected: `data.test, since ${what}`,
      got: 'none',
    })
  }
  if (allowed) return
  if (fitted) {
    throw new RecipeError({
      where: `${where} stain ${fitted.label}`,
      expected: 'a reference and sources among train and val',
      got: 'the test split',
      hint: 'write transductive: true at the top of the recipe to fit on unlabelled test patches; all that is made with it is marked',
    })
  }
  const refuse = (what: string, expected: string) => {
    throw new RecipeError({
      where: `${where} ${what}`,
      expected: `${expected} that does without the center it predicts`,
      got: 'one that uses its unlabelled patches',
      hint: 'write transductive: true at the top of the recipe to allow it; all that is made with it is marked',
    })
  }
  const adapted = adapt.find(({ options }) => seesTarget(options))
  if (adapted) refuse(`adapt ${adapted.label}`, 'an adaptation')
  if (predictsByShare(recipe)) refuse('evaluate.threshold.share', 'a threshold')
}
