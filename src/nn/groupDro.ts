// Group distributionally robust optimisation: the loss of the groups that do worst counts most.

import * as g from '../graph/index.ts'
import { fill } from './initializers.ts'
import type { ParamSpecs, ParamValues } from './model.ts'
import type { Pass } from './pass.ts'

/** A loss over groups, with the statistic that it keeps. */
export interface GroupDro {
  readonly params: ParamSpecs
  /**
   * The sum over groups of weight times mean loss, a scalar, from each row's loss [rows, 1] and membership of the groups
   * [rows, groups]. A group without a row in the batch has a loss of 0.
   */
  write(params: ParamValues, losses: g.Value, groups: g.Value, pass: Pass): g.Value
}

/**
 * Algorithm 1 of Sagawa, Koh, Hashimoto & Liang 2020, with batches over all groups as in its authors' code: at each step
 * a group's weight is multiplied by exp(step size x its loss), weights are scaled to sum 1, and the loss is weighted by them.
 * The statistic `name` [1, groups] holds their logarithms, the largest being 0: weights themselves would vanish in float32.
 */
export function groupDro(name: string, groups: number, stepSize: number): GroupDro {
  return {
    params: { [name]: { shape: [1, groups], role: 'statistic', init: fill(0) } },
    write(params, losses, members, pass) {
      const count = g.reduceSum(members, { axes: [0], keep: true })
      const total = g.matmul(losses, members, { transposeA: true })
      const means = g.div(total, g.maximum(count, 1e-12))
      const logs = g.add(params[name], g.mul(g.stopGradient(means), stepSize))
      pass.update(name, g.sub(logs, g.reduceMax(logs, { axes: [1], keep: true })))
      return g.reduceSum(g.mul(g.softmax(logs), means))
    },
  }
}
