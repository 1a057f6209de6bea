// Densities as small integers, four lanes a pixel, so that eight multiplications are one instruction. They are too coarse to
// compute with, but tell which few pixels can lie beyond a percentile; only these are then computed in full.
//
// A method that finds tissue also packs: either the tissue pixels alone, in the order of the workspace's offsets, or all pixels,
// with a fourth lane of -32768 in those that are no tissue.

import type { Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import type { Workspace } from './workspace.ts'

/** Integer steps in a density of 1: the density of level 0, ln 256, three times is just below 2^15. */
export const densityScale = 1968
/** `highest` for setLevels where the fourth lane is to be the density, of which pixels then have the sum. */
export const sumLane = 256

const largestStep = Math.ceil(densityScale * Math.log(256))
const largestWeight = 16383
// What rounding adds to or takes from a form at most: half a step of weight and of density in each channel.
const formError = 3 * (largestWeight + largestStep) * 0.5 + 100
// No pixel's form is below; that of a pixel marked as no tissue always is.
const belowAll = -3 * largestWeight * largestStep - 1

/** What is to be marked: where `form . density` is over `over`. */
export interface FormBound {
  readonly form: Vector
  readonly over: number
}

/**
 * Marks, at the workspace's `marksA` and `marksB`, every packed pixel over a bound, and some that are just below it. `count` pixels
 * are packed; with `isFlagged` those marked as no tissue are left out.
 */
export function markPixels(
  { kernels, address, memory }: Workspace,
  count: number,
  isFlagged: boolean,
  a: FormBound,
  b: FormBound,
): void {
  const weights = new Int16Array(memory, address.scratch, 8)
  const [overA, overB] = [a, b].map(({ form, over }, k) => {
    const scale = largestWeight / Math.max(...form.map(Math.abs))
    const isUsable = Number.isFinite(scale) && Number.isFinite(over)
    for (let j = 0; j < 3; j++) weights[4 * k + j] = isUsable ? Math.round(form[j] * scale) : 0
    weights[4 * k + 3] = isFlagged ? 32767 : 0
    const bound = Math.floor(over * scale * densityScale - formError)
    return isUsable ? Math.max(belowAll, Math.min(bound, 2 ** 31 - 1)) : belowAll
  })
  const { packed, scratch, marksA, marksB } = address
  kernels.markForms(packed, count, scratch, overA, overB, marksA, marksB)
}

/** Packs all pixels of the patch in work; those that are not among the `count` at `offsets` are marked as no tissue. */
export function packAll(workspace: Workspace, tables: DensityTables, count: number): void {
  const { kernels, address, pixelCount } = workspace
  workspace.setLevels(tables, densityScale, 255)
  const { data, offsets, packed } = address
  kernels.packFound(data, pixelCount, offsets, count, packed)
}
