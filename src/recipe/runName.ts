// What a run may be called: its name is a folder's, on any system, and none of those that mean something already.

import { RecipeError } from '../base/index.ts'

const rules: readonly (readonly [RegExp, string])[] = [
  [/^[\w.-]+$/, 'letters, digits, dot, dash and underscore only'],
  [/^\w/, 'a letter, a digit or an underscore first'], // unlike .., .cache and an option
  [/^.{1,100}$/, 'at most 100 characters'],
  [/[^.]$/, 'no dot at its end, which Windows drops'],
  [/^(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))/i, 'a name that Windows does not reserve'],
  [
    /(?<!\.(work|old|lease|guard|tmp))$/i,
    'no ending of work in progress (.work, .old, .lease, .guard, .tmp)',
  ],
]

/** Throws RecipeError at `where` unless `name` can be a run's. */
export function checkRunName(where: string, name: string): void {
  const broken = rules.find(([rule]) => !rule.test(name))
  if (broken)
    throw new RecipeError({ where: `${where} name`, expected: broken[1], got: `'${name.slice(0, 120)}'` })
}
