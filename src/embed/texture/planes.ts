// One patch as byte planes: the optical density of its luma, and its hematoxylin. Density is -ln(v / 255), so
// that brighter light only shifts it; hematoxylin is unmixed with the fixed vectors of Ruifrok and Johnston
// (2001), so that nothing is fitted to a patch. Eosin is left out: it differed most between centers.

import { invert3, lumaOf, ruifrokVectors } from '../../base/index.ts'

/** A rectangle of pixels inside a patch. */
export interface Region {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
  /**
   * Patterns and pairs are taken of every pixel (1) or of every second row (2), and then from radius and distance
   * 2 on of every second column too: neighbouring pixels tell nearly the same.
   */
  readonly step: 1 | 2
}

/** The planes of a patch in the order in which features are listed. */
export const planeNames = ['density', 'hematoxylin'] as const

/** Row-major bytes of one patch by plane, both in `densityStep`s. */
export interface Planes {
  readonly height: number
  readonly width: number
  /** Optical density of the luma, from 0. */
  readonly density: Uint8Array
  /** Concentration of hematoxylin; `stainZero` is none, below it lies what the other stain overdraws. */
  readonly hematoxylin: Uint8Array
}

/** Optical density of one step of a plane. */
export const densityStep = 0.01
/** The level of a stain plane at which there is no stain. */
export const stainZero = 25

const stainVectors: readonly (readonly number[])[] = [
  ruifrokVectors.hematoxylin,
  ruifrokVectors.eosin,
  ruifrokVectors.residual,
]

/** Room for the planes of patches of one size, filled anew for each patch. */
export function createPlanes(height: number, width: number): Planes {
  const plane = () => new Uint8Array(height * width)
  return { height, width, density: plane(), hematoxylin: plane() }
}

/** Fills `planes` from the RGB bytes that begin at `start`. */
export function fillPlanes(planes: Planes, rgb: Uint8Array, start: number): void {
  const { density, hematoxylin } = planes
  for (let i = 0, at = start; i < density.length; i++, at += 3) {
    const red = rgb[at]
    const green = rgb[at + 1]
    const blue = rgb[at + 2]
    density[i] = densityOf[lumaOf(red, green, blue)]
    hematoxylin[i] = toByte(unmixed[red] + unmixed[256 + green] + unmixed[512 + blue])
  }
}

function toByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value | 0
}

const densityOf = Uint8Array.from({ length: 256 }, (_, value) =>
  Math.min(255, Math.round(opticalDensity(value) / densityStep)),
)

// What each value of each channel adds to hematoxylin, in steps: [channel][value].
const unmixed = buildUnmixing()

function opticalDensity(value: number): number {
  return -Math.log(Math.max(value, 1) / 255)
}

function buildUnmixing(): Float32Array {
  const inverse = invert3(stainVectors.map((row) => row.map((value) => value / Math.hypot(...row))))
  const table = new Float32Array(3 * 256)
  for (let channel = 0; channel < 3; channel++) {
    for (let value = 0; value < 256; value++) {
      // A third of the offset and of the half that rounds in each channel: three are added up.
      const share = (stainZero + 0.5) / 3
      table[channel * 256 + value] = (opticalDensity(value) * inverse[channel][0]) / densityStep + share
    }
  }
  return table
}

/** The regions in which features are measured. */
export const regionNames = ['patch', 'center'] as const

/** The whole patch, and its central 32 x 32, which alone decides a Camelyon label. */
export function patchRegions(height: number, width: number): readonly [Region, Region] {
  const side = 32
  return [
    { top: 0, left: 0, height, width, step: 2 },
    { top: (height - side) >> 1, left: (width - side) >> 1, height: side, width: side, step: 1 },
  ]
}
