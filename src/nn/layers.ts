// Layers of the classifiers: linear, batch normalisation, dropout, activations, and their sequence.
// Semantics and defaults are those of torch.nn (Linear, BatchNorm1d/2d, Dropout, Sequential).

import { ShapeError, sizeOf } from '../base/index.ts'
import * as g from '../graph/index.ts'
import { fanInUniform, fill } from './initializers.ts'
import type { Model, ParamSpecs } from './model.ts'

/** x W^T + b over the last axis; weight [outputs, inputs]. */
export function linear(name: string, inputs: number, outputs: number, { bias = true } = {}): Model {
  const init = fanInUniform(inputs)
  const params: ParamSpecs = {
    [`${name}.weight`]: { shape: [outputs, inputs], role: 'weight', init },
    ...(bias ? { [`${name}.bias`]: { shape: [outputs], role: 'bias', init } } : {}),
  }
  return {
    params,
    apply(values, x) {
      const product = g.matmul(x, values[`${name}.weight`], { transposeB: true })
      return bias ? g.add(product, values[`${name}.bias`]) : product
    },
  }
}

/**
 * Batch normalisation over all axes but the second (Ioffe & Szegedy 2015). Training: the batch's mean and biased
 * variance, and running statistics moved by `momentum` towards the mean and the unbiased variance; else these.
 */
export function batchNorm(name: string, features: number, { epsilon = 1e-5, momentum = 0.1 } = {}): Model {
  const shape = [features]
  const key = (part: string) => `${name}.${part}`
  const params: ParamSpecs = {
    [key('weight')]: { shape, role: 'norm', init: fill(1) },
    [key('bias')]: { shape, role: 'norm', init: fill(0) },
    [key('running_mean')]: { shape, role: 'statistic', init: fill(0) },
    [key('running_var')]: { shape, role: 'statistic', init: fill(1) },
  }
  return {
    params,
    apply(values, x, pass) {
      // [features] lines up with axis 1 once it has the axes behind it
      const alongAxis1 = (value: g.Value) => g.reshape(value, [features, ...x.shape.slice(2).map(() => 1)])
      const [weight, bias, mean, variance] = Object.keys(params).map((param) => values[param])
      if (!pass.training) {
        const scale = g.div(weight, g.sqrt(g.add(variance, epsilon)))
        const shift = g.sub(bias, g.mul(mean, scale))
        return g.add(g.mul(x, alongAxis1(scale)), alongAxis1(shift))
      }
      const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]))
      const count = countRows(x, axes)
      const batchMean = g.reduceMean(x, { axes })
      const centred = g.sub(x, alongAxis1(batchMean))
      const batchVariance = g.reduceMean(g.square(centred), { axes })
      const follow = (running: g.Value, batch: g.Value, factor: number) =>
        g.add(g.mul(running, 1 - momentum), g.mul(batch, momentum * factor))
      pass.update(key('running_mean'), follow(mean, batchMean, 1))
      pass.update(key('running_var'), follow(variance, batchVariance, count / (count - 1)))
      const scale = g.div(weight, g.sqrt(g.add(batchVariance, epsilon)))
      return g.add(g.mul(centred, alongAxis1(scale)), alongAxis1(bias))
    },
  }
}

function countRows(x: g.Value, axes: readonly number[]): number {
  const count = sizeOf(axes.map((axis) => g.fixedShape('batchNorm', x)[axis]))
  if (count > 1) return count
  throw new ShapeError({ where: 'batchNorm', expected: 'at least 2 values a feature in training', got: '1' })
}

/** Zeroes each value with `probability` in training and scales the rest by 1 / (1 - probability). */
export function dropout(probability: number): Model {
  if (!(probability >= 0 && probability < 1)) {
    throw new ShapeError({ where: 'dropout', expected: 'a probability in [0, 1)', got: `${probability}` })
  }
  const keep = 1 - probability
  return {
    params: {},
    apply(_, x, pass) {
      if (!pass.training || probability === 0) return x
      const mask = pass.mask(g.fixedShape('dropout', x), keep)
      // After ReLU one mask does for both, forwards and backwards.
      const [source, kept] =
        x.op === 'relu' ? [x.inputs[0], g.and(mask, g.greater(x.inputs[0], 0))] : [x, mask]
      return g.mul(g.mul(source, g.cast(kept, x.dtype)), 1 / keep)
    },
  }
}

/** A function of values as a layer without parameters, e.g. `activation(relu)`. */
export function activation(apply: (x: g.Value) => g.Value): Model {
  return { params: {}, apply: (_, x) => apply(x) }
}

/** Layers one after the other. */
export function sequential(layers: readonly Model[]): Model {
  return {
    params: Object.assign({}, ...layers.map(({ params }) => params)),
    apply: (values, x, pass) => layers.reduce((result, layer) => layer.apply(values, result, pass), x),
  }
}
