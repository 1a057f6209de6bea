// A patch as a small picture in brightness: what its looks are compared by. Whole numbers throughout, so that a turned or
// mirrored patch gives exactly the turned or mirrored picture, on every machine.

import type { Pixels } from '../base/index.ts'

/** Cells along each side of the small picture, whatever the size of the patch. */
export const cellsAcross = 32

/** Steps of a cell's value that make one level of a pixel. */
export const stepsPerLevel = 16

/**
 * The mean luma (ITU-R BT.601) of 32 x 32 cells in the middle of a single patch of at least 32 x 32 pixels, row by row, in
 * sixteenths of a level: 0 to 4080. Cells have whole pixels; what is left over at the borders is not looked at.
 */
export function averageCells({ data, height, width }: Pixels): Float64Array {
  const [down, across] = [height, width].map((side) => Math.floor(side / cellsAcross))
  const top = (height - down * cellsAcross) >> 1
  const left = (width - across * cellsAcross) >> 1
  const sums = new Float64Array(cellsAcross ** 2)
  for (let y = 0; y < down * cellsAcross; y++) {
    const row = Math.floor(y / down) * cellsAcross
    let at = 3 * ((top + y) * width + left)
    for (let cell = row; cell < row + cellsAcross; cell++) {
      let [red, green, blue] = [0, 0, 0]
      for (const end = at + 3 * across; at < end; at += 3) {
        red += data[at]
        green += data[at + 1]
        blue += data[at + 2]
      }
      sums[cell] += 77 * red + 150 * green + 29 * blue
    }
  }
  const scale = stepsPerLevel / (256 * down * across)
  return sums.map((sum) => Math.round(sum * scale))
}
