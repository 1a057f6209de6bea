// Where a run's folder is.

import { isAbsolute, join, relative, resolve } from 'node:path'
import { UsageError } from '../base/index.ts'
import type { Recipe } from '../recipe/index.ts'

/** The folder of a recipe's run. Throws UsageError where it would lie in the cache: a run is no part of it, whatever both are called. */
export function placeRun(
  { name }: Pick<Recipe, 'name'>,
  { out, cache }: { readonly out: string; readonly cache: string },
): string {
  const run = join(out, name)
  const place = relative(resolve(cache), resolve(run))
  if (place.startsWith('..') || isAbsolute(place)) return run
  throw new UsageError({
    where: `run ${name}`,
    got: `${run}, which lies in the cache`,
    hint: 'give another --cache, or another name',
  })
}
