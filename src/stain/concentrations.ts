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
  const tail = tailShare(1 - percent / 100, sampleSize(count))
  if (tail < 0.5 && count >= 64) {
    const thresholds = rows.map((row) => sampleThreshold(workspace, tables, row, tail, choice))
    const [a, b] = collectAbove(workspace, tables, rows, thresholds, choice)
    const { low, fraction } = rankOf(percent, count)
    const [atA, atB] = [low - (count - a), low - (count - b)]
    if (atA >= 0 && atB >= 0) {
      return [
        interpolate(...selectPair(valuesA, a, atA), fraction),
        interpolate(...selectPair(valuesB, b, atB), fraction),
      ]
    }
  }
  collectAbove(workspace, tables, rows, [-Infinity, -Infinity], choice)
  return [percentileOf(valuesA, count, percent), percentileOf(valuesB, count, percent)]
}

function sampleThreshold(
  { data, offsets, valuesA }: Workspace,
  [red, green, blue]: DensityTables,
  [x, y, z]: Vector,
  tail: number,
  { isTissue, count }: PixelChoice,
): number {
  const size = sampleSize(count)
  for (let i = 0; i < size; i++) {
    const index = Math.floor((i * count) / size)
    const at = isTissue ? offsets[index] : 3 * index
    valuesA[i] = red[data[at]] * x + green[data[at + 1]] * y + blue[data[at + 2]] * z
  }
  return select(valuesA, size, Math.floor((1 - tail) * (size - 1)))
}

function collectAbove(
  workspace: Workspace,
  tables: DensityTables,
  [h, e]: Rows,
  [overH, overE]: readonly number[],
  choice: PixelChoice,
): [number, number] {
  const { kernels, address } = workspace
  workspace.setTables(tables)
  const forms = setForms(workspace, h, e)
  const offsets = offsetsOf(choice, workspace)
  const { data, valuesA, valuesB } = address
  return splitCounts(
    kernels.collectForms(data, offsets, choice.count, address.tables, forms, overH, overE, valuesA, valuesB),
  )
}
