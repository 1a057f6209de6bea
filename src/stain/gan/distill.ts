// Distillation: a tiny network of 1x1 convolutions, a map of colours, fitted to what a trained generator makes of
// patches. It sees one pixel at a time, so that it is fast and tiles have no seams; what a generator does by looking at
// shapes is lost, and how much that is, is its disagreement.

import { f32, openRandom, type Pixels } from '../../base/index.ts'
import { input, leakyRelu, tanh } from '../../graph/index.ts'
import { activation, adam, convolution, meanSquaredError, type Stack, stackLayers } from '../../nn/index.ts'
import { copyArrays, initParams, openState, openStep } from '../../train/index.ts'
import type { Networks, TrainingPlace } from '../stainMethod.ts'

/** Three 1x1 convolutions with `width` channels between them, images in [-1, 1] to images in (-1, 1). */
export function colourMap(width: number): Stack {
  const bend = activation((x) => leakyRelu(x, 0.2))
  return stackLayers('model', [
    (name) => convolution(name, 3, width, { kernel: 1 }),
    bend,
    (name) => convolution(name, width, width, { kernel: 1 }),
    bend,
    (name) => convolution(name, width, 3, { kernel: 1 }),
    activation(tanh),
  ])
}

const steps = 400
const pixelsPerStep = 4096

/**
 * Fits a colour map of `width` channels to `after` as what a generator made of `before`; the same patches and seed give
 * the same weights.
 */
export async function distill(
  before: Pixels,
  after: Pixels,
  width: number,
  place: Pick<TrainingPlace, 'provider' | 'threads' | 'seed'>,
): Promise<Networks[string]> {
  const { params, apply } = colourMap(width)
  const first = initParams(params, place.seed)
  // CycleGAN's small first weights would leave a network this narrow at gray for long.
  for (const { data } of Object.values(first)) data.forEach((value, i) => void (data[i] = 15 * value))
  const state = openState(params, first)
  const shape = [1, 3, 1, pixelsPerStep]
  const [x, y] = [input('x', shape), input('y', shape)]
  const step = await openStep(
    {
      params,
      optimizer: adam({ learningRate: 5e-3 }),
      build: (values, pass) => ({ loss: meanSquaredError(apply(values, x, pass), y) }),
    },
    state,
    place,
  )
  const batch = { x: f32(shape), y: f32(shape) }
  for (let i = 1; i <= steps; i++) {
    gatherColours(before, after, openRandom(place.seed, 'distill', i), batch.x.data, batch.y.data)
    const learningRate = 5e-3 * (1 - (i - 1) / steps)
    await step.run(state, batch, { epoch: 1, step: i, learningRate, seed: place.seed })
  }
  await step.close()
  return copyArrays(state, 'param/')
}

// Random pixels before and after, as planes.
function gatherColours(
  before: Pixels,
  after: Pixels,
  random: { integer(bound: number): number },
  x: Float32Array,
  y: Float32Array,
): void {
  const count = before.data.length / 3
  for (let i = 0; i < pixelsPerStep; i++) {
    const at = 3 * random.integer(count)
    for (let k = 0; k < 3; k++) {
      x[k * pixelsPerStep + i] = before.data[at + k] / 127.5 - 1
      y[k * pixelsPerStep + i] = after.data[at + k] / 127.5 - 1
    }
  }
}

/** Mean absolute difference of two batches in levels, 0 to 255. */
export function meanDifference(a: Pixels, b: Pixels): number {
  let sum = 0
  for (let i = 0; i < a.data.length; i++) sum += Math.abs(a.data[i] - b.data[i])
  return sum / a.data.length
}
