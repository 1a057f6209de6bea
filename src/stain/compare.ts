// What a method does to patches, in figures: how much structure is kept, and how far centers stay apart.

import { type Pixels, pixelsAt, rec601, ruifrokVectors } from '../base/index.ts'
import { labOf } from './colours.ts'
import { densityTable } from './opticalDensity.ts'
import { unmixingRows } from './stainMatrix.ts'
import type { StainResult } from './stainMethod.ts'

/** A method's effect on a set of patches. */
export interface MethodComparison {
  readonly label: string
  /** What its fit was made for and on, where it was trained. */
  readonly origin?: string
  readonly result: StainResult
  /** Mean structural similarity of luma before and after (Wang et al. 2004, windows of 8 x 8), -1 to 1. */
  readonly similarity: number
  /** Mean correlation of the hematoxylin map (Ruifrok's vectors) before and after, -1 to 1. */
  readonly hematoxylinKept: number
  /** Mean distance (CIE76) between the centers' mean colours; null with fewer than two centers. */
  readonly centerDistance: number | null
  /** Mean distance of patches to their own center's mean colour. */
  readonly withinCenter: number
}

/** Compares patches before and after; `centers` names each patch's center. */
export function compareResult(
  label: string,
  before: Pixels,
  result: StainResult,
  centers: readonly string[],
): MethodComparison {
  const indices = Array.from({ length: before.count }, (_, index) => index)
  const pairs = indices.map((index) => [pixelsAt(before, index), pixelsAt(result.pixels, index)] as const)
  const colours = pairs.map(([, after]) => meanColour(after.data))
  return {
    label,
    result,
    similarity: mean(pairs.map(([a, b]) => structuralSimilarity(a, b))),
    hematoxylinKept: mean(pairs.map(([a, b]) => correlation(hematoxylinOf(a.data), hematoxylinOf(b.data)))),
    ...measureCenters(colours, centers),
  }
}

type Colour = readonly [number, number, number]

function measureCenters(colours: readonly Colour[], centers: readonly string[]) {
  const names = [...new Set(centers)].sort()
  const means = names.map((name) => averageColour(colours.filter((_, i) => centers[i] === name)))
  const apart = means.flatMap((a, i) => means.slice(i + 1).map((b) => distance(a, b)))
  const own = colours.map((colour, i) => distance(colour, means[names.indexOf(centers[i])]))
  return { centerDistance: apart.length ? mean(apart) : null, withinCenter: mean(own) }
}

/** Mean structural similarity of two patches' luma over windows of 8 x 8, edges cut off. */
export function structuralSimilarity(a: Pixels, b: Pixels): number {
  const [x, y] = [lumaOf(a.data), lumaOf(b.data)]
  const side = Math.min(8, a.height, a.width)
  const scores: number[] = []
  for (let top = 0; top + side <= a.height; top += side) {
    for (let left = 0; left + side <= a.width; left += side) {
      let [sx, sy, xx, yy, xy] = [0, 0, 0, 0, 0]
      for (let row = top; row < top + side; row++) {
        for (let i = row * a.width + left; i < row * a.width + left + side; i++) {
          sx += x[i]
          sy += y[i]
          xx += x[i] * x[i]
          yy += y[i] * y[i]
          xy += x[i] * y[i]
        }
      }
      const n = side * side
      const [mx, my] = [sx / n, sy / n]
      const [c1, c2] = [2.55 ** 2, 7.65 ** 2]
      const structure = (2 * (xy / n - mx * my) + c2) / (xx / n - mx * mx + (yy / n - my * my) + c2)
      scores.push(((2 * mx * my + c1) / (mx * mx + my * my + c1)) * structure)
    }
  }
  return mean(scores)
}

/** Luma (BT.601) of RGB bytes. */
export function lumaOf(data: Uint8Array): Float64Array {
  const [red, green, blue] = rec601
  const at = (i: number) => red * data[3 * i] + green * data[3 * i + 1] + blue * data[3 * i + 2]
  return Float64Array.from({ length: data.length / 3 }, (_, i) => at(i))
}

const density = densityTable(255)
const [[hr, hg, hb]] = unmixingRows([ruifrokVectors.hematoxylin, ruifrokVectors.eosin])!

/** The hematoxylin map of RGB bytes by Ruifrok's vectors, in optical density. */
export function hematoxylinOf(data: Uint8Array): Float64Array {
  return Float64Array.from(
    { length: data.length / 3 },
    (_, i) => hr * density[data[3 * i]] + hg * density[data[3 * i + 1]] + hb * density[data[3 * i + 2]],
  )
}

/** Pearson's correlation; 1 where neither varies, 0 where only one does. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [mean(a), mean(b)]
  let [aa, bb, ab] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    aa += (a[i] - ma) ** 2
    bb += (b[i] - mb) ** 2
    ab += (a[i] - ma) * (b[i] - mb)
  }
  if (aa === 0 || bb === 0) return aa === bb ? 1 : 0
  return ab / Math.sqrt(aa * bb)
}

function meanColour(data: Uint8Array): Colour {
  const sums = [0, 0, 0]
  for (let at = 0; at < data.length; at += 3) for (let k = 0; k < 3; k++) sums[k] += data[at + k]
  const [r, g, b] = sums.map((sum) => sum / (data.length / 3))
  return labOf(r, g, b)
}

function averageColour(colours: readonly Colour[]): Colour {
  return [0, 1, 2].map((k) => mean(colours.map((colour) => colour[k]))) as unknown as Colour
}

function distance(a: Colour, b: Colour): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return values.length ? sum / values.length : Number.NaN
}
