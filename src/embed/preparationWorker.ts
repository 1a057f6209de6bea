// A worker thread's side of the preparation of pictures.

import { type NdArray, ndarray, pixels } from '../base/index.ts'
import { moveResult } from '../engine/index.ts'
import { type ImageTransform, toTensor, transformPixels } from '../patches/index.ts'

/** How a network holds pictures: where the channels are, and normalised floats or the bytes themselves. */
export interface PictureForm {
  readonly layout: 'nchw' | 'nhwc'
  readonly dtype: 'f32' | 'u8'
}

/** What most networks eat. */
export const usualForm: PictureForm = { layout: 'nchw', dtype: 'f32' }

/** The shape of `count` pictures of these sides in a form. */
export function shapeOf(
  { layout }: PictureForm,
  count: number,
  { height, width }: { readonly height: number; readonly width: number },
): number[] {
  return layout === 'nhwc' ? [count, height, width, 3] : [count, 3, height, width]
}

/** Patches of one size, `count` x `height` x `width` RGB bytes, for a run of `size`. */
export interface PreparationTask {
  readonly data: Uint8Array
  readonly count: number
  readonly height: number
  readonly width: number
  readonly transform: ImageTransform
  readonly form: PictureForm
  readonly size: number
}

type Pictures = NdArray<'f32'> | NdArray<'u8'>

/** What the transform makes, in its form, for a run of `size`; entries past `count` are zero. */
export function prepareRun({ data, count, height, width, transform, form, size }: PreparationTask): Pictures {
  const pictures = transformPixels(pixels(data, count, height, width), transform)
  const area = pictures.height * pictures.width
  const isLast = form.layout === 'nhwc'
  const shape = shapeOf(form, size, pictures)
  if (form.dtype === 'u8') {
    const bytes = new Uint8Array(size * 3 * area)
    bytes.set(isLast ? pictures.data : moveChannels(pictures.data, count, area, false))
    return ndarray('u8', shape, bytes)
  }
  const values = new Float32Array(size * 3 * area)
  const part = values.subarray(0, count * 3 * area)
  toTensor(pictures, transform.mean, transform.std, part)
  if (isLast) part.set(moveChannels(part, count, area, true))
  return ndarray('f32', shape, values)
}

/** What the worker pool calls: the values are handed over without a copy. */
export function runTask(task: PreparationTask): Float32Array | Uint8Array {
  return moveResult(prepareRun(task).data)
}

// Channels behind the pixels of each picture, or before them.
function moveChannels<T extends Float32Array | Uint8Array>(
  from: T,
  count: number,
  area: number,
  toLast: boolean,
): T {
  const to = from.slice() as T
  for (let start = 0; start < count * 3 * area; start += 3 * area) {
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < area; pixel++) {
        const [first, last] = [start + channel * area + pixel, start + pixel * 3 + channel]
        to[toLast ? last : first] = from[toLast ? first : last]
      }
    }
  }
  return to
}
