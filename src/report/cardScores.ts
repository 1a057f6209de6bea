// The scores of a model by split and center, as a model card shows them.

import { compareNames } from '../base/index.ts'
import { type Cell, type Interval, type Scores, SPLIT_WORDS, UNNAMED } from './data.ts'
import { escapeMarkdown, tableMarkdown } from './markdown.ts'
import { formatBounds, formatCount, formatShare, formatUnit } from './numbers.ts'

/** A Markdown table: each center that was held out, of val and test, and each split as a whole where it has several. */
export function tabulateScores(cell: Cell): string {
  const words = { ...SPLIT_WORDS, heldOut: 'held out' }
  const rows = (['heldOut', 'val', 'test'] as const).flatMap((split) => {
    const evaluation = cell[split]
    if (!evaluation) return []
    const centers = Object.entries(evaluation.byCenter).sort(([a], [b]) => compareNames(a, b))
    const all = centers.length === 1 ? [] : [['all', evaluation] as const]
    return [...centers, ...all].map(([center, scores]) => listScores(words[split], center, scores))
  })
  const head = [
    'split',
    'center',
    'patches',
    'tumour %',
    'accuracy %',
    'sensitivity %',
    'specificity %',
    'AUROC',
  ]
  return tableMarkdown([...head, 'calibration error'], rows, 'llrrrrrrr')
}

function listScores(split: string, center: string, scores: Scores): string[] {
  const { tp, fp, tn, fn } = scores.confusion
  const share = (part: number, of: number) => formatShare(of > 0 ? part / of : null)
  return [
    split,
    escapeMarkdown(center === UNNAMED ? 'not named' : center),
    formatCount(scores.count),
    share(scores.positives, scores.count),
    bracket(scores.accuracy, formatShare),
    share(tp, tp + fn),
    share(tn, tn + fp),
    bracket(scores.auroc, formatUnit),
    bracket(scores.calibrationError, formatUnit),
  ]
}

function bracket(interval: Interval | null, format: (value: number) => string): string {
  return interval ? `${format(interval.value)} (${formatBounds(interval, format)})` : '–'
}
