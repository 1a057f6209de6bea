// Reinhard's transfer in Eosin's own way as graph ops: mean and spread of the tissue's CIELAB channels brought to the
// reference's. Step by step what stain/reinhard.ts and stain/labRoots.ts do: tables and statistics in float64, the
// change itself in float32, in the same order.

import { f32 } from '../../base/index.ts'
import * as g from '../../graph/index.ts'
import { labScales, labShift } from '../colours.ts'
import { type LabStatistics, labTables, rootCurve } from '../labRoots.ts'
import { leastContrast, leastDeviation, type ReinhardOptions } from '../reinhard.ts'
import { hasEnough, measureDensities } from './densities.ts'
import { joinVector, layOut, lineUp, mapVector, splitVector, tableOf, type Vector3 } from './vectors.ts'

const [scaleL, scaleA, scaleB] = labScales

/** Bytes [n, height, width, 3] (float64) with the target's statistics. */
export function writeReinhard(bytes: g.Value, target: LabStatistics, options: ReinhardOptions): g.Value {
  const pixels = lineUp(bytes)
  const densities = measureDensities(pixels, options)
  const roots = writeRoots(pixels)
  const { means, deviations } = summarise(roots, densities.tissue, densities.count)
  const spread = options.variant === 'modified' ? deviations.slice(0, 1) : deviations
  const conditions = [
    hasEnough(densities, options.minTissue),
    ...spread.map((one) => g.greater(one, leastDeviation)),
  ]
  const { gains, shifts } =
    options.variant === 'modified'
      ? modifiedMap(means, deviations, target)
      : plainMap(means, deviations, target)
  const changed = writeBytes(roots, gains, shifts)
  const changes = conditions.reduce((all, one) => g.and(all, one), densities.tissue)
  return layOut(g.where(changes, changed, pixels), bytes)
}

// fy, fx - fy and fy - fz of every pixel, float32.
function writeRoots(pixels: g.Value): Vector3 {
  const { linear, roots } = labTables()
  const levels = splitVector(pixels).map((channel) => g.cast(channel, 'i64'))
  const [values, rises] = [0, 1].map((part) => tableOf(roots.filter((_, i) => i % 2 === part)))
  const [fx, fy, fz] = [0, 1, 2].map((output) => {
    const [red, green, blue] = levels.map((level, input) => {
      const own = linear.subarray(768 * input, 768 * (input + 1))
      return g.gather(tableOf(own.filter((_, i) => i % 3 === output)), level)
    })
    const light = g.add(g.add(red, green), blue)
    const below = g.floor(light)
    const index = g.cast(below, 'i64')
    return g.add(g.gather(values, index), g.mul(g.gather(rises, index), g.sub(light, below)))
  })
  return mapVector([fy, g.sub(fx, fy), g.sub(fy, fz)], (root) => g.cast(root, 'f32'))
}

interface Statistics {
  readonly means: readonly g.Value[]
  readonly deviations: readonly g.Value[]
}

// Means and deviations of L, a and b over the tissue, [n, 1, 1] each.
function summarise(roots: Vector3, tissue: g.Value, count: g.Value): Statistics {
  const known = g.maximum(count, 1)
  const meanOf = (values: g.Value) =>
    g.div(g.reduceSum(g.where(tissue, values, 0), { axes: [2], keep: true }), known)
  const exact = roots.map((root) => g.cast(root, 'f64'))
  const centres = exact.map(meanOf)
  return {
    means: centres.map((mean, k) => g.add(g.mul(mean, labScales[k]), k === 0 ? -labShift : 0)),
    deviations: exact.map((root, k) =>
      g.mul(g.sqrt(meanOf(g.square(g.sub(root, centres[k])))), labScales[k]),
    ),
  }
}

interface LabChange {
  readonly gains: readonly g.Value[]
  readonly shifts: readonly g.Value[]
}

function plainMap(
  means: readonly g.Value[],
  deviations: readonly g.Value[],
  target: LabStatistics,
): LabChange {
  // Patches without spread stay as they are, but what is computed for them must be numbers to look up.
  const gains = deviations.map((deviation, k) =>
    g.div(target.deviations[k], g.where(g.greater(deviation, leastDeviation), deviation, 1)),
  )
  return { gains, shifts: gains.map((gain, k) => g.sub(target.means[k], g.mul(means[k], gain))) }
}

function modifiedMap(
  means: readonly g.Value[],
  deviations: readonly g.Value[],
  target: LabStatistics,
): LabChange {
  const contrast = g.div(g.sub(target.deviations[0], deviations[0]), target.deviations[0])
  const gain = g.add(g.where(g.greater(contrast, 0), contrast, leastContrast), 1)
  const one = g.add(g.mul(gain, 0), 1)
  return {
    gains: [gain, one, one],
    shifts: [
      g.mul(means[0], g.sub(1, gain)),
      g.sub(target.means[1], means[1]),
      g.sub(target.means[2], means[2]),
    ],
  }
}

// Bytes [n, 3, pixels]: the change of the roots, cubes, linear light, gamma.
function writeBytes([fy, fa, fb]: Vector3, gains: readonly g.Value[], shifts: readonly g.Value[]): g.Value {
  const single = (value: g.Value) => g.cast(value, 'f32')
  const shiftL = g.div(g.sub(g.add(shifts[0], labShift), g.mul(gains[0], labShift)), scaleL)
  const y = g.add(g.mul(single(gains[0]), fy), single(shiftL))
  const x = g.add(g.add(y, g.mul(single(gains[1]), fa)), single(g.div(shifts[1], scaleA)))
  const z = g.sub(g.sub(y, g.mul(single(gains[2]), fb)), single(g.div(shifts[2], scaleB)))
  const [lightX, lightY, lightZ] = mapVector([x, y, z], (f) => {
    const cubes = g.mul(g.mul(f, f), f)
    const lines = g.mul(g.sub(f, rootCurve.offset), 1 / rootCurve.slope)
    return g.where(g.greater(f, rootCurve.edge), cubes, lines)
  })
  const { bytes, steps, toLight } = labTables()
  const table = tableOf(bytes)
  const channel = (k: number) => {
    const [wx, wy, wz] = toLight[k].map((weight) => g.constant(f32([], [weight])))
    const light = g.add(g.add(g.mul(wx, lightX), g.mul(wy, lightY)), g.mul(wz, lightZ))
    return g.gather(table, g.cast(g.minimum(g.maximum(g.floor(light), 0), steps), 'i64'))
  }
  return joinVector([channel(0), channel(1), channel(2)])
}
