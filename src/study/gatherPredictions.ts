// What the heads of a cell, or of the cells of an ensemble, predicted: for val and test, and for every labelled center by
// those heads that have not seen it.

import { joinFloats } from '../base/index.ts'
import { averageProbabilities } from '../evaluate/index.ts'
import type { Recipe } from '../recipe/index.ts'
import type { Cache } from '../tasks/index.ts'
import { decide, type RawPredictions } from './decide.ts'
import type { Candidate, GridCell } from './grid.ts'
import { averageSplits, type CandidatePredictions, truthOfHeldOut } from './steps/evaluateCell.ts'
import type { Filtered } from './steps/filter.ts'
import { readProbabilities, type TrainedHead } from './steps/trainHead.ts'

/** Where predictions are read from. */
export interface PredictionSources {
  readonly study: { readonly recipe: Recipe }
  readonly cache: Pick<Cache, 'find'>
  heads(cell: GridCell): Promise<TrainedHead[]>
  truths(): Promise<CandidatePredictions['truths']>
  allFiltered(): Promise<Filtered>
}

/** Reads what the heads of a candidate predicted, averaged, and decides by it. Throws as `decide`. */
export async function gatherPredictions(
  materials: PredictionSources,
  { members }: Candidate,
): Promise<CandidatePredictions> {
  const byMember: TrainedHead[][] = []
  for (const cell of members) byMember.push(await materials.heads(cell))
  // A head that does not use its seed stands for every seed.
  const count = Math.max(...byMember.map((heads) => heads.length))
  const seeds = Array.from({ length: count }, (_, i) => {
    const heads = byMember.map((own) => own[i % own.length])
    const probabilities = averageSplits(heads.map((head) => head.probabilities))
    return { curve: heads.length === 1 ? heads[0].curve : [], probabilities }
  })
  const means = byMember.map((heads) => averageSplits(heads.map((head) => head.probabilities)))
  const truths = await materials.truths()
  const probabilities = averageSplits(means)
  const heldOut = await gatherHeldOut(materials, members)
  const decided = decide(materials.study.recipe.evaluate, { seeds, probabilities, truths, heldOut })
  return { heads: byMember, truths, ...decided }
}

async function gatherHeldOut(
  materials: PredictionSources,
  members: readonly GridCell[],
): Promise<RawPredictions['heldOut']> {
  const folds = members[0].folds.map(({ fold }) => fold)
  if (folds.length === 0) return null
  const byMember: Float32Array[] = []
  for (const cell of members) {
    const parts: Float32Array[] = []
    for (const { heads } of cell.folds) {
      const bySeed = heads.map(async ({ inputs }) =>
        readProbabilities(await materials.cache.find(inputs), 'held'),
      )
      parts.push(averageProbabilities(await Promise.all(bySeed)))
    }
    byMember.push(joinFloats(parts))
  }
  const { train, val } = await materials.allFiltered()
  const truth = truthOfHeldOut(
    [train, val],
    folds.map(({ held }) => held),
  )
  return { truth, probabilities: averageProbabilities(byMember) }
}
