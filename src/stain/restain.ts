// Rebuilding pixels in other stains: out = io exp(-T (c * scale)), with c linear in density, is one 3x3
// matrix M in density space. exp(-M d) is then a product over the three input channels, and each factor a
// table of 256: no exponential a pixel, but for the few where single precision does not tell the byte.

import type { Vector } from './eigen.ts'
import type { DensityTables } from './opticalDensity.ts'
import type { StainMatrix } from './stainMatrix.ts'
import { offsetsOf, type PixelChoice, type Workspace } from './workspace.ts'

/** A 3x3 matrix in density space: row k gives output channel k. */
export type DensityMap = readonly [Vector, Vector, Vector]

/** The map that takes concentrations by `rows`, scales them, and rebuilds them with `target`. */
export function densityMap(
  rows: readonly [Vector, Vector],
  target: StainMatrix,
  scale: readonly [number, number],
): DensityMap {
  const [h, e] = target
  const row = (k: number): Vector => {
    const [a, b] = [h[k] * scale[0], e[k] * scale[1]]
    return [0, 1, 2].map((j) => a * rows[0][j] + b * rows[1][j]) as unknown as Vector
  }
  return [row(0), row(1), row(2)]
}

// Where the kernels' arguments lie in the workspace's scratch, in f64.
const [powersAt, singlesAt, mapAt] = [0, 12, 14]

/**
 * Makes of each chosen pixel of the patch in work level exp(-map density), with a `level` for each output channel, cut at 255 and
 * truncated as a cast does.
 */
export function restainPixels(
  workspace: Workspace,
  tables: DensityTables,
  map: DensityMap,
  levels: Vector,
  choice: PixelChoice,
): void {
  const { kernels, address, scratch, memory, setTables } = workspace
  for (let input = 0; input < 3; input++) {
    for (let output = 0; output < 3; output++) {
      scratch[mapAt + 3 * input + output] = map[output][input]
      scratch[powersAt + 4 * input + output] = -map[output][input] * Math.LOG2E
    }
    scratch[powersAt + 4 * input + 3] = 0
  }
  scratch.set(levels, mapAt + 9)
  new Float32Array(memory, address.scratch + 8 * singlesAt, 4).set([...levels, 0.25])
  setTables(tables)
  const at = (index: number) => address.scratch + 8 * index
  kernels.fillFactors(at(powersAt), at(singlesAt))
  kernels.multiplyTables(address.data, offsetsOf(choice, workspace), choice.count, at(mapAt))
}
