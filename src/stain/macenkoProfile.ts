// The two stains of one patch and their strengths, or the reason why it has none.

import { concentrationPercentiles } from './concentrations.ts'
import { decomposeSymmetric } from './eigen.ts'
import { densityTable, highestLevelOf } from './opticalDensity.ts'
import { findStains, rawPlane } from './stainAngles.ts'
import { type StainProfile, unmixingRows } from './stainMatrix.ts'
import { covarianceOf, findTissue, type Workspace } from './tissue.ts'
import { type Outcome, passThrough, rejectPatch } from './verdicts.ts'

/** Options of Macenko's method. */
export interface MacenkoOptions {
  /**
   * `torchstain` follows that library to the bit wherever its outcome is defined; `none` rejects what it
   * turns into garbage.
   */
  readonly compatibility: 'none' | 'torchstain'
  /** The level of clear glass: 255 as in the seed paper, 240 as torchstain's default. */
  readonly io: number
  /** A pixel is tissue where every channel's density is at least this; above 0. */
  readonly beta: number
  /** Percentile of the angles, from either side, 0 to 50. */
  readonly alpha: number
  /** Percentile of the concentrations that counts as full strength. */
  readonly percentile: number
  /**
   * Several references: `pooled` averages the stain vectors and takes strengths over all pixels together,
   * `averaged` takes plain means of both (torchstain's avg-post), `concatenated` treats them as one image.
   */
  readonly references: 'pooled' | 'averaged' | 'concatenated'
}

/** The seed paper's constants. */
export const macenkoDefaults: MacenkoOptions = {
  compatibility: 'none',
  io: 255,
  beta: 0.15,
  alpha: 1,
  percentile: 99,
  references: 'pooled',
}

/** Fits one patch's bytes. Never throws and never gives a value that is not finite. */
export function estimateProfile(
  data: Uint8Array,
  options: MacenkoOptions,
  workspace: Workspace,
): StainProfile | Outcome {
  const density = densityTable(options.io)
  const count = findTissue(data, highestLevelOf(density, options.beta), workspace.offsets)
  if (count < 2) return passThrough(`background: ${count} tissue pixels`)

  const axes = decomposeSymmetric(covarianceOf(data, density, workspace.offsets, count))
  if (!(axes.values[1] > 1e-10 * axes.values[2])) return rejectPatch('tissue of one colour direction only')

  const stains = findStains(data, density, count, rawPlane(axes), options.alpha, workspace)
  const rows = unmixingRows(stains)
  if (!rows) return rejectPatch('both stains in one direction')

  const maxConcentrations = concentrationPercentiles(data, density, rows, options.percentile, workspace)
  const least =
    options.compatibility === 'none'
      ? Math.min(...maxConcentrations)
      : Math.abs(maxConcentrations[0] * maxConcentrations[1])
  if (!(least > 0)) return rejectPatch('a stain without strength')
  return { stains, maxConcentrations }
}
