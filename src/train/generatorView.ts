// What generators are shown of an image. CycleGAN's see the image; MultiStain-CycleGAN's see its gray after a colour
// jitter, so that one generator serves every source (Hetz et al. 2023, section 3).

import type { NdArray, Random } from '../base/index.ts'
import { add, mul, sub, type Value } from '../graph/index.ts'
import {
  drawJitter,
  encodeJitter,
  type JitterStrengths,
  jitterColors,
  listChanges,
  toGray,
} from '../nn/index.ts'

/** How images [N,3,H,W] in [-1, 1] are turned into what generators are shown, of the same shape. */
export interface GeneratorView {
  /** What a training step feeds for each time an image is shown: an array of this shape; nothing where it is empty. */
  readonly drawShape: readonly number[]
  draw(random: Random): NdArray<'f32'>
  /** To be translated, in training; `draw` is the value that is fed. */
  show(images: Value, draw: Value | undefined): Value
  /** To be given back unchanged: for the identity loss. */
  showPlain(images: Value): Value
  /** To be translated, in use. */
  showInUse(images: Value): Value
}

/** The images themselves. */
export const plainView: GeneratorView = {
  drawShape: [],
  draw: () => encodeJitter([]),
  show: (images) => images,
  showPlain: (images) => images,
  showInUse: (images) => images,
}

/** MultiStain-CycleGAN's jitter. Of saturation nothing is left in a gray image but what clamping makes of it. */
export const multistainJitter: JitterStrengths = { brightness: 0.75, contrast: 0.5, saturation: 0.75, hue: 0 }

/**
 * The jittered gray. `paper`: the jitter works on values in [0, 1], and generators see gray in use as well.
 * `reference`: as the authors' code does it, where the jitter clamps images of [-1, 1] to [0, 1], which makes all
 * that is darker than middle gray one level, and in use generators are given the colours. `inUse` overrides what
 * they see in use.
 */
export function grayView(
  mode: 'paper' | 'reference',
  strengths: JitterStrengths = multistainJitter,
  inUse: 'gray' | 'rgb' = mode === 'paper' ? 'gray' : 'rgb',
): GeneratorView {
  const changes = listChanges(strengths).length
  const jitter = (images: Value, draw: Value | undefined) =>
    draw ? jitterColors(images, draw, strengths) : images
  return {
    drawShape: changes > 0 ? [changes, 5] : [],
    draw: (random) => encodeJitter(drawJitter(strengths, random)),
    show(images, draw) {
      if (mode === 'reference') return toGray(jitter(images, draw))
      return sub(mul(toGray(jitter(mul(add(images, 1), 0.5), draw)), 2), 1)
    },
    showPlain: toGray,
    showInUse: (images) => (inUse === 'gray' ? toGray(images) : images),
  }
}
