// Subsets of a center's patches that hold a stated share of tumour, for asking what depends on that share and on nothing
// else: of one size, drawn by seed among patches in the order of their content.

import type { Random } from '../../base/index.ts'

/** Of tumour among the patches of a subset. */
export const drawnShares = [0.1, 0.5, 0.9] as const
/** So often the subsets of a center are drawn. */
export const drawsPerCenter = 5
/** A class of fewer patches is too small to draw from. */
export const leastOfClass = 20
/** A subset has so many patches, at most. */
export const drawnAtMost = 4000

/** How many patches a subset has, whatever its share: the most that both classes allow, a multiple of ten. */
export function sizeDrawn(tumour: number, normal: number): number {
  return Math.min(drawnAtMost, 10 * Math.floor(Math.min(tumour, normal) / 9))
}

/**
 * Draws one subset for each share, rows ascending. Of one draw, the tumour patches of a smaller share are among those of a
 * larger one, and the normal patches likewise the other way round.
 */
export function drawShares(labels: Uint8Array, random: Random): Uint32Array[] {
  const rowsOf = (label: number) => [...labels.keys()].filter((row) => labels[row] === label)
  const [normal, tumour] = [rowsOf(0), rowsOf(1)].map((rows) =>
    Array.from(random.permutation(rows.length), (place) => rows[place]),
  )
  const size = sizeDrawn(tumour.length, normal.length)
  return drawnShares.map((share) => {
    const positives = Math.round(share * size)
    return Uint32Array.from([...tumour.slice(0, positives), ...normal.slice(0, size - positives)]).sort()
  })
}
