// CIELAB in floating point (sRGB, D65; the constants of scikit-image, which torchstain uses). Pixels are kept
// as the three cube roots fx, fy, fz, since L, a and b are linear in them. The curves are tables: a byte has
// 256 levels of linear light, the cube root is interpolated, and the way back ends in a table of bytes.

import { invert3 } from '../base/index.ts'
import {
  expandGamma,
  labOffset,
  labRoot,
  labScales,
  labSlope,
  labShift as shiftL,
  toXyz,
  whitePoint,
} from './colours.ts'
import { offsetsOf, type PixelChoice, type Workspace } from './workspace.ts'

const [scaleL, scaleA, scaleB] = labScales

const toRgb = invert3(toXyz)

/** Linear light is the cube of a root above `edge`, and below it a line. */
export const rootCurve = { edge: 0.2068966, slope: labSlope, offset: labOffset }
const compress = (v: number) => (v > 0.0031308 ? Math.min(1, 1.055 * v ** (1 / 2.4) - 0.055) : v * 12.92)

/**
 * The tables of the curves, for the graph that computes the same: linear light by input channel, level and output
 * (x, y, z) in steps of the root table; roots as pairs of value and rise to the next; bytes by steps of linear light; the
 * matrix [3, 3] from x, y, z to red, green, blue in those steps.
 */
export const labTables = () => ({
  linear: linearTable,
  roots: rootTable,
  bytes: gammaTable,
  steps: gammaSteps,
  toLight: toRgb.map((row) => row.map((weight, k) => weight * whitePoint[k] * gammaSteps)),
})

// Tables as the kernels take them: linear light in steps of the root table, three numbers a level; roots as pairs of value and rise to the next; bytes by steps of linear light.
const rootSteps = 4096
const linearTable = new Float64Array(3 * 256 * 3)
for (let input = 0; input < 3; input++) {
  for (let level = 0; level < 256; level++) {
    for (let i = 0; i < 3; i++) {
      const light = (toXyz[i][input] * expandGamma(level / 255)) / whitePoint[i]
      linearTable[3 * (256 * input + level) + i] = light * rootSteps
    }
  }
}
const rootTable = new Float64Array(2 * (rootSteps + 8))
for (let i = 0; i < rootSteps + 8; i++) {
  rootTable[2 * i] = labRoot(i / rootSteps)
  rootTable[2 * i + 1] = labRoot((i + 1) / rootSteps) - labRoot(i / rootSteps)
}
const gammaSteps = 16384
const gammaTable = Uint8Array.from(
  { length: gammaSteps + 1 },
  (_, i) => 255 * compress((i + 0.5) / gammaSteps),
)

/** Means and population standard deviations of L (0 to 100), a and b. */
export interface LabStatistics {
  readonly means: readonly [number, number, number]
  readonly deviations: readonly [number, number, number]
}

/** An affine change of each LAB channel: value * gain + shift. */
export interface LabMap {
  readonly gains: readonly [number, number, number]
  readonly shifts: readonly [number, number, number]
}

// Workspaces that have the tables: nothing else is written where these lie.
const prepared = new WeakSet<Workspace>()

function prepareTables(workspace: Workspace): void {
  if (prepared.has(workspace)) return
  prepared.add(workspace)
  const { address, memory } = workspace
  new Float64Array(memory, address.linear, linearTable.length).set(linearTable)
  new Float64Array(memory, address.roots, rootTable.length).set(rootTable)
  new Uint8Array(memory, address.gamma, gammaTable.length).set(gammaTable)
}

// Where fy, fx - fy and fy - fz of the pixels computed last lie, an array of f32 each.
function rootAddresses({ address, pixelCount }: Workspace): [number, number, number] {
  return [address.valuesA, address.valuesA + 4 * ((pixelCount + 3) & ~3), address.valuesB]
}

/** Computes fy, fx - fy and fy - fz of the chosen pixels of the patch in work; they stay in the workspace. */
export function rootPixels(workspace: Workspace, choice: PixelChoice): void {
  const { kernels, address } = workspace
  prepareTables(workspace)
  const offsets = offsetsOf(choice, workspace)
  const [y, a, b] = rootAddresses(workspace)
  kernels.lookUpRoots(address.data, offsets, choice.count, address.linear, address.roots, y, a, b)
}

/** The statistics of the `count` >= 1 pixels computed last; deviations are 0 where all are one colour. */
export function summariseRoots(workspace: Workspace, count: number): LabStatistics {
  const { kernels, address, memory, scratch } = workspace
  const places = rootAddresses(workspace)
  const [y0, a0, b0] = places.map((place) => new Float32Array(memory, place, 1)[0])
  kernels.sumRoots(...places, count, y0, a0, b0, address.scratch)
  const [y, a, b, yy, aa, bb] = scratch
  const deviation = (sum: number, squares: number) =>
    Math.sqrt(Math.max(0, squares - (sum * sum) / count) / count)
  return {
    means: [scaleL * (y0 + y / count) - shiftL, scaleA * (a0 + a / count), scaleB * (b0 + b / count)],
    deviations: [scaleL * deviation(y, yy), scaleA * deviation(a, aa), scaleB * deviation(b, bb)],
  }
}

// Columns of the matrix from x, y, z to steps of linear light, for the kernel.
const columns = [0, 1, 2].flatMap((k) => [...toRgb.map((row) => row[k] * whitePoint[k] * gammaSteps), 0])

/** Changes the pixels computed last by `map` in the patch in work, truncated as a cast does. */
export function writeRoots(workspace: Workspace, choice: PixelChoice, { gains, shifts }: LabMap): void {
  const { kernels, address, memory } = workspace
  const constants = new Float32Array(memory, address.scratch, 20)
  // L' = gL L + sL becomes fy' = gL fy + (16 + sL - 16 gL) / 116, and likewise for the differences.
  constants.set([gains[0], gains[1], gains[2], 0])
  constants.set(
    [(shiftL + shifts[0] - shiftL * gains[0]) / scaleL, shifts[1] / scaleA, shifts[2] / scaleB, 0],
    4,
  )
  constants.set(columns, 8)
  kernels.writeRoots(
    ...rootAddresses(workspace),
    address.data,
    offsetsOf(choice, workspace),
    choice.count,
    address.scratch,
    address.gamma,
    gammaSteps,
  )
}
