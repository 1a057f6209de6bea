// CIELAB in floating point (sRGB, D65; the constants of scikit-image, which torchstain uses). Pixels are kept
// as the three cube roots fx, fy, fz, since L, a and b are linear in them. The curves are tables: a byte has
// 256 levels of linear light, the cube root is interpolated, and the way back ends in a table of bytes.

const whitePoint = [0.95047, 1, 1.08883]
const toXyz = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
]
const toRgb = invert(toXyz)

const cube = (f: number) => (f > 0.2068966 ? f * f * f : (f - 16 / 116) / 7.787)
const cubeRoot = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
const expand = (v: number) => (v > 0.04045 ? ((v + 0.055) / 1.055) ** 2.4 : v / 12.92)
const compress = (v: number) => (v > 0.0031308 ? Math.min(1, 1.055 * v ** (1 / 2.4) - 0.055) : v * 12.92)

const linearTables = toXyz.map((row, i) =>
  row.map((weight) =>
    Float64Array.from({ length: 256 }, (_, level) => (weight * expand(level / 255)) / whitePoint[i]),
  ),
)
const rootSteps = 8192
const rootTable = Float64Array.from({ length: rootSteps + 3 }, (_, i) => cubeRoot(i / rootSteps))
const gammaSteps = 16384
const gammaTable = Uint8Array.from(
  { length: gammaSteps + 1 },
  (_, i) => 255 * compress((i + 0.5) / gammaSteps),
)

/** Means and population standard deviations of L (0 to 100), a and b. */
export interface LabStatistics {
  readonly means: readonly [number, number, number]
  readonly deviations: readonly [number, number, number]
}

/** An affine change of each LAB channel: value * gain + shift. */
export interface LabMap {
  readonly gains: readonly [number, number, number]
  readonly shifts: readonly [number, number, number]
}

/** Writes fx, fy, fz of the `count` pixels at byte `offsets` (all, in order, where null) to `roots`. */
export function rootPixels(
  data: Uint8Array,
  offsets: Int32Array | null,
  count: number,
  roots: Float32Array,
): void {
  const [[xr, xg, xb], [yr, yg, yb], [zr, zg, zb]] = linearTables
  for (let i = 0, to = 0; i < count; i++, to += 3) {
    const at = offsets ? offsets[i] : to
    const r = data[at]
    const g = data[at + 1]
    const b = data[at + 2]
    roots[to] = lookUpRoot(xr[r] + xg[g] + xb[b])
    roots[to + 1] = lookUpRoot(yr[r] + yg[g] + yb[b])
    roots[to + 2] = lookUpRoot(zr[r] + zg[g] + zb[b])
  }
}

/** The statistics of the first `count` pixels of `roots`; deviations are 0 where all are one colour. */
export function summariseRoots(roots: Float32Array, count: number): LabStatistics {
  const [x0, y0, z0] = roots.subarray(0, 3)
  let [y, a, b, yy, aa, bb] = [0, 0, 0, 0, 0, 0]
  for (let at = 0; at < 3 * count; at += 3) {
    const v = roots[at + 1] - y0
    const p = roots[at] - x0 - v
    const q = v - (roots[at + 2] - z0)
    y += v
    a += p
    b += q
    yy += v * v
    aa += p * p
    bb += q * q
  }
  const deviation = (sum: number, squares: number) =>
    Math.sqrt(Math.max(0, squares - (sum * sum) / count) / count)
  return {
    means: [116 * (y0 + y / count) - 16, 500 * (x0 - y0 + a / count), 200 * (y0 - z0 + b / count)],
    deviations: [116 * deviation(y, yy), 500 * deviation(a, aa), 200 * deviation(b, bb)],
  }
}

/** Changes the pixels by `map` and writes them to `out` as bytes, cut and truncated as a cast does. */
export function writeRoots(
  roots: Float32Array,
  offsets: Int32Array | null,
  count: number,
  { gains, shifts }: LabMap,
  out: Uint8Array,
): void {
  // L' = gL L + sL becomes fy' = gL fy + (16 + sL - 16 gL) / 116, and likewise for the differences.
  const shiftY = (16 + shifts[0] - 16 * gains[0]) / 116
  const shiftA = shifts[1] / 500
  const shiftB = shifts[2] / 200
  const [gainL, gainA, gainB] = gains
  const [wx, wy, wz] = whitePoint
  const [[rx, ry, rz], [gx, gy, gz], [bx, by, bz]] = toRgb
  for (let i = 0, from = 0; i < count; i++, from += 3) {
    const fy = roots[from + 1]
    const y1 = gainL * fy + shiftY
    const x = wx * cube(y1 + gainA * (roots[from] - fy) + shiftA)
    const y = wy * cube(y1)
    const z = wz * cube(y1 - gainB * (fy - roots[from + 2]) - shiftB)
    const at = offsets ? offsets[i] : from
    out[at] = lookUpByte(rx * x + ry * y + rz * z)
    out[at + 1] = lookUpByte(gx * x + gy * y + gz * z)
    out[at + 2] = lookUpByte(bx * x + by * y + bz * z)
  }
}

function lookUpRoot(t: number): number {
  const scaled = t * rootSteps
  const index = scaled | 0
  const low = rootTable[index]
  return low + (rootTable[index + 1] - low) * (scaled - index)
}

function lookUpByte(linear: number): number {
  const scaled = linear * gammaSteps
  return gammaTable[scaled < 0 ? 0 : scaled > gammaSteps ? gammaSteps : scaled | 0]
}

function invert([[a, b, c], [d, e, f], [g, h, i]]: number[][]): number[][] {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((cofactor) => cofactor / determinant))
}
