// Sides of patches: whether a set has those that a model was trained on, and a set brought to them.

import { DataError } from '../base/index.ts'
import type { PatchSet } from './patchSet.ts'
import { resizePixels } from './resize.ts'

/** Height and width of every patch of a set, in pixels. */
export type PatchSize = Pick<PatchSet, 'height' | 'width'>

/** `96x96`. */
export function printSize({ height, width }: PatchSize): string {
  return `${height}x${width}`
}

/**
 * Throws DataError where the patches of `set` are not of `size`, that of the training: another side shows another part of
 * the tissue or another magnification, and texture, cells and tokens then mean something else.
 */
export function requireSize(set: PatchSet, size: PatchSize): void {
  if (set.height === size.height && set.width === size.width) return
  throw new DataError({
    where: set.source,
    expected: `patches of ${printSize(size)}, as in training`,
    got: printSize(set),
    hint: `cut patches of ${printSize(size)} at the magnification of the training, or give --resize where these show as much tissue as those`,
  })
}

/** The set with every patch resized (bicubic) to `size`; the set itself where it has that. Closing it closes `set`. */
export function resizePatches(set: PatchSet, size: PatchSize): PatchSet {
  const { height, width } = size
  if (set.height === height && set.width === width) return set
  return {
    ...set,
    height,
    width,
    storage: `${set.storage}, resized from ${printSize(set)}`,
    read: async (rows) => resizePixels(await set.read(rows), height, width, 'bicubic'),
  }
}
