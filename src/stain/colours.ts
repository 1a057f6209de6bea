// CIELAB of single colours, and the curves and constants that it shares with what is counted in pixels: sRGB, D65, as
// scikit-image has them.

/** Linear light of the white point in x, y and z. */
export const whitePoint = [0.95047, 1, 1.08883] as const

/** Linear red, green and blue as x, y and z. */
export const toXyz: readonly (readonly number[])[] = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
]

/** L + `labShift`, a and b are these times fy, fx - fy and fy - fz, where f is `labRoot` of x, y or z. */
export const labScales = [116, 500, 200] as const
/** What L is less. */
export const labShift = 16

/** The slope of the line that takes the cube root's place near black. */
export const labSlope = 7.787
/** That line at 0. */
export const labOffset = labShift / 116

/** The curve of CIELAB: cube root, and near black a line. */
export const labRoot = (t: number) => (t > 0.008856 ? Math.cbrt(t) : labSlope * t + labOffset)

/** Linear light (0 to 1) of a channel from 0 to 1. */
export const expandGamma = (v: number) => (v > 0.04045 ? ((v + 0.055) / 1.055) ** 2.4 : v / 12.92)

/** L (0 to 100), a and b of an sRGB colour with channels 0 to 255. */
export function labOf(red: number, green: number, blue: number): readonly [number, number, number] {
  const linear = [red, green, blue].map((level) => expandGamma(Math.min(Math.max(level / 255, 0), 1)))
  const [x, y, z] = toXyz.map((row, i) =>
    labRoot(row.reduce((sum, weight, k) => sum + weight * linear[k], 0) / whitePoint[i]),
  )
  const [scaleL, scaleA, scaleB] = labScales
  return [scaleL * y - labShift, scaleA * (x - y), scaleB * (y - z)]
}
