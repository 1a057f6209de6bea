// Which cell of a study is chosen: by its predictions for labelled centers that it has not seen, never by the test split.

import { viewDefaults } from '../embed/index.ts'
import { type Selection, type SelectionMeasure, selectCell } from '../evaluate/index.ts'
import { methodOf } from '../normalise/index.ts'
import { headMethodOf, type Recipe } from '../recipe/index.ts'
import type { Candidate, GridCell } from './grid.ts'
import { type CandidatePredictions, isTransductiveCell } from './steps/evaluateCell.ts'

/** A candidate and what it predicted. */
export interface PredictedCandidate {
  readonly candidate: Candidate
  readonly predictions: CandidatePredictions
}

/**
 * Chooses among candidates as the recipe says: by the centers that were held out in turn, or by val under the protocol
 * `challenge`. Throws DataError as `selectCell` does.
 */
export function selectCandidate(
  { select }: Pick<Recipe, 'select'>,
  predicted: readonly PredictedCandidate[],
): Selection {
  const ordered = predicted.toSorted((a, b) => compareSimplicity(a.candidate, b.candidate))
  const [{ predictions }] = ordered
  const truth = predictions.heldOut?.truth ?? predictions.truths.val!
  return selectCell({
    ...truth,
    labels: truth.labels!,
    ...select,
    candidates: ordered.map(({ candidate, predictions: { heldOut, probabilities, thresholds } }) => ({
      id: candidate.id,
      probabilities: heldOut?.probabilities ?? probabilities.val!,
      threshold: heldOut?.threshold ?? thresholds.val!,
    })),
  })
}

const measureNames: Readonly<Record<SelectionMeasure, string>> = {
  'log-loss': 'lowest mean log loss',
  auroc: 'highest mean AUROC',
  accuracy: 'highest mean accuracy',
}

/** How a choice was made, in words. */
export function describeChoice({ by, rule, centers }: Selection, protocol: Recipe['protocol']): string {
  const names = centers.join(', ')
  const over =
    protocol === 'challenge'
      ? `on val${names && ` (center ${names})`}`
      : `over centers ${names}, each held out`
  const simplest = 'of cells within one standard error of the best, the simplest'
  return `${measureNames[by]} ${over}, seeds averaged${rule === 'best' ? '' : `; ${simplest}`}`
}

// Fewer cells before more, what needs no pixels of the test split before what does, closed forms before what is trained,
// patches as they are before patches that are changed, few weights before many.
function compareSimplicity(a: Candidate, b: Candidate): number {
  const [ranksA, ranksB] = [rankSimplicity(a), rankSimplicity(b)]
  const place = ranksA.findIndex((rank, i) => rank !== ranksB[i])
  return place < 0 ? 0 : ranksA[place] - ranksB[place]
}

const headRanks: Readonly<Record<string, number>> = { logistic: 0, knn: 1, mlp: 2, finetune: 3 }

/** How simple a head is: 0 the simplest. */
export const rankHead = (name: string): number => headRanks[name] ?? 9

function rankSimplicity({ members }: Candidate): number[] {
  const count = (test: (cell: GridCell) => boolean) => members.filter(test).length
  const total = (rank: (cell: GridCell) => number) => members.reduce((sum, cell) => sum + rank(cell), 0)
  return [
    members.length,
    count(isTransductiveCell),
    count(({ pair }) => methodOf(pair.stain).train !== undefined),
    count(({ classify }) => headMethodOf(classify).usesDevice === true),
    count(({ adapt }) => adapt.name !== 'none'),
    total(({ pair }) => pair.augment.views - 1),
    count(({ pair }) => pair.embed.options.views !== viewDefaults.views),
    count(({ pair }) => pair.stain.name !== 'none'),
    total(({ classify }) => rankHead(classify.name)),
  ]
}
