// Which stains are made from patches of the test split, without their labels. A recipe must allow it, and whatever is
// made with such a stain says so: its test figures are not those of an unseen center.

import { RecipeError } from '../base/index.ts'
import { type StainFit, type StainMethod, type StainName, stainMethods } from '../stain/index.ts'
import type { StainEntry } from './recipeSchema.ts'

/** Whether the fit of a recipe's entry is made from pixels of the test split: its reference or one of its sources. */
export function isTransductive({ name, options, reference }: StainEntry): boolean {
  const { needsReference, train } = stainMethods[name as StainName] as StainMethod<unknown, StainFit>
  if (!needsReference) return false
  const { sources } = options
  const isSource = train !== undefined && Array.isArray(sources) && sources.includes('test')
  return isSource || (reference !== 'published' && reference.split === 'test')
}

/** The labels of the transductive ones among `stains`. */
export function listTransductive(stains: readonly StainEntry[]): string[] {
  return stains.filter(isTransductive).map(({ label }) => label)
}

/** Throws RecipeError where a stain is made from test patches that the recipe does not allow it or does not have. */
export function checkTransductive(
  where: string,
  stains: readonly StainEntry[],
  { allowed, hasTest }: { readonly allowed: boolean; readonly hasTest: boolean },
): void {
  const [label] = listTransductive(stains)
  if (label === undefined) return
  if (!hasTest) {
    throw new RecipeError({
      where: `${where} stain ${label}`,
      expected: 'data.test, since the stain is fitted on the test split',
      got: 'none',
    })
  }
  if (!allowed) {
    throw new RecipeError({
      where: `${where} stain ${label}`,
      expected: 'a reference and sources among train and val',
      got: 'the test split',
      hint: 'write transductive: true at the top of the recipe to fit on unlabelled test patches; all that is made with it is marked',
    })
  }
}
