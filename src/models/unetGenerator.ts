// The U-Net generator: halvings down to a few pixels, doublings up again, each level joined to its mirror image.
// Isola, Zhu, Zhou & Efros 2017, section 3.2; names of pytorch-CycleGAN-and-pix2pix's UnetGenerator, whose levels
// are nested: the level inside `model.model.1` is `model.model.1.model.3`.

import { ShapeError } from '../base/index.ts'
import { concat, fixedShape, leakyRelu, relu, showShape, tanh } from '../graph/index.ts'
import {
  activation,
  convolution,
  instanceNorm,
  type LayerMaker,
  type Model,
  stackLayers,
  transposedConvolution,
} from '../nn/index.ts'

/** The form of a U-Net generator. */
export interface UnetGeneratorOptions {
  /** Channels in and out; 3. */
  readonly inputs?: number
  readonly outputs?: number
  /** Channels of the first layer; 64. They double each level up to eight times as many. */
  readonly width?: number
  /** Halvings, at least 2; 8 (`unet_256`). */
  readonly downs?: number
}

/** Images [N, inputs, H, W] in [-1, 1] to images [N, outputs, H, W] in (-1, 1); H and W are multiples of 2^downs. */
export function unetGenerator(options: UnetGeneratorOptions = {}): Model {
  const { inputs = 3, outputs = 3, width = 64, downs = 8 } = options
  if (!Number.isInteger(downs) || downs < 2) {
    throw new ShapeError({
      where: 'unetGenerator downs',
      expected: 'an integer of at least 2',
      got: `${downs}`,
    })
  }
  const widths = Array.from({ length: downs }, (_, level) => width * Math.min(2 ** level, 8))
  const inside = writeLevel(widths, 1)
  const net = stackLayers('model.model', [
    (name) => convolution(name, inputs, widths[0], halving),
    inside,
    activation(relu),
    (name) => transposedConvolution(name, 2 * widths[0], outputs, halving),
    activation(tanh),
  ])
  return {
    params: net.params,
    apply(values, x, pass) {
      checkSides(2 ** downs, fixedShape('unetGenerator', { ...x, shape: x.shape.slice(2) }))
      return net.apply(values, x, pass)
    },
  }
}

const halving = { kernel: 4, stride: 2, padding: 1 } as const

// A level: x beside what comes back from below.
function writeLevel(widths: readonly number[], level: number): LayerMaker {
  return (outer) => {
    const [from, to] = [widths[level - 1], widths[level]]
    const isInnermost = level === widths.length - 1
    const below = isInnermost ? [] : [instanceNorm, writeLevel(widths, level + 1)]
    const net = stackLayers(`${outer}.model`, [
      activation((x) => leakyRelu(x, 0.2)),
      (name) => convolution(name, from, to, halving),
      ...below,
      activation(relu),
      (name) => transposedConvolution(name, isInnermost ? to : 2 * to, from, halving),
      instanceNorm,
    ])
    return { params: net.params, apply: (values, x, pass) => concat([x, net.apply(values, x, pass)], 1) }
  }
}

function checkSides(unit: number, sides: readonly number[]): void {
  if (sides.every((side) => side % unit === 0)) return
  throw new ShapeError({
    where: 'unetGenerator',
    expected: `sides that are multiples of ${unit}`,
    got: showShape(sides),
    hint: 'resize or crop the images, use fewer downs, or the residual generator (multiples of 4)',
  })
}
