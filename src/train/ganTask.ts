// Training a GAN through the loop: unpaired batches of two domains, cropped and mirrored, one training step a batch.
// Sampling as pytorch-CycleGAN-and-pix2pix does it: an epoch sees every image of the larger domain, each beside one
// drawn at random from the other.

import { DataError, f32, type NdArray, openRandom, type Random } from '../base/index.ts'
import type { Figures } from './epoch.ts'
import type { GanTraining } from './ganTraining.ts'
import type { StepPlace, Task } from './loop.ts'

/** Images of one domain. Labels are never read. */
export interface ImageSource {
  /** What errors call it, e.g. `source center_1`. */
  readonly name: string
  readonly count: number
  /** Image `row` as [3,H,W] in [-1, 1]. */
  read(row: number): NdArray<'f32'> | Promise<NdArray<'f32'>>
}

/** What is trained, on what. */
export interface GanTaskOptions {
  readonly training: GanTraining
  readonly A: ImageSource
  readonly B: ImageSource
  /** The batches' shape [N,3,H,W], the training's own; larger images are cropped to it at random. */
  readonly shape: readonly number[]
  /** Whether half of the images are mirrored; true. */
  readonly mirror?: boolean
  /** What stands beside an image of the larger domain: one drawn anew each time, or always the same; `random`. */
  readonly pairing?: 'random' | 'fixed'
  /** Decides crops, mirroring and partners. */
  readonly seed: number
  /** Measures the present weights after an epoch; the loop keeps the lowest `loss`. Without it the last epoch is kept. */
  readonly score?: (place: { readonly epoch: number }) => Promise<Figures & { readonly loss: number }>
}

/** A task for runLoop, with batches of `shape[0]`. Throws DataError where a domain has no images. */
export function makeGanTask(options: GanTaskOptions): Task {
  const { training, A, B, shape, mirror = true, pairing = 'random', seed, score } = options
  for (const { name, count } of [A, B]) {
    if (count > 0) continue
    throw new DataError({
      where: name,
      expected: 'at least one image',
      got: 'none',
      hint: 'check the domain',
    })
  }
  const batches = { A: f32(shape), B: f32(shape) }
  const fill = async (domain: 'A' | 'B', source: ImageSource, rows: readonly number[], step: number) => {
    const random = openRandom(seed, 'augment', domain, step)
    for (const [i, row] of rows.entries()) {
      cutImage(source.name, await source.read(row), batches[domain], i, mirror, random)
    }
  }
  // Fixed partners go around the smaller domain, both domains in an order of their own.
  const order =
    pairing === 'fixed' &&
    new Map([A, B].map((source, i) => [source, openRandom(seed, 'pairing', i).permutation(source.count)]))
  return {
    rows: Math.max(A.count, B.count),
    async step(rows, place: StepPlace) {
      const random = openRandom(seed, 'partner', place.step)
      const pick = (source: ImageSource, row: number, isLarger: boolean) => {
        if (order) return order.get(source)![row % source.count]
        return isLarger ? row : random.integer(source.count)
      }
      await fill(
        'A',
        A,
        Array.from(rows, (row) => pick(A, row, A.count >= B.count)),
        place.step,
      )
      await fill(
        'B',
        B,
        Array.from(rows, (row) => pick(B, row, B.count > A.count)),
        place.step,
      )
      const { losses } = await training.step(batches, place)
      return losses
    },
    async validate(place) {
      await training.fetch()
      return score ? score(place) : { loss: -place.epoch }
    },
    weights: training.weights,
    state: training.state,
    restore: training.restore,
  }
}

// Copies a random window of an image, mirrored or not, to place `i` of a batch.
function cutImage(
  where: string,
  image: NdArray<'f32'>,
  batch: NdArray<'f32'>,
  i: number,
  mirror: boolean,
  random: Random,
): void {
  const [, channels, height, width] = batch.shape
  const [given, rows, columns] = image.shape
  if (given !== channels || rows < height || columns < width) {
    throw new DataError({
      where,
      expected: `images of ${channels}x${height}x${width} or larger`,
      got: image.shape.join('x'),
    })
  }
  const top = random.integer(rows - height + 1)
  const left = random.integer(columns - width + 1)
  const isMirrored = mirror && random.uniform() < 0.5
  for (let line = 0; line < channels * height; line++) {
    const [channel, y] = [Math.floor(line / height), line % height]
    const start = (channel * rows + top + y) * columns + left
    const target = batch.data.subarray((i * channels * height + line) * width).subarray(0, width)
    target.set(image.data.subarray(start, start + width))
    if (isMirrored) target.reverse()
  }
}
