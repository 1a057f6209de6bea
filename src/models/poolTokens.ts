// From what a network gives to one row an image: tokens, feature maps, or rows as they are.

import { ShapeError } from '../base/index.ts'
import * as g from '../graph/index.ts'

/** The first token, the mean of the patch tokens or of a map, both in this order, or rows as they are. */
export type TokenReadout = 'cls' | 'mean' | 'cls+mean' | 'output'

const byRank: Readonly<Record<number, readonly TokenReadout[]>> = {
  2: ['output'],
  3: ['cls', 'mean', 'cls+mean'],
  4: ['mean'],
}

/**
 * Rows [batch, width] of tokens [batch, count, width], of which the first `prefixTokens` are no patches', of maps
 * [batch, width, height, across], or of rows. A pooling of null is the usual one of the rank. Throws ShapeError.
 */
export function poolTokens(values: g.Value, pooling: TokenReadout | null, prefixTokens: number): g.Value {
  const possible = byRank[values.shape.length] ?? []
  const chosen = pooling ?? possible[0]
  if (!possible.includes(chosen)) {
    const expected = possible.join(' or ') || 'values of 2 to 4 dimensions'
    throw new ShapeError({ where: 'pooling', expected, got: `${chosen} of ${g.showShape(values.shape)}` })
  }
  if (chosen === 'output') return values
  if (values.shape.length === 4) return g.reduceMean(values, { axes: [2, 3] })
  const [batch, count, width] = values.shape as readonly [g.Side, number, number]
  const parts = {
    cls: () => g.reshape(g.slice(values, 1, 0, 1), [batch, width]),
    mean: () => g.reduceMean(g.slice(values, 1, prefixTokens, count), { axes: [1] }),
  }
  const wanted = (['cls', 'mean'] as const).filter((part) => chosen.split('+').includes(part))
  return g.concat(
    wanted.map((part) => parts[part]()),
    1,
  )
}
