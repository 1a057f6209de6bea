// What all methods with two stains share once the stain vectors are known: how strong each stain is, and
// the patch rebuilt in other stains at other strengths.

import { concentrationPercentiles } from './concentrations.ts'
import type { DensityView } from './densityView.ts'
import { percentileOf } from './quantile.ts'
import { densityMap, restainPixels } from './restain.ts'
import { codePixels, openSparseCoder } from './sparseCode.ts'
import { type StainMatrix, type StainProfile, unmixingRows } from './stainMatrix.ts'
import type { PixelChoice, Workspace } from './workspace.ts'

/** Percentile `percent` of both concentrations over the chosen pixels; null where the stains are one direction. */
export function measureStrengths(
  workspace: Workspace,
  view: DensityView,
  stains: StainMatrix,
  percent: number,
  choice: PixelChoice,
): readonly [number, number] | null {
  const rows = unmixingRows(stains)
  if (!rows) return null
  if (view.sparsity === null) return concentrationPercentiles(workspace, view.tables, rows, percent, choice)
  const { valuesA, valuesB } = workspace
  const coder = openSparseCoder(stains, view.sparsity)
  codePixels(workspace, view.tables, choice, coder, valuesA, valuesB)
  return [percentileOf(valuesA, choice.count, percent), percentileOf(valuesB, choice.count, percent)]
}

/**
 * Makes the chosen pixels of the patch in work, stained like `source`, look as if stained like `target`. No stain is
 * made more than `maxGain` times as strong: beyond that it is noise that grows.
 */
export function rebuildPatch(
  workspace: Workspace,
  view: DensityView,
  source: StainProfile,
  target: StainProfile,
  maxGain: number,
  choice: PixelChoice,
): void {
  const gain = (stain: 0 | 1) =>
    Math.min(maxGain, target.maxConcentrations[stain] / source.maxConcentrations[stain])
  const scale: [number, number] = [gain(0), gain(1)]
  if (view.sparsity === null) {
    const map = densityMap(unmixingRows(source.stains)!, target.stains, scale)
    restainPixels(workspace, view.tables, map, [view.io, view.io, view.io], choice)
  } else {
    rebuildSparse(workspace, view, source.stains, target.stains, scale, choice)
  }
}

function rebuildSparse(
  workspace: Workspace,
  view: DensityView,
  source: StainMatrix,
  [h, e]: StainMatrix,
  scale: readonly [number, number],
  choice: PixelChoice,
): void {
  const { offsets, data, valuesA, valuesB } = workspace
  codePixels(workspace, view.tables, choice, openSparseCoder(source, view.sparsity!), valuesA, valuesB)
  for (let i = 0; i < choice.count; i++) {
    const at = choice.isTissue ? offsets[i] : 3 * i
    const a = valuesA[i] * scale[0]
    const b = valuesB[i] * scale[1]
    for (let k = 0; k < 3; k++) data[at + k] = Math.min(view.io * Math.exp(-(a * h[k] + b * e[k])), 255)
  }
}
