// CIELAB of single colours, for what is counted in colours and not in pixels.

const white = [0.95047, 1, 1.08883]
const toXyz = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
]

/** L (0 to 100), a and b of an sRGB colour with channels 0 to 255 (D65). */
export function labOf(red: number, green: number, blue: number): readonly [number, number, number] {
  const linear = [red, green, blue].map((level) => {
    const v = Math.min(Math.max(level / 255, 0), 1)
    return v > 0.04045 ? ((v + 0.055) / 1.055) ** 2.4 : v / 12.92
  })
  const [x, y, z] = toXyz.map((row, i) => {
    const t = row.reduce((sum, weight, k) => sum + weight * linear[k], 0) / white[i]
    return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116
  })
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}
