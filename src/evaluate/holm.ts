// Several tests at once: p values adjusted so that the chance of even one false difference stays below the level. Holm,
// "A simple sequentially rejective multiple test procedure" (1979).

import { DataError } from '../base/index.ts'

/**
 * Holm's adjusted p of each p, in the same order. `hypotheses`: how many were tested in all, where only some are given
 * (default: those); the others count as if their p were larger, which errs on the safe side. Throws DataError where a p is
 * not in [0, 1] or there are more p than hypotheses.
 */
export function adjustHolm(ps: readonly number[], hypotheses = ps.length): number[] {
  ps.forEach((p, i) => {
    if (!(p >= 0 && p <= 1))
      throw new DataError({ where: `adjustHolm p ${i}`, expected: 'a number from 0 to 1', got: `${p}` })
  })
  if (!(hypotheses >= ps.length)) {
    throw new DataError({
      where: 'adjustHolm hypotheses',
      expected: `at least ${ps.length}, one for each p`,
      got: `${hypotheses}`,
    })
  }
  const adjusted = new Array<number>(ps.length)
  const rising = ps.map((_, i) => i).sort((i, j) => ps[i] - ps[j])
  let least = 0
  rising.forEach((i, rank) => {
    least = Math.max(least, Math.min(1, (hypotheses - rank) * ps[i]))
    adjusted[i] = least
  })
  return adjusted
}

/** What `findTies` says of a cell beside what was known of it. */
export interface Tie {
  /** Holm's adjusted p of the difference to the best. */
  readonly adjusted: number
  /** Whether the cell cannot be told from the best: `adjusted >= level`. */
  readonly tied: boolean
}

/** How the best was chosen, and at which level cells are told from it. */
export interface TieOptions {
  /**
   * On which patches the best was chosen: `same` as the differences are of (default) or `other` ones. A best of its own
   * patches differs from the others by luck too, so that every pair of cells counts as tested, not only its own.
   */
  readonly chosenOn?: 'same' | 'other'
  /** The chance, at most, that any cell as good as the best is told from it. Default 0.05. */
  readonly level?: number
}

/**
 * Which cells cannot be told from the best, given the paired difference of the best to every other (`pairedDifference`,
 * or anything with its two-sided p). In the order given. Throws DataError as adjustHolm does.
 */
export function findTies<T extends { readonly p: number }>(
  differences: readonly T[],
  { chosenOn = 'same', level = 0.05 }: TieOptions = {},
): (T & Tie)[] {
  const others = differences.length
  const pairs = chosenOn === 'same' ? (others * (others + 1)) / 2 : others
  const adjusted = adjustHolm(
    differences.map(({ p }) => p),
    pairs,
  )
  return differences.map((difference, i) => ({
    ...difference,
    adjusted: adjusted[i],
    tied: adjusted[i] >= level,
  }))
}
