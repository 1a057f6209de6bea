// The texture embedding of a patch: what its planes look like, over the whole patch and over the central 32 x 32.
// Thresholds and levels are fixed optical densities: nothing is fitted, and blank glass stays near zero.

import { ShapeError } from '../../base/index.ts'
import { cooccurrenceNames, countPairs, measureCooccurrence } from './cooccurrence.ts'
import { countLevels, distributionNames, measureDistribution } from './distribution.ts'
import { countPatterns, measurePatterns, patternNames } from './localBinaryPattern.ts'
import { createPlanes, fillPlanes, patchRegions, planeNames, regionNames } from './planes.ts'
import { createSpectrum, measureSpectrum, spectrumNames } from './radialSpectrum.ts'

/** Raised when the same pixels give other features. */
export const textureVersion = 3

/** The smallest side of a patch that can be embedded, in pixels. */
export const smallestSide = 32

const radii = [1, 2, 4]
const distances = [1, 2, 4]

/** What each dimension measures, e.g. `hematoxylin.center.lbp.r2.uniform3`. */
export const textureNames: readonly string[] = planeNames.flatMap((plane) => [
  ...regionNames.flatMap((region) => distributionNames.map((name) => `${plane}.${region}.${name}`)),
  ...radii.flatMap((radius) =>
    regionNames.flatMap((region) => patternNames.map((name) => `${plane}.${region}.lbp.r${radius}.${name}`)),
  ),
  ...distances.flatMap((distance) =>
    regionNames.flatMap((region) =>
      cooccurrenceNames.map((name) => `${plane}.${region}.glcm.d${distance}.${name}`),
    ),
  ),
  ...spectrumNames.map((name) => `${plane}.spectrum.${name}`),
])

/** A measurer of patches of one size. It owns its buffers: use one a thread. */
export interface Texture {
  readonly height: number
  readonly width: number
  /** Writes the features of the patch whose RGB bytes begin at `start` into `out`, from index `at` on. */
  measure(rgb: Uint8Array, start: number, out: Float32Array, at: number): void
}

/** Throws ShapeError for patches below 32 x 32. */
export function checkPatchSize(height: number, width: number): void {
  if (Math.min(height, width) < smallestSide) {
    throw new ShapeError({
      where: 'texture',
      expected: `patches of at least ${smallestSide}x${smallestSide}`,
      got: `${height}x${width}`,
    })
  }
}

/** Prepares measuring patches of `height` x `width` pixels. Throws ShapeError below 32 x 32. */
export function createTexture(height: number, width: number): Texture {
  checkPatchSize(height, width)
  const planes = createPlanes(height, width)
  const regions = patchRegions(height, width)
  const spectrum = createSpectrum(height, width)
  const histogram = new Int32Array(256)
  const pairs = new Int32Array(4 * 256)

  function measurePlane(plane: Uint8Array, out: Float32Array, begin: number): number {
    let at = begin
    for (const region of regions) {
      countLevels(plane, width, region, histogram)
      at = measureDistribution(histogram, region.height * region.width, out, at)
    }
    for (const radius of radii) {
      for (const region of regions) {
        countPatterns(plane, height, width, region, radius, histogram)
        at = measurePatterns(histogram, out, at)
      }
    }
    for (const distance of distances) {
      for (const region of regions) {
        countPairs(plane, width, region, distance, pairs)
        at = measureCooccurrence(pairs, out, at)
      }
    }
    return measureSpectrum(spectrum, plane, height, width, out, at)
  }

  return {
    height,
    width,
    measure(rgb, start, out, at) {
      fillPlanes(planes, rgb, start)
      for (const name of planeNames) at = measurePlane(planes[name], out, at)
    },
  }
}
