// Which cells cannot be told apart from the chosen one: their paired tests, adjusted for being many.

import { findTies, type Tie } from '../evaluate/index.ts'
import { type Cell, type Metrics, rankCells } from './data.ts'

/** From this p on two cells count as alike. */
export const ALIKE_FROM = 0.05

/** What the adjusted p of a run stand for, as captions say it. */
export const ADJUSTED = 'adjusted for all cells and, on validation, for the choice among them (Holm)'

/**
 * The paired test of each cell against the chosen one, by id, its p adjusted over all cells of the split, on validation over
 * all pairs of cells, since the chosen one is the best of these patches. Empty where the run did not compare them there.
 */
export function findTied({ differences = [] }: Metrics, split: 'val' | 'test'): ReadonlyMap<string, Tie> {
  const tested = differences.flatMap((difference) => {
    const paired = difference[split]
    return paired ? [{ cell: difference.cell, p: paired.p }] : []
  })
  const chosenOn = split === 'val' ? 'same' : 'other'
  return new Map(findTies(tested, { chosenOn, level: ALIKE_FROM }).map(({ cell, ...tie }) => [cell, tie]))
}

/**
 * The cells that cannot be told apart from the best one by what the choice was made by, best first; the chosen one is not
 * among them. In runs that chose by accuracy on validation, from the chosen one there.
 */
export function listTied(metrics: Metrics): readonly Cell[] {
  const { selection, cells, chosen } = metrics
  if (selection) {
    const tied = selection.ranking.filter((cell) => cell.tied && cell.id !== chosen)
    return tied.flatMap(({ id }) => cells.filter((cell) => cell.id === id))
  }
  const ties = findTied(metrics, 'val')
  return rankCells(metrics).filter(({ id }) => ties.get(id)?.tied)
}
