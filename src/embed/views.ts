// Views: the embedding of a patch as the mean over its eight flips and quarter turns, since tissue has no up and no left.
// An option of every extractor (test-time augmentation by the dihedral group, in training and in use alike).

import { type OptionRules, type Pixels, RecipeError, ShapeError } from '../base/index.ts'
import { hashBytes } from '../files/index.ts'
import { flipPatches, symmetryCount } from '../patches/index.ts'
import type { Extractor } from './extractor.ts'
import type { ExtractorMethod } from './extractorMethod.ts'

/** What every extractor takes beside its own options. */
export interface ViewOptions {
  /** 1: a patch as it is. 8: the mean of the embeddings of its flips and quarter turns. */
  readonly views: 1 | 8
}

/** A patch as it is. */
export const viewDefaults: ViewOptions = { views: 1 }

const viewRules: OptionRules<ViewOptions> = {
  views: {
    expected: `1, or ${symmetryCount} for the mean over flips and quarter turns`,
    accepts: (value) => value === 1 || value === symmetryCount,
  },
}

// Raised when the same embeddings of the views give another mean.
const version = 1

/** A family of extractors with the option `views`; without it nothing changes, keys included. */
export function withViews<Options extends object>(
  method: ExtractorMethod<Options>,
): ExtractorMethod<Options & ViewOptions> {
  return {
    ...method,
    defaults: { ...method.defaults, ...viewDefaults },
    rules: { ...method.rules, ...viewRules } as OptionRules<Options & ViewOptions>,
    async open({ views, ...options }, context, path) {
      if (views === 1) return method.open(options as unknown as Options, context, path)
      checkViews('extractor', { views, ...options })
      return averageViews(await method.open(options as unknown as Options, context, path))
    },
  }
}

/** Throws RecipeError, naming `where`, for views of an extractor that gives tokens: those of a turned patch lie elsewhere. */
export function checkViews(where: string, { views, trunk }: Readonly<Record<string, unknown>>): void {
  if (views !== symmetryCount || trunk === undefined || trunk === null) return
  throw new RecipeError({
    where: `${where} views`,
    expected: '1 beside trunk, since the tokens of a turned patch are in other places',
    got: `${views}`,
    hint: 'leave views or trunk out; for a head on tokens, augment with flips',
  })
}

/** Throws ShapeError, naming `where`, for patches that are not square: turned by a quarter they would have another size. */
export function checkSquare(where: string, { height, width }: Pick<Pixels, 'height' | 'width'>): void {
  if (height === width) return
  throw new ShapeError({
    where: `${where} views`,
    expected: `square patches for ${symmetryCount} views`,
    got: `${height}x${width}`,
    hint: 'leave views out',
  })
}

/**
 * The extractor whose embedding is the mean of those of a patch's eight views. They are added up in double precision, so
 * that what the order of the views changes is lost where the mean is rounded: a turned patch has the same embedding.
 */
function averageViews(extractor: Extractor): Extractor {
  const { name, key, dimensions } = extractor
  return {
    ...extractor,
    key: hashBytes(JSON.stringify({ views: symmetryCount, version, of: key })),
    views: symmetryCount,
    async embed(batch) {
      checkSquare(`extractor ${name}`, batch)
      const sums = new Float64Array(batch.count * dimensions)
      for (let view = 0; view < symmetryCount; view++) {
        const rows = await extractor.embed(flipPatches(batch, view))
        for (let i = 0; i < sums.length; i++) sums[i] += rows[i]
      }
      return Float32Array.from(sums, (sum) => sum / symmetryCount)
    },
  }
}
