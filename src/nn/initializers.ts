// First values of parameters. The defaults are torch's: nn.Linear and nn.Conv2d draw weights and biases from
// U(-1/sqrt(fanIn), 1/sqrt(fanIn)), which is Kaiming's uniform with a = sqrt(5) (He et al. 2015, eq. 10).

import { sizeOf } from '../base/index.ts'
import type { Initializer } from './model.ts'

/** All elements `value`. */
export function fill(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value)
}

/** Uniform in [-bound, bound). */
export function uniform(bound: number): Initializer {
  return (shape, random) =>
    Float32Array.from({ length: sizeOf(shape) }, () => (2 * random.uniform() - 1) * bound)
}

/** Normal with the given mean and standard deviation. */
export function normal(deviation: number, mean = 0): Initializer {
  return (shape, random) =>
    Float32Array.from({ length: sizeOf(shape) }, () => mean + deviation * random.normal())
}

/** torch's default for a layer that sums `fanIn` products: uniform within 1/sqrt(fanIn). */
export function fanInUniform(fanIn: number): Initializer {
  return uniform(1 / Math.sqrt(fanIn))
}
