// RGB patches as they flow through Eosin: NHWC uint8. Only patches/toTensor makes anything else of them.

import { ShapeError } from './errors.ts'

/** `count` RGB patches of `height` x `width`, row-major NHWC, channels R G B, values 0 to 255. */
export interface Pixels {
  readonly data: Uint8Array
  readonly count: number
  readonly height: number
  readonly width: number
}

/** Wraps NHWC bytes. Throws ShapeError where the length is not count * height * width * 3. */
export function pixels(data: Uint8Array, count: number, height: number, width: number): Pixels {
  if (data.length !== count * height * width * 3) {
    throw new ShapeError({
      where: 'pixels',
      expected: `${count}x${height}x${width}x3 = ${count * height * width * 3} bytes`,
      got: `${data.length}`,
    })
  }
  return { data, count, height, width }
}

/** Patch `index` of a batch, as a batch of one that shares its memory. */
export function pixelsAt(batch: Pixels, index: number): Pixels {
  return slicePixels(batch, index, index + 1)
}

/** Patches `start` to `end` (not included, cut at the batch's end), sharing its memory. */
export function slicePixels(batch: Pixels, start: number, end: number): Pixels {
  const size = batch.height * batch.width * 3
  const last = Math.min(end, batch.count)
  return { ...batch, count: last - start, data: batch.data.subarray(start * size, last * size) }
}

/** Batches of one size, at least one, as one batch with memory of its own. */
export function joinPixels(batches: readonly Pixels[]): Pixels {
  const [{ height, width }] = batches
  const count = batches.reduce((sum, batch) => sum + batch.count, 0)
  const data = new Uint8Array(count * height * width * 3)
  let at = 0
  for (const batch of batches) {
    data.set(batch.data, at)
    at += batch.data.length
  }
  return pixels(data, count, height, width)
}
