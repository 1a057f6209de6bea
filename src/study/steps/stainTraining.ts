// Step 2 for a method that is trained: its centers, and what its fit is made from. Patches of the test
// split are among them only where the recipe asks for it by name and allows it; labels never are.

import { basename } from 'node:path'
import { RecipeError } from '../../base/index.ts'
import { textureVersion } from '../../embed/index.ts'
import type { Engines } from '../../engine/index.ts'
import { hashFileSync } from '../../files/index.ts'
import { methodOf, openDomains, type Selection } from '../../normalise/index.ts'
import type { PlainOptions, Recipe, StainEntry } from '../../recipe/index.ts'
import { isTransductive } from '../../recipe/index.ts'
import type { LearnedStain, Split } from '../../runs/index.ts'
import type { StainDomains, StainFit } from '../../stain/index.ts'
import { type CacheInputs, keyOf } from '../../tasks/index.ts'
import type { OpenSplits } from '../splits.ts'
import { type FilteredSplit, filterInputs, passedRows } from './filter.ts'

/** What the fit of a trained method is made from. Throws DataError where a checkpoint cannot be read. */
export function trainingInputs(
  recipe: Recipe,
  splits: OpenSplits,
  entry: StainEntry,
  { device }: Engines,
): CacheInputs {
  const { name, version } = methodOf(entry)
  const { options, reference } = entry
  const from = [...new Set([...sourceSplits(splits, entry), targetSplit(entry)])].map((split) => [
    split,
    keyOf(filterInputs(recipe, splits[split]!)),
  ])
  return {
    stage: 'stain',
    version,
    method: name,
    options: { ...options, weights: hashWeights(options) },
    target: reference,
    seed: recipe.seed,
    texture: textureVersion,
    order: 'content',
    engine: device,
    from: Object.fromEntries(from),
  }
}

/** What of a split domains are opened from. */
type DomainSplit = Pick<FilteredSplit, 'set' | 'ordered' | 'rejections'>

/**
 * The domains of a study: centers of the entry's splits, as far as their patches passed the filter. Throws RecipeError where
 * a split does not hold what the entry asks of it.
 */
export function studyDomains(
  recipe: Recipe,
  filtered: Readonly<Partial<Record<Split, DomainSplit>>>,
  entry: StainEntry,
): StainDomains {
  const { reference, options } = entry
  const select = (split: Split): Selection => ({
    name: split,
    set: filtered[split]!.set,
    rows: passedRows(filtered[split]!),
  })
  requireTestCenters(entry, filtered.test)
  const limit = options.limit as number | null
  const { center, ids } = reference === 'published' ? {} : reference
  const choice = { from: select(targetSplit(entry)), center, ids }
  const sources = sourceSplits(filtered, entry).map(select)
  return openDomains(sources, choice, { limit, seed: recipe.seed })
}

/** The entry that is trained for a distilled one, itself not distilled; null for any other. */
export function teacherOf(entry: StainEntry): StainEntry | null {
  const isDistilled = typeof entry.options.distill === 'number'
  return isDistilled ? { ...entry, options: { ...entry.options, distill: null } } : null
}

// A patch of the target must be known for one, or it would be translated to its own colours.
function requireTestCenters(entry: StainEntry, test: DomainSplit | undefined): void {
  if (!isTransductive(entry) || test?.set.centers) return
  throw new RecipeError({
    where: `stain ${entry.label}`,
    expected: 'the center of every test patch, since they are trained on',
    got: `none in ${test?.set.source}`,
    hint: 'write data.test.center',
  })
}

/** How the learned methods among `stains` were trained, for the report. */
export function describeTraining(
  stains: readonly { readonly entry: StainEntry; readonly fit: StainFit }[],
): LearnedStain[] {
  return stains
    .filter(({ entry }) => methodOf(entry).train)
    .map(({ entry, fit }) => {
      const { target, seen, side, architecture, disagreement, ...trained } = fit as unknown as LearnedStain
      const transductive = isTransductive(entry)
      const models = trained.models.map((model) => ({ ...model, from: basename(model.from) }))
      return { stain: entry.label, target, seen, transductive, side, models, architecture, disagreement }
    })
}

function sourceSplits(
  splits: Readonly<Partial<Record<Split, unknown>>>,
  { label, options }: StainEntry,
): Split[] {
  return (options.sources as string[]).map((split) => {
    if (Object.hasOwn(splits, split)) return split as Split
    const expected = `some of ${Object.keys(splits).join(', ')}`
    throw new RecipeError({ where: `stain ${label} sources`, expected, got: split })
  })
}

function targetSplit({ label, reference }: StainEntry): Split {
  if (reference !== 'published') return reference.split
  throw new RecipeError({
    where: `stain ${label} reference`,
    expected: 'the center that patches are to look like',
    got: 'published',
    hint: 'write reference: { center: ... }, or leave it out for the largest center of train',
  })
}

function hashWeights({ weights }: PlainOptions): unknown {
  if (typeof weights === 'string') return hashFileSync(weights)
  const files = Object.entries((weights ?? {}) as Record<string, string>)
  return weights ? Object.fromEntries(files.map(([source, path]) => [source, hashFileSync(path)])) : null
}
