// Vahadane et al. 2016 (IEEE TMI 35:1962), 'Structure-preserving color normalization and sparse stain
// separation'. StainTools solves the same objective with SPAMS, which stops by the clock; here the steps are
// counted, so that the outcome is the same on every machine.

import { real, ruifrokVectors, whole } from '../base/index.ts'
import type { DensityView } from './densityView.ts'
import { learnDictionary } from './dictionary.ts'
import {
  type SeparationOptions,
  type SeparationRecipe,
  separationDefaults,
  separationMethod,
  separationRules,
} from './separationMethod.ts'
import { angleBetween, normaliseVector, orderStains, type StainMatrix } from './stainMatrix.ts'
import { type Outcome, rejectPatch } from './verdicts.ts'
import type { Workspace } from './workspace.ts'

/** Options of sparse stain separation. */
export interface VahadaneOptions extends SeparationOptions {
  /** Weight of the l1 penalty while the vectors are learned. */
  readonly lambda: number
  /** Steps at most. */
  readonly steps: number
  /** Tissue pixels that the vectors are learned on, drawn evenly where there are more. */
  readonly pixels: number
}

/** What sets Vahadane's method apart: the vectors are the atoms of a sparse non-negative dictionary. */
export const vahadaneRecipe: SeparationRecipe<VahadaneOptions> = {
  name: 'vahadane',
  version: 2,
  about: 'Stain vectors by sparse non-negative dictionary learning (Vahadane 2016), in bounded steps.',
  defaults: { ...separationDefaults, lambda: 0.1, steps: 100, pixels: 2048 },
  rules: {
    ...separationRules,
    lambda: real(0, 100),
    steps: whole(1, 10_000),
    pixels: whole(16, 1_000_000),
  },
  isCostly: true,
  findVectors: findVahadaneVectors,
}

/** Brings each patch's own two stains, learned sparsely, to the reference's. */
export const vahadane = separationMethod(vahadaneRecipe)

// Where learning starts: Ruifrok and Johnston's vectors. Other starts end at the same objective.
const startingAtoms: StainMatrix = [ruifrokVectors.hematoxylin, ruifrokVectors.eosin]

function findVahadaneVectors(
  { data, offsets }: Workspace,
  { tables }: DensityView,
  count: number,
  { compatibility, lambda, pixels, steps }: VahadaneOptions,
): StainMatrix | Outcome {
  const isOwn = compatibility === 'none'
  const used = isOwn ? thinOut(offsets, count, pixels) : offsets.subarray(0, count)
  const bounds = isOwn ? { steps, tolerance: 1e-5 } : { steps: 500, tolerance: 1e-7 }
  const { atoms } = learnDictionary(data, tables, used, used.length, lambda, startingAtoms, bounds)
  const [a, b] = atoms
  if (!(Math.hypot(...a) > 1e-6 && Math.hypot(...b) > 1e-6)) return rejectPatch('a stain without colour')
  if (angleBetween(a, b) < 0.01) return rejectPatch('tissue of one colour direction only')
  const [h, e] = orderStains(a, b)
  return [normaliseVector(h), normaliseVector(e)]
}

// At most `limit` offsets, at even steps.
function thinOut(offsets: Int32Array, count: number, limit: number): Int32Array {
  if (count <= limit) return offsets.subarray(0, count)
  return Int32Array.from({ length: limit }, (_, i) => offsets[Math.floor((i * count) / limit)])
}
