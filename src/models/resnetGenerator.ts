// The generator of CycleGAN: two strided convolutions down, residual blocks, two transposed ones up, tanh.
// Zhu, Park, Isola & Efros 2017, appendix 7.2; layers and names of pytorch-CycleGAN-and-pix2pix's ResnetGenerator.

import { add, relu, tanh } from '../graph/index.ts'
import {
  activation,
  convolution,
  dropout,
  instanceNorm,
  type LayerMaker,
  type Model,
  padImage,
  type Stack,
  stackLayers,
  transposedConvolution,
} from '../nn/index.ts'

/** The form of a residual generator. */
export interface ResnetGeneratorOptions {
  /** Channels in and out; 3. */
  readonly inputs?: number
  readonly outputs?: number
  /** Channels of the first layer; 64. */
  readonly width?: number
  /** Residual blocks; 9 (6 for images of 128 pixels and less, in the paper). */
  readonly blocks?: number
  /** What the blocks see beyond the edge; `reflect`. */
  readonly padding?: 'reflect' | 'edge' | 'zero'
  /** Probability of dropout between the convolutions of a block, in training; 0: no such layer, as published. */
  readonly dropout?: number
}

/**
 * Images [N, inputs, H, W] in [-1, 1] to images [N, outputs, H, W] in (-1, 1); H and W are multiples of 4, at
 * least 8. `layers[i]` is `model.<i>` of the checkpoint.
 */
export function resnetGenerator(options: ResnetGeneratorOptions = {}): Stack {
  const { inputs = 3, outputs = 3, width = 64, blocks = 9, padding = 'reflect', dropout: rate = 0 } = options
  const norm = [instanceNorm, activation(relu)]
  const down = (from: number): LayerMaker[] => [
    (name) => convolution(name, from, 2 * from, { kernel: 3, stride: 2, padding: 1 }),
    ...norm,
  ]
  const up = (from: number): LayerMaker[] => [
    (name) =>
      transposedConvolution(name, from, from / 2, { kernel: 3, stride: 2, padding: 1, outputPadding: 1 }),
    ...norm,
  ]
  const block: LayerMaker = (name) => residualBlock(`${name}.conv_block`, 4 * width, padding, rate)
  return stackLayers('model', [
    padImage(3),
    (name) => convolution(name, inputs, width, { kernel: 7 }),
    ...norm,
    ...down(width),
    ...down(2 * width),
    ...Array.from({ length: blocks }, () => block),
    ...up(4 * width),
    ...up(2 * width),
    padImage(3),
    (name) => convolution(name, width, outputs, { kernel: 7 }),
    activation(tanh),
  ])
}

// x plus two convolutions of it; the layer of dropout counts in the names of what follows it.
function residualBlock(
  name: string,
  width: number,
  padding: 'reflect' | 'edge' | 'zero',
  rate: number,
): Model {
  const edge = padding === 'zero' ? [] : [padImage(1, padding)]
  const convolve: LayerMaker = (layer) =>
    convolution(layer, width, width, { kernel: 3, padding: padding === 'zero' ? 1 : 0 })
  const inner = stackLayers(name, [
    ...edge,
    convolve,
    instanceNorm,
    activation(relu),
    ...(rate > 0 ? [() => dropout(rate)] : []),
    ...edge,
    convolve,
    instanceNorm,
  ])
  return { params: inner.params, apply: (values, x, pass) => add(x, inner.apply(values, x, pass)) }
}
