// Macenko et al. 2009 (ISBI), 'A method for normalizing histology slides for quantitative analysis'.
// Reference implementation: torchstain's numpy back end; with io 255 it is the formula of the seed paper.

import { type OptionRules, real } from '../base/index.ts'
import type { DensityView } from './densityView.ts'
import { decomposeSymmetric } from './eigen.ts'
import {
  type SeparationOptions,
  type SeparationRecipe,
  separationDefaults,
  separationMethod,
  separationRules,
} from './separationMethod.ts'
import { findStains, rawPlane, turnedPlane } from './stainAngles.ts'
import { normaliseVector, type StainMatrix } from './stainMatrix.ts'
import { covarianceOf } from './tissue.ts'
import { type Outcome, rejectPatch } from './verdicts.ts'
import { findWeightedStains } from './weightedAngles.ts'
import type { Workspace } from './workspace.ts'

/** Options of Macenko's method. */
export interface MacenkoOptions extends SeparationOptions {
  /** Percentile of the angles, from either side, 0 to 50. */
  readonly alpha: number
}

/** Eosin's own way; in torchstain's mode the constants are the seed paper's. */
export const macenkoDefaults: MacenkoOptions = { ...separationDefaults, alpha: 1 }

const rules: OptionRules<MacenkoOptions> = { ...separationRules, alpha: real(0, 50) }

/** What sets Macenko's method apart: stain vectors at the extreme angles in the plane of two main axes. */
export const macenkoRecipe: SeparationRecipe<MacenkoOptions> = {
  name: 'macenko',
  version: 5,
  about: 'Stain vectors from extreme angles in optical density (Macenko 2009), rescaled to the reference.',
  defaults: macenkoDefaults,
  rules,
  findVectors: findMacenkoVectors,
}

/** Brings each patch's own two stains to the reference's colours and strengths. */
export const macenko = separationMethod(macenkoRecipe)

function findMacenkoVectors(
  workspace: Workspace,
  { tables }: DensityView,
  count: number,
  { compatibility, alpha }: MacenkoOptions,
): StainMatrix | Outcome {
  if (compatibility === 'none') return findWeightedStains(workspace, tables, count, alpha)
  const axes = decomposeSymmetric(covarianceOf(workspace, tables, count))
  if (!(axes.values[1] > 1e-10 * axes.values[2])) return rejectPatch('tissue of one colour direction only')
  const plane = compatibility === 'torchstain' ? rawPlane(axes) : turnedPlane(axes)
  const [h, e] = findStains(workspace, tables, count, plane, alpha)
  return [normaliseVector(h), normaliseVector(e)]
}
