// From pixels to what networks eat: resize, crop, then NHWC bytes -> NCHW float32 with mean and deviation.
// Float steps are rounded as torchvision's ToTensor and Normalize round them, so that values are equal bit for bit.

import { f32, imageNet, type NdArray, type Pixels } from '../base/index.ts'
import { cropCenter, type ResizeFilter, resizePixels, shorterSides } from './resize.ts'

/** One value for each of red, green and blue, for pixels in [0, 1]. */
export type ChannelValues = readonly [number, number, number]

/** Sides in pixels. */
export interface Sides {
  readonly height: number
  readonly width: number
}

/** How a network wants its pictures, in this order; what is null is left out. */
export interface ImageTransform {
  /** The shorter edge (aspect kept), both edges, or two sides, whatever the aspect was. */
  readonly resize: { readonly side: number; readonly edge: 'shorter' | 'both' } | Sides | null
  readonly filter: ResizeFilter
  /** The central part that is kept: a square by its side, or two sides. */
  readonly crop: number | Sides | null
  readonly mean: ChannelValues | null
  readonly std: ChannelValues | null
}

/** Transforms that published networks and papers state, by name. */
export const imageTransforms = {
  /** DINOv2's evaluation (facebookresearch/dinov2, dinov2/data/transforms.py). */
  dinov2: {
    resize: { side: 256, edge: 'shorter' },
    filter: 'bicubic',
    crop: 224,
    ...imageNet,
  },
  /** What the generators of a CycleGAN see: no resize, values in [-1, 1]. */
  gan: { resize: null, filter: 'bicubic', crop: null, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const satisfies Record<string, ImageTransform>

/** The bytes that a transform makes of a batch before they become floats. */
export function transformPixels(batch: Pixels, { resize, filter, crop }: ImageTransform): Pixels {
  const { height, width } = resizedSides(resize, batch.height, batch.width)
  const resized = resize === null ? batch : resizePixels(batch, height, width, filter)
  if (crop === null) return resized
  return typeof crop === 'number'
    ? cropCenter(resized, crop, crop)
    : cropCenter(resized, crop.height, crop.width)
}

/** The sides that a transform's resize makes of patches of `height` x `width`. */
export function resizedSides(resize: ImageTransform['resize'], height: number, width: number): Sides {
  if (resize === null) return { height, width }
  if ('height' in resize) return resize
  if (resize.edge === 'both') return { height: resize.side, width: resize.side }
  return shorterSides(height, width, resize.side)
}

/** The sides of what a transform makes of patches of `height` x `width`. */
export function transformedSides({ resize, crop }: ImageTransform, height: number, width: number): Sides {
  if (crop !== null) return typeof crop === 'number' ? { height: crop, width: crop } : crop
  return resizedSides(resize, height, width)
}

/**
 * NHWC bytes as float32 [count, 3, height, width]: (value / 255 - mean) / std a channel. Without `mean` nothing
 * is subtracted, without `std` nothing divided. Where `into` is given its memory is filled instead of a new one.
 */
export function toTensor(
  batch: Pixels,
  mean: ChannelValues | null = null,
  std: ChannelValues | null = null,
  into?: Float32Array,
): NdArray<'f32'> {
  const { data, count, height, width } = batch
  const area = height * width
  const values = into ?? new Float32Array(count * 3 * area)
  for (let channel = 0; channel < 3; channel++) {
    const table = buildTable(mean?.[channel] ?? 0, std?.[channel] ?? 1)
    for (let i = 0; i < count; i++) {
      const from = i * area * 3 + channel
      const to = (i * 3 + channel) * area
      for (let pixel = 0; pixel < area; pixel++) values[to + pixel] = table[data[from + pixel * 3]]
    }
  }
  return f32([count, 3, height, width], values)
}

function buildTable(mean: number, std: number): Float32Array {
  const fround = Math.fround
  return Float32Array.from({ length: 256 }, (_, value) =>
    fround(fround(fround(value / 255) - fround(mean)) / fround(std)),
  )
}
