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
  const size = batch.height * batch.width * 3
  return { ...batch, count: 1, data: batch.data.subarray(index * size, (index + 1) * size) }
}
