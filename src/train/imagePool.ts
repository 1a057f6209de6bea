// A pool of generated images: the discriminator is shown some of an earlier generator's, so that it does not forget.
// Shrivastava et al. 2017, section 2.3; rule and order of draws of pytorch-CycleGAN-and-pix2pix's ImagePool.

import { f32, type NdArray, type Random, sizeOf } from '../base/index.ts'

/** Up to `size` images, oldest replaced at random. */
export interface ImagePool {
  /**
   * The images to show in place of `images` [N,...]: while there is room each is stored and returned; afterwards
   * half of them (uniform draw above .5) are exchanged for a stored one. Without room (size 0) `images` itself.
   */
  exchange(images: NdArray<'f32'>, random: Pick<Random, 'uniform' | 'integer'>): NdArray<'f32'>
  /** All that changes: `images` [size,...] and `count` [], the present ones, not copies. */
  readonly state: { readonly images: NdArray<'f32'>; readonly count: NdArray<'f32'> }
}

/** Opens an empty pool of images of `shape` (without the batch). */
export function openImagePool(size: number, shape: readonly number[]): ImagePool {
  const state = { images: f32([size, ...shape]), count: f32([]) }
  const length = sizeOf(shape)
  const slot = (i: number) => state.images.data.subarray(i * length, (i + 1) * length)
  return {
    state,
    exchange(images, random) {
      if (size === 0) return images
      const shown = f32(images.shape, images.data.slice())
      for (let i = 0; i < images.shape[0]; i++) {
        const image = images.data.subarray(i * length, (i + 1) * length)
        if (state.count.data[0] < size) {
          slot(state.count.data[0]++).set(image)
        } else if (random.uniform() > 0.5) {
          const stored = slot(random.integer(size))
          shown.data.set(stored, i * length)
          stored.set(image)
        }
      }
      return shown
    },
  }
}
