// A generator that makes a change of its input in place of a new image: training begins at the identity, so that a short
// one keeps structure. Not as published: a checkpoint of one kind is of no use as the other.

import { add } from '../graph/index.ts'
import { fill, type Model } from '../nn/index.ts'

/**
 * The generator's result added to its input, [N,C,H,W] to [N,C,H,W]; values go up to 1 beyond the input's. Its last layer
 * begins at 0.
 */
export function changeOf({ params, apply }: Model): Model {
  const last = Object.keys(params).slice(-2) // weight and bias
  return {
    params: {
      ...params,
      ...Object.fromEntries(last.map((name) => [name, { ...params[name], init: fill(0) }])),
    },
    apply: (values, x, pass) => add(x, apply(values, x, pass)),
  }
}
