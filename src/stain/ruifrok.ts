// Ruifrok and Johnston 2001: the same stain vectors for every patch, only strengths are fitted.

import { listOf, real, ruifrokVectors } from '../base/index.ts'
import {
  type SeparationOptions,
  separationDefaults,
  separationMethod,
  separationRules,
} from './separationMethod.ts'
import type { StainMatrix } from './stainMatrix.ts'

/** Options of fixed-vector deconvolution. */
export interface RuifrokOptions extends SeparationOptions {
  /** Hematoxylin and eosin in optical density, red green blue. */
  readonly stains: StainMatrix
}

const fixedStains: StainMatrix = [ruifrokVectors.hematoxylin, ruifrokVectors.eosin]
const vector = listOf(real(0, 10), 3, 3, JSON.stringify(fixedStains[0]))

/** Rescales the strengths of two fixed stains to the reference's. */
export const ruifrok = separationMethod<RuifrokOptions>({
  name: 'ruifrok',
  version: 2,
  about: 'Fixed stain vectors (Ruifrok and Johnston 2001), strengths rescaled to the reference.',
  defaults: {
    ...separationDefaults,
    stains: fixedStains,
  },
  rules: { ...separationRules, stains: listOf(vector, 2, 2, JSON.stringify(fixedStains)) },
  findVectors: (_workspace, _view, _count, { stains }) => stains,
})
