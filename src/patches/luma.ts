// Gray as Pillow's convert('L') makes it: ITU-R 601-2 luma in fixed point.

import { type Pixels, pixels } from '../base/index.ts'

/** The luma (0 to 255) of one pixel. */
export function lumaOf(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16
}

/** Every pixel's luma in all three channels. */
export function toLuma(batch: Pixels): Pixels {
  const { data, count, height, width } = batch
  const gray = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += 3) {
    gray.fill(lumaOf(data[at], data[at + 1], data[at + 2]), at, at + 3)
  }
  return pixels(gray, count, height, width)
}
