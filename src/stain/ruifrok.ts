// Ruifrok and Johnston 2001: the same stain vectors for every patch, only strengths are fitted.
// The vectors are those of StainTools and tiatoolbox.

import { listOf, real } from '../base/index.ts'
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

const vector = listOf(real(0, 10), 3, 3, '[0.65,0.7,0.29]')

/** Rescales the strengths of two fixed stains to the reference's. */
export const ruifrok = separationMethod<RuifrokOptions>({
  name: 'ruifrok',
  version: 2,
  about: 'Fixed stain vectors (Ruifrok and Johnston 2001), strengths rescaled to the reference.',
  defaults: {
    ...separationDefaults,
    stains: [
      [0.65, 0.7, 0.29],
      [0.07, 0.99, 0.11],
    ],
  },
  rules: { ...separationRules, stains: listOf(vector, 2, 2, '[[0.65,0.7,0.29],[0.07,0.99,0.11]]') },
  findVectors: (_workspace, _view, _count, { stains }) => stains,
})
