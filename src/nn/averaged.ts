// Averages of weights over training: adversarial training circles around a solution, and the mean of the circle is
// nearer to it than any point. Polyak & Juditsky 1992; for GANs Yazici et al. 2019 (exponential moving average).

import * as g from '../graph/index.ts'
import type { Optimizer } from './optimizers.ts'

/**
 * The optimizer with a running average of each parameter in a slot more, `average`. A step's new values count
 * max(1 - decay, 10 / (step + 9)), so that the first is taken whole and the average never looks further back than about a
 * tenth of the training.
 */
export function averaged(optimizer: Optimizer, decay: number): Optimizer {
  return {
    ...optimizer,
    name: `${optimizer.name}, averaged ${decay}`,
    slots: [...optimizer.slots, 'average'],
    scalars: (step, rate) => ({
      ...optimizer.scalars(step, rate),
      newest: Math.max(1 - decay, 10 / (step + 9)),
    }),
    update(input) {
      const { param, slots } = optimizer.update(input)
      const { average } = input.slots
      const moved = g.add(average, g.mul(g.sub(param, average), input.scalars.newest))
      return { param, slots: { ...slots, average: moved } }
    },
  }
}
