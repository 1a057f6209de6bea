// Precision-recall curves of the compared cells, with the share of tumour that guessing would have as its precision.

import { drawCellCurves } from '../cellCurves.ts'
import type { Chart } from '../charts.ts'
import { chosenCell, type Evaluation, type Metrics } from '../data.ts'
import { formatUnit } from '../numbers.ts'

/** Null where only one class is present, or the run is of a version without this curve. */
export function drawPrecisionRecall(metrics: Metrics, split: 'val' | 'test'): Chart | null {
  const { positives, count } = chosenCell(metrics)[split]!
  const guess = {
    data: { values: [{ share: positives / count }] },
    mark: { type: 'rule', strokeDash: [2, 3], stroke: 'var(--ink-soft)' },
    encoding: { y: { field: 'share', type: 'quantitative' } },
  }
  return drawCellCurves({
    title: 'Precision and recall',
    split,
    metrics,
    pick: ({ precisionRecall }: Partial<Evaluation>) =>
      precisionRecall ? { x: precisionRecall.recall, y: precisionRecall.precision } : null,
    measure: 'AUPRC',
    describe: ({ auprc }) => formatUnit(auprc?.value),
    axes: ['recall: tumours found', 'precision'],
    under: [guess],
  })
}
