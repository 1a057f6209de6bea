// Non-negative sparse concentrations of two stains: min 1/2 |x - D c|^2 + lambda (c_h + c_e), c >= 0.
// With two stains the active sets are four, so the minimiser is found in closed form.

import type { DensityTables } from './opticalDensity.ts'
import { dot, oneDirection, type StainMatrix } from './stainMatrix.ts'
import type { PixelChoice, Workspace } from './workspace.ts'

/** The Gram matrix of two stains and the penalty: all that coding a pixel needs beside its projections. */
export interface SparseCoder {
  readonly stains: StainMatrix
  readonly hh: number
  readonly he: number
  readonly ee: number
  readonly lambda: number
}

export function openSparseCoder(stains: StainMatrix, lambda: number): SparseCoder {
  const [h, e] = stains
  return { stains, hh: dot(h, h), he: dot(h, e), ee: dot(e, e), lambda }
}

/** Codes the chosen pixels into `outH` and `outE`. */
export function codePixels(
  { data, offsets }: Workspace,
  [red, green, blue]: DensityTables,
  { isTissue, count }: PixelChoice,
  { stains: [h, e], hh, he, ee, lambda }: SparseCoder,
  outH: Float64Array,
  outE: Float64Array,
): void {
  const determinant = hh * ee - he * he
  const isSingular = !(determinant > oneDirection * hh * ee)
  for (let i = 0; i < count; i++) {
    const at = isTissue ? offsets[i] : 3 * i
    const x = red[data[at]]
    const y = green[data[at + 1]]
    const z = blue[data[at + 2]]
    const towardsH = x * h[0] + y * h[1] + z * h[2] - lambda
    const towardsE = x * e[0] + y * e[1] + z * e[2] - lambda
    let a = isSingular ? -1 : (ee * towardsH - he * towardsE) / determinant
    let b = isSingular ? -1 : (hh * towardsE - he * towardsH) / determinant
    if (a < 0 || b < 0) {
      // One stain alone: the one whose optimum leaves nothing for the other to gain.
      const alone = towardsH > 0 ? towardsH / hh : 0
      const isHematoxylin = alone > 0 && towardsE - he * alone <= 0
      a = isHematoxylin ? alone : 0
      b = !isHematoxylin && towardsE > 0 ? towardsE / ee : 0
    }
    outH[i] = a
    outE[i] = b
  }
}
