// Geometric augmentation for training: tissue has no up and no left, so a patch may be mirrored and turned.

import { type Pixels, pixelsAt, type Random } from '../base/index.ts'

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
    if (flips) patch = flipPatch(patch, random.integer(2) > 0, random.integer(2) > 0, random.integer(2) > 0)
    if (rotation > 0) patch = rotatePatch(patch, rotation * (2 * random.uniform() - 1))
    pixelsAt(turned, index).data.set(patch.data)
  }
  return turned
}

function flipPatch(patch: Pixels, isMirrored: boolean, isUpsideDown: boolean, isTransposed: boolean): Pixels {
  const { data, height, width } = patch
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
