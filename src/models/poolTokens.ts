// From what a network gives to one row an image: tokens, feature maps, or rows as they are. Which tokens are patches'
// decides a mean of them: the class token and registers stand before them and are counted, not assumed.

import { ShapeError } from '../base/index.ts'
import * as g from '../graph/index.ts'

/** The first token, the mean of the patch tokens or of a map, both in this order, or rows as they are. */
export type TokenReadout = 'cls' | 'mean' | 'cls+mean' | 'output'

const byRank: Readonly<Record<number, readonly TokenReadout[]>> = {
  2: ['output'],
  3: ['cls', 'mean', 'cls+mean'],
  4: ['mean'],
}

/** How an output is pooled, and how many of its tokens stand before the patches'. */
export interface ReadoutPlan {
  readonly pooling: TokenReadout
  readonly prefixTokens: number
}

/** What is known of tokens without counting them; null where it is not. */
export interface TokenFacts {
  /** Height and width of the images. */
  readonly sides: readonly [height: number, width: number] | null
  /** The side of a patch. */
  readonly patchSide: number | null
  /** The prefix tokens that a file beside the model states. */
  readonly stated: number | null
}

/**
 * What an output of `shape` comes to: the wanted pooling or the usual one of its rank, and the wanted, stated or counted
 * prefix tokens. Tokens without a prefix are averaged, as they hold no class token. Throws ShapeError for a pooling that
 * the rank does not allow, for a prefix that is not what the grid of patches leaves, and where a mean needs one that
 * nothing tells.
 */
export function planReadout(
  where: string,
  shape: readonly g.Side[],
  wanted: { readonly pooling: TokenReadout | null; readonly prefixTokens: number | null },
  facts: TokenFacts,
): ReadoutPlan {
  const possible = byRank[shape.length] ?? []
  const got = `[${shape.join(', ')}]`
  if (possible.length === 0) throw new ShapeError({ where, expected: 'an output of 2 to 4 dimensions', got })
  const prefix = shape.length === 3 ? choosePrefix(where, shape[1], wanted.prefixTokens, facts) : 1
  const pooling = wanted.pooling ?? (prefix === 0 ? 'mean' : possible[0])
  if (!possible.includes(pooling))
    throw new ShapeError({ where, expected: `pooling ${possible.join(' or ')} of ${got}`, got: pooling })
  if (prefix === 0 && pooling !== 'mean')
    throw new ShapeError({
      where,
      expected: `a class token in ${got}`,
      got: 'tokens of patches only',
      hint: 'set pooling=mean',
    })
  if (prefix === null && pooling !== 'cls') {
    const hint = 'set prefixTokens to the number of class and register tokens, as in prefixTokens=5'
    throw new ShapeError({ where, expected: 'to know which tokens are patches', got, hint })
  }
  return { pooling, prefixTokens: prefix ?? 1 }
}

function choosePrefix(where: string, tokens: g.Side, asked: number | null, facts: TokenFacts): number | null {
  const said = asked ?? facts.stated
  if (typeof tokens !== 'number') return said
  const counted = countPrefixTokens(tokens, facts)
  if (said === null) return counted?.tokens ?? null
  const isOther = counted?.isSure && counted.tokens !== said
  if (!isOther && said < tokens) return said
  throw new ShapeError({
    where,
    expected: isOther
      ? `prefixTokens ${counted.tokens}, the rest of ${tokens} tokens`
      : `less than ${tokens} prefixTokens`,
    got: `${said}`,
  })
}

// Where the patch side is known, more tokens than these are no prefix; where it is not, patches have up to 32 pixels a
// side, as published ones do, and stand behind a class token and eight registers at most.
const mostPrefix = 64
const searched = { largestSide: 32, mostPrefix: 9 }

/**
 * The tokens that a grid of patches leaves over, and whether the patch side was known; else it is the only side that
 * leaves a few. Null where nothing fits, or several sides do.
 */
export function countPrefixTokens(
  tokens: number,
  { sides, patchSide }: Pick<TokenFacts, 'sides' | 'patchSide'>,
): { readonly tokens: number; readonly isSure: boolean } | null {
  if (sides === null) return null
  const leave = (side: number): number => {
    const [rows, columns] = sides.map((length) => length / side)
    return Number.isInteger(rows) && Number.isInteger(columns) ? tokens - rows * columns : -1
  }
  const known = patchSide === null ? -1 : leave(patchSide)
  if (known >= 0 && known <= mostPrefix) return { tokens: known, isSure: true }
  const rests = Array.from({ length: searched.largestSide - 3 }, (_, i) => leave(i + 4)).filter(
    (rest) => rest >= 0 && rest <= searched.mostPrefix,
  )
  return rests.length === 1 ? { tokens: rests[0], isSure: false } : null
}

/**
 * Rows [batch, width] of tokens [batch, count, width], of which the first `prefixTokens` are no patches', of maps
 * [batch, width, height, across], or of rows. Throws ShapeError where there are no tokens but these.
 */
export function poolTokens(values: g.Value, { pooling, prefixTokens }: ReadoutPlan): g.Value {
  if (pooling === 'output') return values
  if (values.shape.length === 4) return g.reduceMean(values, { axes: [2, 3] })
  const [batch, count, width] = values.shape as readonly [g.Side, number, number]
  if (pooling !== 'cls' && prefixTokens >= count) {
    throw new ShapeError({ where: 'pooling', expected: `more than ${prefixTokens} tokens`, got: `${count}` })
  }
  const parts = {
    cls: () => g.reshape(g.slice(values, 1, 0, 1), [batch, width]),
    mean: () => g.reduceMean(g.slice(values, 1, prefixTokens, count), { axes: [1] }),
  }
  const wanted = (['cls', 'mean'] as const).filter((part) => pooling.split('+').includes(part))
  return g.concat(
    wanted.map((part) => parts[part]()),
    1,
  )
}
