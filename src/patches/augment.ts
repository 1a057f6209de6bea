// Geometric augmentation for training: tissue has no up and no left, so a patch may be mirrored and turned.

import { type Pixels, pixelsAt, type Random, ShapeError } from '../base/index.ts'

/** What may be done to a patch. */
export interface TurnOptions {
  /** One of the eight symmetries of a square (four where the patch is not square): every pixel stays as it is. */
  readonly flips: boolean
  /** A turn by up to so many degrees to either side, 0 to 180; pixels are interpolated. */
  readonly rotation: number
}

/** Mirrors and turns each patch of a batch as `draw(index)` decides; the input is not modified. */
export function turnPatches(
  batch: Pixels,
  draw: (index: number) => Random,
  { flips, rotation }: TurnOptions,
): Pixels {
  const turned: Pixels = { ...batch, data: batch.data.slice() }
  for (let index = 0; index < batch.count; index++) {
    const random = draw(index)
    let patch = pixelsAt(batch, index)
    if (flips) patch = flipPatch(patch, random.integer(2) + 2 * random.integer(2) + 4 * random.integer(2))
    if (rotation > 0) patch = rotatePatch(patch, rotation * (2 * random.uniform() - 1))
    pixelsAt(turned, index).data.set(patch.data)
  }
  return turned
}

/** How many symmetries a square has: four quarter turns, each as it is and mirrored (the dihedral group). */
export const symmetryCount = 8

/**
 * Every patch of a batch under a symmetry of the square, 0 (as it is) to 7: bit 0 exchanges left and right, bit 1 top and
 * bottom, bit 2 then rows and columns. The input is not modified. Throws ShapeError where patches are not square.
 */
export function flipPatches(batch: Pixels, symmetry: number): Pixels {
  const { count, height, width } = batch
  if (height !== width)
    throw new ShapeError({ where: 'flipPatches', expected: 'square patches', got: `${height}x${width}` })
  const flipped: Pixels = { ...batch, data: new Uint8Array(batch.data.length) }
  for (let index = 0; index < count; index++)
    pixelsAt(flipped, index).data.set(flipPatch(pixelsAt(batch, index), symmetry).data)
  return flipped
}

// Of the bits of `symmetry` the last does nothing to a patch that is not square.
function flipPatch(patch: Pixels, symmetry: number): Pixels {
  const { data, height, width } = patch
  const [isMirrored, isUpsideDown, isTransposed] = [1, 2, 4].map((bit) => (symmetry & bit) > 0)
  const swaps = isTransposed && height === width
  const out = new Uint8Array(data.length)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const [row, column] = swaps ? [x, y] : [y, x]
      const top = isUpsideDown ? height - 1 - row : row
      const left = isMirrored ? width - 1 - column : column
      const from = 3 * (top * width + left)
      for (let k = 0; k < 3; k++) out[at + k] = data[from + k]
    }
  }
  return { ...patch, data: out }
}

// About the middle, bilinear; beyond its edges a patch goes on as its mirror image, so that no corner is black.
function rotatePatch(patch: Pixels, degrees: number): Pixels {
  const { data, height, width } = patch
  const out = new Uint8Array(data.length)
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  const [midX, midY] = [(width - 1) / 2, (height - 1) / 2]
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const sourceX = midX + cos * (x - midX) + sin * (y - midY)
      const sourceY = midY - sin * (x - midX) + cos * (y - midY)
      const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)]
      const [shareX, shareY] = [sourceX - left, sourceY - top]
      const [x0, x1] = [3 * reflect(left, width), 3 * reflect(left + 1, width)]
      const [y0, y1] = [3 * width * reflect(top, height), 3 * width * reflect(top + 1, height)]
      for (let k = 0; k < 3; k++) {
        const upper = data[y0 + x0 + k] + (data[y0 + x1 + k] - data[y0 + x0 + k]) * shareX
        const lower = data[y1 + x0 + k] + (data[y1 + x1 + k] - data[y1 + x0 + k]) * shareX
        out[at + k] = upper + (lower - upper) * shareY + 0.5
      }
    }
  }
  return { ...patch, data: out }
}

function reflect(position: number, side: number): number {
  const within = ((position % (2 * side)) + 2 * side) % (2 * side)
  return within < side ? within : 2 * side - 1 - within
}
