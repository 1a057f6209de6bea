// The end of step 5: the chosen cell against every other on the same patches, so that a lead by luck is known as one.

import { type PairedDifference, pairedDifference } from '../../evaluate/index.ts'
import type { CellDifference, Split } from '../../runs/index.ts'
import type { CandidatePredictions, SplitTruth } from './evaluateCell.ts'

/** The accuracy of the cell `chosen` less that of every other, on val, and on test where it has labels. */
export function compareCells(
  chosen: string,
  cells: Readonly<Record<string, Pick<CandidatePredictions, 'probabilities' | 'thresholds'>>>,
  truths: Readonly<Partial<Record<Split, SplitTruth>>>,
): CellDifference[] {
  const compare = (cell: string, split: Split): PairedDifference | null => {
    const truth = truths[split]
    if (!truth?.labels) return null
    const [a, b] = [chosen, cell].map((id) => cells[id].probabilities[split]!)
    const [ofA, ofB] = [chosen, cell].map((id) => cells[id].thresholds[split]!)
    return pairedDifference({ ...truth, labels: truth.labels, a, b, threshold: [ofA, ofB] })
  }
  return Object.keys(cells)
    .filter((cell) => cell !== chosen)
    .map((cell) => ({ cell, val: compare(cell, 'val')!, test: compare(cell, 'test') }))
}
