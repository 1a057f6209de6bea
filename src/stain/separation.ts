// What all methods with two stains share once the stain vectors are known: how strong each stain is, and
// the patch rebuilt in other stains at other strengths.

import { concentrationPercentiles } from './concentrations.ts'
import type { DensityView } from './densityView.ts'
import { percentileOf } from './quantile.ts'
import { densityMap, restainPixels } from './restain.ts'
import { codePixels, openSparseCoder } from './sparseCode.ts'
import { type StainMatrix, type StainProfile, unmixingRows } from './stainMatrix.ts'
import type { Workspace } from './tissue.ts'

/** Percentile `percent` of both concentrations over all pixels; null where the stains are one direction. */
export function measureStrengths(
  data: Uint8Array,
  view: DensityView,
  stains: StainMatrix,
  percent: number,
  workspace: Workspace,
): readonly [number, number] | null {
  const rows = unmixingRows(stains)
  if (!rows) return null
  if (view.sparsity === null) return concentrationPercentiles(data, view.density, rows, percent, workspace)
  const count = data.length / 3
  const { valuesA, valuesB } = workspace
  const coder = openSparseCoder(stains, view.sparsity)
  codePixels(data, view.density, null, count, coder, valuesA, valuesB)
  return [percentileOf(valuesA, count, percent), percentileOf(valuesB, count, percent)]
}

/** Writes the patch `data`, whose stains are `source`, to `out` as if stained like `target`. */
export function rebuildPatch(
  data: Uint8Array,
  out: Uint8Array,
  view: DensityView,
  source: StainProfile,
  target: StainProfile,
  workspace: Workspace,
): void {
  const scale: [number, number] = [
    target.maxConcentrations[0] / source.maxConcentrations[0],
    target.maxConcentrations[1] / source.maxConcentrations[1],
  ]
  if (view.sparsity === null) {
    const map = densityMap(unmixingRows(source.stains)!, target.stains, scale)
    restainPixels(data, out, view.density, map, view.io)
  } else {
    rebuildSparse(data, out, view, source.stains, target.stains, scale, workspace)
  }
}

function rebuildSparse(
  data: Uint8Array,
  out: Uint8Array,
  view: DensityView,
  source: StainMatrix,
  [h, e]: StainMatrix,
  scale: readonly [number, number],
  { valuesA, valuesB }: Workspace,
): void {
  const count = data.length / 3
  codePixels(data, view.density, null, count, openSparseCoder(source, view.sparsity!), valuesA, valuesB)
  for (let i = 0; i < count; i++) {
    const a = valuesA[i] * scale[0]
    const b = valuesB[i] * scale[1]
    for (let k = 0; k < 3; k++) {
      const value = view.io * Math.exp(-(a * h[k] + b * e[k]))
      out[3 * i + k] = Math.min(value, 255)
    }
  }
}
