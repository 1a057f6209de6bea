// What a cell was chosen by, for tables and sentences.

import type { RankedCell, Selection } from '../evaluate/index.ts'
import { chosenCell, type Metrics } from './data.ts'
import { formatList, formatShare, formatUnit } from './numbers.ts'

const MEASURES: Readonly<Record<Selection['by'], { readonly name: string; readonly isShare: boolean }>> = {
  'log-loss': { name: 'log loss', isShare: false },
  auroc: { name: 'AUROC', isShare: false },
  accuracy: { name: 'accuracy', isShare: true },
}

/** The measure by which cells were chosen, e.g. `log loss`. */
export function nameMeasure({ by }: Selection): string {
  return MEASURES[by].name
}

/** A score in the measure's own unit, accuracies in per cent. */
export function formatScore({ by }: Selection, score: number): string {
  return MEASURES[by].isShare ? formatShare(score) : formatUnit(score)
}

/** How far a cell is behind the best, e.g. `0.013 ± 0.020`; `best` for the best. */
export function formatBehind(selection: Selection, { id, behind, standardError }: RankedCell): string {
  if (id === selection.best) return 'best'
  const error = standardError === null ? '' : ` ± ${formatScore(selection, standardError)}`
  return `${formatScore(selection, behind)}${error}`
}

/** On which patches cells were chosen, e.g. `over held-out centers 0, 1 and 3`. */
export function nameGround(metrics: Metrics): string {
  const centers = metrics.selection?.centers ?? []
  if (!chosenCell(metrics).heldOut) return 'on validation'
  return `over held-out centers ${formatList(centers)}`
}

/** How each cell did in the choice, by id; empty in runs of versions that chose by accuracy on validation. */
export function rankedById({ selection }: Metrics): ReadonlyMap<string, RankedCell> {
  return new Map(selection?.ranking.map((ranked) => [ranked.id, ranked]))
}
