// Stain concentrations by least squares: two dot products a pixel. Of all of them only a high percentile is
// needed, so a sample brackets it, integers tell which pixels may lie above, and these alone are computed.

import type { Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { markPixels } from './packing.ts'
import { interpolate, rankOf, sampleSize, selectPairWith, selectWith, tailShare } from './quantile.ts'
import { offsetsOf, type PixelChoice, setForms, type Workspace } from './workspace.ts'

type Rows = readonly [Vector, Vector]

/** Percentile `percent` over the chosen pixels, which are packed, of the two concentrations that `rows` give. */
export function concentrationPercentiles(
  workspace: Workspace,
  tables: DensityTables,
  rows: Rows,
  percent: number,
  choice: PixelChoice,
): [number, number] {
  const { count } = choice
  setForms(workspace, tables, ...rows)
  const tail = tailShare(1 - percent / 100, sampleSize(count))
  const { low, fraction } = rankOf(percent, count)
  const isBracketed = tail < 0.5 && count >= 64
  const overs = isBracketed ? sampleThresholds(workspace, tail, choice) : ([-Infinity, -Infinity] as const)
  const percentileOver = (stain: 0 | 1, over: number): number | null => {
    const found = takeOver(workspace, stain, over, choice)
    const rank = low - (count - found)
    if (rank < 0) return null
    return interpolate(...selectPairWith(workspace, workspace.address.valuesA, found, rank), fraction)
  }
  markOver(workspace, rows, overs, choice)
  const [a, b] = [percentileOver(0, overs[0]), percentileOver(1, overs[1])]
  if (a !== null && b !== null) return [a, b]
  markOver(workspace, rows, [-Infinity, -Infinity], choice)
  return [percentileOver(0, -Infinity)!, percentileOver(1, -Infinity)!]
}

function sampleThresholds(workspace: Workspace, tail: number, choice: PixelChoice): [number, number] {
  const { kernels, address } = workspace
  const size = sampleSize(choice.count)
  const offsets = offsetsOf(choice, workspace)
  const { data, valuesA, valuesB } = address
  kernels.sampleForms(data, offsets, choice.count, size, valuesA, valuesB)
  const rank = Math.floor((1 - tail) * (size - 1))
  return [selectWith(workspace, valuesA, size, rank), selectWith(workspace, valuesB, size, rank)]
}

function markOver(
  workspace: Workspace,
  rows: Rows,
  overs: readonly [number, number],
  { count }: PixelChoice,
): void {
  const [a, b] = [0, 1].map((stain) => ({ form: rows[stain], over: overs[stain] }))
  markPixels(workspace, count, false, a, b)
}

// Puts the concentrations of one stain at or over `over` into `valuesA`; returns how many.
function takeOver(workspace: Workspace, stain: 0 | 1, over: number, choice: PixelChoice): number {
  const { kernels, address } = workspace
  const { data, marksA, marksB, valuesA } = address
  const marks = stain === 0 ? marksA : marksB
  const offsets = offsetsOf(choice, workspace)
  return kernels.takeForms(data, offsets, choice.count, marks, 8 * stain, over, valuesA)
}
