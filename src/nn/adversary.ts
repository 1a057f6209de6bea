// A domain-adversarial branch: it learns to tell domains from features, and features learn that it cannot.
// Ganin, Ustinova, Ajakan, Germain, Larochelle, Laviolette, Marchand & Lempitsky 2016.

import * as g from '../graph/index.ts'
import { fill } from './initializers.ts'
import { activation, linear, sequential } from './layers.ts'
import { crossEntropy } from './losses.ts'
import type { ParamSpecs, ParamValues } from './model.ts'
import type { Pass } from './pass.ts'

/** x itself, whose gradient comes back times -weight (the gradient reversal layer). */
export function reverseGradient(x: g.Value, weight: g.Operand): g.Value {
  const fixed = g.stopGradient(x)
  return g.sub(fixed, g.mul(g.sub(x, fixed), weight))
}

/** The form of an adversary. */
export interface AdversaryOptions {
  readonly name: string
  /** Features a row. */
  readonly inputs: number
  readonly domains: number
  /** What the reversed gradient is multiplied with in the end. */
  readonly weight: number
  /** Steps in which the weight rises from 0 to (nearly) its end. */
  readonly rampSteps: number
}

/** A branch that is trained against the features it is given. */
export interface Adversary {
  readonly params: ParamSpecs
  /** Its loss, a scalar, from features [rows, inputs] and the domains of the rows [rows, domains]. */
  write(params: ParamValues, features: g.Value, domains: g.Value, pass: Pass): g.Value
}

/**
 * Linear, ReLU, linear to the domains' logits behind a gradient reversal. As in the authors' experiments on images its weight
 * is `weight` x (2 / (1 + exp(-10 p)) - 1), where p goes from 0 to 1 (here in the first `rampSteps` steps), and the branch itself
 * learns at full rate from the first step.
 */
export function adversary({ name, inputs, domains, weight, rampSteps }: AdversaryOptions): Adversary {
  const step = `${name}.step`
  const branch = sequential([
    linear(`${name}.0`, inputs, inputs),
    activation(g.relu),
    linear(`${name}.2`, inputs, domains),
  ])
  return {
    params: { ...branch.params, [step]: { shape: [], role: 'statistic', init: fill(0) } },
    write(params, features, actual, pass) {
      pass.update(step, g.add(params[step], 1))
      const progress = g.minimum(g.div(params[step], rampSteps), 1)
      const ramp = g.tanh(g.mul(progress, 5)) // 2 / (1 + exp(-10 p)) - 1
      const reversed = reverseGradient(features, g.mul(ramp, weight))
      return crossEntropy(branch.apply(params, reversed, pass), actual)
    },
  }
}
