// The PatchGAN discriminator: a map of scores, each of one patch of the image (70 pixels wide with three layers).
// Isola, Zhu, Zhou & Efros 2017, section 3.3; layers and names of pytorch-CycleGAN-and-pix2pix's NLayerDiscriminator,
// with spectral normalisation of every convolution as in MultiStain-CycleGAN by option.

import { leakyRelu } from '../graph/index.ts'
import {
  activation,
  convolution,
  instanceNorm,
  type LayerMaker,
  type Stack,
  stackLayers,
} from '../nn/index.ts'

/** The form of a discriminator. */
export interface PatchGanOptions {
  /** Channels of the image; 3. */
  readonly inputs?: number
  /** Channels of the first layer; 64. They double each layer up to eight times as many. */
  readonly width?: number
  /** Layers between the first and the last; 3. All but the last of them halve the image. */
  readonly layers?: number
  readonly spectral?: boolean
}

/** Images [N, inputs, H, W] to scores [N, 1, h, w], large for real; `layers[i]` is `model.<i>` of the checkpoint. */
export function patchGan(options: PatchGanOptions = {}): Stack {
  const { inputs = 3, width = 64, layers = 3, spectral = false } = options
  const widthOf = (layer: number) => width * Math.min(2 ** layer, 8)
  const convolve =
    (from: number, to: number, stride: number): LayerMaker =>
    (name) =>
      convolution(name, from, to, { kernel: 4, stride, padding: 1, spectral })
  const leak = activation((x) => leakyRelu(x, 0.2))
  const inner = Array.from({ length: layers }, (_, i) => [
    convolve(widthOf(i), widthOf(i + 1), i + 1 < layers ? 2 : 1),
    instanceNorm,
    leak,
  ])
  return stackLayers('model', [
    convolve(inputs, width, 2),
    leak,
    ...inner.flat(),
    convolve(widthOf(layers), 1, 1),
  ])
}
