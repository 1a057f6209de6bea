// Layers of image networks on [N,C,H,W]: convolution, transposed convolution, padding, instance normalisation.
// Semantics are those of torch.nn (Conv2d, ConvTranspose2d, ReflectionPad2d, InstanceNorm2d without weights).
// First values are CycleGAN's: weights normal with deviation 0.02, biases 0 (Zhu et al. 2017).

import * as g from '../graph/index.ts'
import { fill, normal } from './initializers.ts'
import type { Model, ParamSpec } from './model.ts'
import type { Moments } from './pass.ts'
import { normaliseWeight, spectralSpecs } from './spectralNorm.ts'

/** A convolution's kernel side and geometry. */
export interface ConvolutionOptions {
  readonly kernel: number
  readonly stride?: number
  readonly padding?: number
  /** Divides the weight by its largest singular value, which is followed in two statistics. */
  readonly spectral?: boolean
}

/** A convolution with bias; weight [outputs, inputs, kernel, kernel]. */
export function convolution(
  name: string,
  inputs: number,
  outputs: number,
  { kernel, spectral = false, ...geometry }: ConvolutionOptions,
): Model {
  const weight: ParamSpec = { shape: [outputs, inputs, kernel, kernel], role: 'weight', init: normal(0.02) }
  const bias: ParamSpec = { shape: [outputs], role: 'bias', init: fill(0) }
  return {
    params: spectral
      ? { [`${name}.bias`]: bias, ...spectralSpecs(`${name}.weight`, weight) }
      : { [`${name}.weight`]: weight, [`${name}.bias`]: bias },
    apply(values, x, pass) {
      const kernels = spectral ? normaliseWeight(`${name}.weight`, values, pass) : values[`${name}.weight`]
      return addBias(g.conv(x, kernels, geometry), values[`${name}.bias`])
    },
  }
}

/** A transposed convolution with bias; weight [inputs, outputs, kernel, kernel]. */
export function transposedConvolution(
  name: string,
  inputs: number,
  outputs: number,
  {
    kernel,
    ...geometry
  }: Omit<ConvolutionOptions, 'spectral'> & {
    /** Rows and columns added at the bottom right, where the stride leaves the size open. */
    readonly outputPadding?: number
  },
): Model {
  return {
    params: {
      [`${name}.weight`]: { shape: [inputs, outputs, kernel, kernel], role: 'weight', init: normal(0.02) },
      [`${name}.bias`]: { shape: [outputs], role: 'bias', init: fill(0) },
    },
    apply: (values, x) =>
      addBias(g.convTranspose(x, values[`${name}.weight`], geometry), values[`${name}.bias`]),
  }
}

function addBias(image: g.Value, bias: g.Value): g.Value {
  return g.add(image, g.reshape(bias, [bias.shape[0], 1, 1]))
}

/** `size` pixels added on every side, mirrored from the inside (the edge itself is not repeated) or repeating the edge. */
export function padImage(size: number, mode: 'reflect' | 'edge' = 'reflect'): Model {
  const sizes = [0, 0, size, size]
  return { params: {}, apply: (_, x) => g.pad(x, sizes, sizes, mode) }
}

/**
 * Every channel of every image to mean 0 and biased variance 1 (Ulyanov, Vedaldi & Lempitsky 2016), no parameters; by
 * other moments where the pass gives them for `name`.
 */
export function instanceNorm(name: string, epsilon = 1e-5): Model {
  return {
    params: {},
    apply(_, x, pass) {
      const moments = pass.momentsOf?.(name, x)
      if (!moments) return normaliseInstances(x, epsilon)
      return g.div(g.sub(x, moments.mean), g.sqrt(g.add(moments.variance, epsilon)))
    },
  }
}

function normaliseInstances(x: g.Value, epsilon: number): g.Value {
  const inside = { axes: [2, 3], keep: true }
  const centred = g.sub(x, g.reduceMean(x, inside))
  const variance = g.reduceMean(g.square(centred), inside)
  return g.div(centred, g.sqrt(g.add(variance, epsilon)))
}

/** Mean and biased variance of each channel over all images, [1,C,1,1]. */
export function takeMoments(x: g.Value): Moments {
  const over = { axes: [0, 2, 3], keep: true }
  const mean = g.reduceMean(x, over)
  return { mean, variance: g.reduceMean(g.square(g.sub(x, mean)), over) }
}
