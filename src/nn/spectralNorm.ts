// Spectral normalisation (Miyato et al. 2018): a weight is divided by its largest singular value, estimated by one
// power iteration a training step from vectors kept as statistics. Names and arithmetic of torch.nn.utils.spectral_norm.

import { sizeOf } from '../base/index.ts'
import * as g from '../graph/index.ts'
import type { Initializer, ParamSpec, ParamSpecs, ParamValues } from './model.ts'
import type { Pass } from './pass.ts'

const epsilon = 1e-12

/** The parameter `<name>_orig` and the statistics `<name>_u` [rows] and `<name>_v` [columns] for a weight. */
export function spectralSpecs(name: string, weight: ParamSpec): ParamSpecs {
  const [rows, ...columns] = weight.shape
  return {
    [`${name}_orig`]: weight,
    [`${name}_u`]: { shape: [rows], role: 'statistic', init: unitNormal },
    [`${name}_v`]: { shape: [sizeOf(columns)], role: 'statistic', init: unitNormal },
  }
}

/** Values of a random direction. */
const unitNormal: Initializer = (shape, random) => {
  const values = Float32Array.from({ length: sizeOf(shape) }, () => random.normal())
  const length = Math.max(epsilon, Math.hypot(...values))
  return values.map((value) => value / length)
}

/**
 * `<name>_orig` over its largest singular value. A training pass takes one power iteration first and keeps the
 * vectors; they count as constants in the gradient.
 */
export function normaliseWeight(name: string, values: ParamValues, pass: Pass): g.Value {
  const weight = values[`${name}_orig`]
  const [rows, ...columns] = g.fixedShape(name, weight)
  const matrix = g.reshape(weight, [rows, sizeOf(columns)])
  let u = g.reshape(values[`${name}_u`], [1, rows])
  let v = g.reshape(values[`${name}_v`], [1, sizeOf(columns)])
  if (pass.training) {
    const fixed = g.stopGradient(matrix)
    v = scaleToUnit(g.matmul(u, fixed))
    u = scaleToUnit(g.matmul(v, fixed, { transposeB: true }))
    pass.update(`${name}_v`, g.reshape(v, [sizeOf(columns)]))
    pass.update(`${name}_u`, g.reshape(u, [rows]))
  }
  const sigma = g.reduceSum(g.mul(u, g.matmul(v, matrix, { transposeB: true })))
  return g.div(weight, sigma)
}

function scaleToUnit(x: g.Value): g.Value {
  return g.div(x, g.maximum(g.sqrt(g.reduceSum(g.square(x))), epsilon))
}
