// Fixed stain vectors as graph ops: the same two for every patch, only strengths are its own.

import { ndarray } from '../../base/index.ts'
import * as g from '../../graph/index.ts'
import type { RuifrokOptions } from '../ruifrok.ts'
import type { StainProfile } from '../stainMatrix.ts'
import { writeSeparation } from './separation.ts'
import type { Vector3 } from './vectors.ts'

/** Bytes [n, height, width, 3] (float64) with the strengths of two fixed stains brought to the fit's. */
export function writeRuifrok(bytes: g.Value, fit: StainProfile, options: RuifrokOptions): g.Value {
  const number = (value: number) => g.constant(ndarray('f64', [1, 1, 1], Float64Array.of(value)))
  const vector = ([red, green, blue]: readonly number[]): Vector3 => [
    number(red),
    number(green),
    number(blue),
  ]
  const [h, e] = options.stains
  const isFound = g.constant(ndarray('bool', [1, 1, 1], Uint8Array.of(1)))
  return writeSeparation(bytes, fit, options, () => ({ stains: [vector(h), vector(e)], isFound }))
}
