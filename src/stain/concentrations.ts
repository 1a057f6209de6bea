// Stain concentrations by least squares: two dot products a pixel. Of all of them only a high percentile is
// needed, so a sample brackets it and one pass collects what lies above.

import type { Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import { interpolate, percentileOf, rankOf, sampleSize, select, selectPair, tailShare } from './quantile.ts'
import { offsetsOf, type PixelChoice, setForms, splitCounts, type Workspace } from './workspace.ts'

type Rows = readonly [Vector, Vector]

/** Percentile `percent` over the chosen pixels of the two concentrations that `rows` give. */
export function concentrationPercentiles(
  workspace: Workspace,
  tables: DensityTables,
  rows: Rows,
  percent: number,
  choice: PixelChoice,
): [number, number] {
  const { count } = choice
  const { valuesA, valuesB } = workspace
  const products = setForms(workspace, tables, ...rows)
  const tail = tailShare(1 - percent / 100, sampleSize(count))
  if (tail < 0.5 && count >= 64) {
    const [a, b] = collectAbove(
      workspace,
      products,
      sampleThresholds(workspace, products, tail, choice),
      choice,
    )
    const { low, fraction } = rankOf(percent, count)
    const [atA, atB] = [low - (count - a), low - (count - b)]
    if (atA >= 0 && atB >= 0) {
      return [
        interpolate(...selectPair(valuesA, a, atA), fraction),
        interpolate(...selectPair(valuesB, b, atB), fraction),
      ]
    }
  }
  collectAbove(workspace, products, [-Infinity, -Infinity], choice)
  return [percentileOf(valuesA, count, percent), percentileOf(valuesB, count, percent)]
}

function sampleThresholds(
  workspace: Workspace,
  products: number,
  tail: number,
  choice: PixelChoice,
): [number, number] {
  const { kernels, address, valuesA, valuesB } = workspace
  const size = sampleSize(choice.count)
  const offsets = offsetsOf(choice, workspace)
  const { data, valuesA: outA, valuesB: outB } = address
  kernels.sampleForms(data, offsets, choice.count, size, products, outA, outB)
  const rank = Math.floor((1 - tail) * (size - 1))
  return [select(valuesA, size, rank), select(valuesB, size, rank)]
}

function collectAbove(
  workspace: Workspace,
  products: number,
  [overA, overB]: readonly [number, number],
  choice: PixelChoice,
): [number, number] {
  const { kernels, address } = workspace
  const { data, valuesA, valuesB } = address
  const offsets = offsetsOf(choice, workspace)
  return splitCounts(
    kernels.collectForms(data, offsets, choice.count, products, overA, overB, valuesA, valuesB),
  )
}
