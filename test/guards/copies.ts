// Copies of a patch as they come about: stored anew, altered, moved, cropped, turned. A patch is the middle of a picture that
// goes on for eight pixels around it, so that what is moved shows what lies beside it.

import { openRandom, type Pixels } from '../../src/base/index.ts'
import { resizePixels } from '../../src/patches/index.ts'
import { degradeAsJpeg } from '../../src/synthetic/jpeg.ts'

/** Pixels around a patch. */
export const margin = 8

/** The patch in the middle of a square picture, moved by so many pixels. */
export function cutPatch(picture: Pixels, down = 0, across = 0): Pixels {
  const side = picture.height - 2 * margin
  const data = new Uint8Array(side * side * 3)
  for (let y = 0; y < side; y++) {
    const start = 3 * ((y + margin + down) * picture.width + margin + across)
    data.set(picture.data.subarray(start, start + 3 * side), y * side * 3)
  }
  return { data, count: 1, height: side, width: side }
}

/** A square patch in one of eight views: transposed (4), then mirrored top to bottom (2), then left to right (1). */
export function turnPatch(patch: Pixels, view: number): Pixels {
  const { height: side } = patch
  const data = patch.data.map((_, at) => {
    const [row, column] = [Math.floor(at / (3 * side)), Math.floor(at / 3) % side]
    const y = view & 2 ? side - 1 - row : row
    const x = view & 1 ? side - 1 - column : column
    return patch.data[3 * (view & 4 ? x * side + y : y * side + x) + (at % 3)]
  })
  return { ...patch, data }
}

export function degrade(patch: Pixels, quality: number): Pixels {
  const data = patch.data.slice()
  degradeAsJpeg(data, patch.width, quality)
  return { ...patch, data }
}

/** Each value as `change` makes it of the value and its place. */
export function alter(patch: Pixels, change: (value: number, at: number) => number): Pixels {
  const data = patch.data.map((value, at) => Math.max(0, Math.min(255, Math.round(change(value, at)))))
  return { ...patch, data }
}

function addNoise(patch: Pixels, sd: number): Pixels {
  const random = openRandom(patch.data[0], 'noise')
  return alter(patch, (value) => value + sd * random.normal())
}

// Without so many pixels on each side, enlarged to the size it had.
function crop(picture: Pixels, by: number): Pixels {
  const patch = cutPatch(picture)
  const side = patch.height - 2 * by
  const data = new Uint8Array(side * side * 3)
  for (let y = 0; y < side; y++) {
    const start = 3 * ((y + by) * patch.width + by)
    data.set(patch.data.subarray(start, start + 3 * side), y * side * 3)
  }
  return resizePixels({ data, count: 1, height: side, width: side }, patch.height, patch.width, 'bicubic')
}

/** Kinds of copies by name. */
export const copies: Readonly<Record<string, (picture: Pixels) => Pixels>> = {
  'JPEG, quality 90': (picture) => degrade(cutPatch(picture), 90),
  'JPEG, quality 50': (picture) => degrade(cutPatch(picture), 50),
  'JPEG, quality 30': (picture) => degrade(cutPatch(picture), 30),
  'brighter by 25 levels': (picture) => alter(cutPatch(picture), (value) => value + 25),
  'contrast × 0.7': (picture) => alter(cutPatch(picture), (value) => 128 + 0.7 * (value - 128)),
  'contrast × 1.3': (picture) => alter(cutPatch(picture), (value) => 128 + 1.3 * (value - 128)),
  'red × 1.1, green × 0.85': (picture) =>
    alter(cutPatch(picture), (value, at) => value * [1.1, 0.85, 1][at % 3]),
  'noise of SD 10': (picture) => addNoise(cutPatch(picture), 10),
  'noise of SD 20': (picture) => addNoise(cutPatch(picture), 20),
  'turned by 90 degrees': (picture) => turnPatch(cutPatch(picture), 5),
  'mirrored, JPEG 70, brighter by 15, noise of SD 5': (picture) =>
    addNoise(
      alter(degrade(turnPatch(cutPatch(picture), 2), 70), (value) => value + 15),
      5,
    ),
  'moved by 1 pixel both ways': (picture) => cutPatch(picture, 1, -1),
  'moved by 2 pixels both ways': (picture) => cutPatch(picture, -2, 2),
  'moved by 3 pixels one way': (picture) => cutPatch(picture, 0, 3),
  'moved by 4 pixels one way': (picture) => cutPatch(picture, 4, 0),
  'moved by 8 pixels one way': (picture) => cutPatch(picture, 8, 0),
  'cropped by 2 pixels a side, enlarged': (picture) => crop(picture, 2),
  'cropped by 4 pixels a side, enlarged': (picture) => crop(picture, 4),
}
