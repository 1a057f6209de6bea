// Many small pictures in one answer: raw RGB, one after the other, so that a page draws them without decoding anything.

import type { Pixels } from '../base/index.ts'
import { resizePixels } from '../patches/index.ts'
import { thumbnailSides } from './api.ts'
import type { OpenSet } from './openSet.ts'
import { RefusedError } from './refused.ts'

const patchesAtMost = 512
const sizeAtMost = 512

/** Reads patches, each with its longer side at most `size` pixels. Throws RefusedError for rows that are none. */
export async function readThumbnails(
  set: Pick<OpenSet, 'columns' | 'read'>,
  rows: readonly number[],
  size: number,
): Promise<Pixels> {
  const { count } = set.columns
  const odd = rows.find((row) => !Number.isSafeInteger(row) || row < 0 || row >= count)
  if (rows.length === 0 || rows.length > patchesAtMost || odd !== undefined)
    throw new RefusedError(400, {
      where: 'rows',
      expected: `1 to ${patchesAtMost} whole numbers below ${count}`,
      got: odd === undefined ? `${rows.length} of them` : `${odd}`,
    })
  if (!Number.isSafeInteger(size) || size < 8 || size > sizeAtMost)
    throw new RefusedError(400, {
      where: 'size',
      expected: `a whole number from 8 to ${sizeAtMost}`,
      got: `${size}`,
    })
  const pixels = await set.read(rows)
  const { height, width } = thumbnailSides(pixels, size)
  return resizePixels(pixels, height, width, 'bilinear')
}
