// Weights that nothing was learnt into, drawn by the name of each tensor: for rehearsals, which show what a study costs and
// that it runs to its end before the real weights are there. What such a model gives says little of its patches.

import { f32, openRandom, sizeOf } from '../base/index.ts'
import { hashBytes } from '../files/index.ts'
import { type Checkpoint, makeCheckpoint } from './checkpointFile.ts'
import type { ModelCard } from './modelCard.ts'
import { publishedShapes } from './params.ts'

/** What stands in the place of a checkpoint's path where weights are to be drawn at random. */
export const randomWeights = 'random'

// Raised when they are drawn otherwise.
const version = 1

/** Names what is drawn, beside the architecture that it is drawn for. */
export const randomWeightsHash = hashBytes(`${randomWeights} ${version}`)

/**
 * A checkpoint for `card` whose values are drawn: norms and layer scales 1, biases 0, tokens and positions of standard
 * deviation .02, and matrices of 1 over the square root of their inputs, which keeps the scale of what passes through
 * (LeCun et al. 1998, Efficient BackProp). The same on every machine.
 */
export function openRandomWeights(card: ModelCard): Checkpoint {
  const shapes = new Map(Object.entries(publishedShapes(card)))
  return makeCheckpoint({
    path: 'random weights',
    format: 'random',
    tensors: new Map([...shapes].map(([name, shape]) => [name, { shape, stored: 'f32' }])),
    refused: new Map(),
    foreign: [],
    part: { name: '', others: [], asked: null },
    raw: async (name) => drawTensor(name, shapes.get(name)!),
    place: async () => null,
    close: async () => {},
  })
}

function drawTensor(name: string, shape: readonly number[]) {
  const tensor = f32(shape)
  const isToken = /token|pos_embed|position/.test(name)
  if (shape.length === 1 && !isToken) {
    tensor.data.fill(name.endsWith('bias') ? 0 : 1)
    return tensor
  }
  const inputs = name === 'image_projection' ? shape[0] : sizeOf(shape.slice(1)) // which is multiplied from the other side
  const spread = isToken ? 0.02 : 1 / Math.sqrt(inputs)
  const random = openRandom(0, 'random weights', name)
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = spread * random.normal()
  return tensor
}
