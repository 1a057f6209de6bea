// Patches that are left to a person: those nearer to their threshold than a margin. The margin is chosen on predictions for
// other patches, without labels, so that it serves single patches as well as many.

import { DataError } from '../base/index.ts'
import { spreadThreshold, type Threshold } from './centerThresholds.ts'
import { evaluate } from './evaluate.ts'
import type { Abstention, AbstentionScores } from './evaluation.ts'
import type { Predictions } from './groups.ts'
import { splitRows } from './units.ts'

/** Probabilities with the thresholds that they are called at. */
export type CalledPatches = Pick<Predictions, 'probabilities' | 'centers'> & { readonly threshold: Threshold }

/** The distance of each probability to its threshold. Throws as `spreadThreshold`. */
function marginsOf({ probabilities, threshold, centers }: CalledPatches): Float64Array {
  const thresholds = spreadThreshold(threshold, centers, probabilities.length)
  return thresholds.map((own, row) => Math.abs(probabilities[row] - own))
}

/**
 * The smallest margin that is kept so that `share` of these patches, above 0 and below 1, is not: fewer where margins tie.
 * Throws DataError where there are none or the share is not what it should be.
 */
export function chooseMargin(patches: CalledPatches, share: number): number {
  if (!(share > 0 && share < 1 && patches.probabilities.length > 0)) {
    const expected = 'a share above 0 and below 1, of patches'
    throw new DataError({
      where: 'chooseMargin',
      expected,
      got: `${share} of ${patches.probabilities.length}`,
    })
  }
  const rising = marginsOf(patches).sort()
  return rising[Math.min(rising.length - 1, Math.round(share * rising.length))]
}

/** 1 for each patch that is nearer to its threshold than `margin`, else 0. Throws as `spreadThreshold`. */
export function abstain(patches: CalledPatches, margin: number): Uint8Array {
  return Uint8Array.from(marginsOf(patches), (own) => Number(own < margin))
}

/**
 * How many patches abstain under a margin, and how accurate the others are, over all and by center; accuracy is null where
 * labels are not known, or no patch is kept. Throws as `evaluate`.
 */
export function scoreAbstention(
  patches: CalledPatches &
    Pick<Predictions, 'slides' | 'patients'> & {
      readonly labels: Uint8Array | null
      readonly seed: number
    },
  margin: number,
): Abstention {
  const { labels, probabilities, centers = null, slides, patients, threshold, seed } = patches
  const abstained = abstain(patches, margin)
  const score = (rows: Uint32Array): AbstentionScores => {
    const kept = rows.filter((row) => abstained[row] === 0)
    const pick = (names: readonly string[] | null | undefined) =>
      names && Array.from(kept, (row) => names[row])
    return {
      count: rows.length,
      abstained: rows.length - kept.length,
      accuracy:
        labels && kept.length > 0
          ? evaluate({
              labels: Uint8Array.from(kept, (row) => labels[row]),
              probabilities: Float32Array.from(kept, (row) => probabilities[row]),
              centers: pick(centers),
              slides: pick(slides),
              patients: pick(patients),
              threshold,
              seed,
            }).accuracy
          : null,
    }
  }
  const rows = Uint32Array.from(probabilities.keys())
  const byCenter = splitRows(rows, centers).map(([center, own]) => [center, score(own)] as const)
  return { ...score(rows), byCenter: Object.fromEntries(byCenter) }
}
