// 8-bit CIELAB as OpenCV computes it (modules/imgproc, RGB2Lab and Lab2RGB on bytes): integers and tables
// throughout, so that it can be matched bit for bit. L is scaled by 255/100, a and b are shifted by 128.
// Tables are built in single precision, as there.

const { fround } = Math
const white = [0.950456, 1, 1.088754]
const toXyz = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
]
const toRgb = [
  [3.240479, -1.53715, -0.498535],
  [-0.969256, 1.875991, 0.041556],
  [0.055648, -0.204043, 1.057311],
]
// Fixed point: matrices have 12 bits, linear light 3 more than a byte, cube roots 15, inverse values 14.
const forward = toXyz.map((row, i) => row.map((weight) => roundEven((4096 * weight) / white[i])))
const backward = toRgb.map((row) => row.map((weight, i) => roundEven(4096 * weight * white[i])))

const linearTable = Int32Array.from({ length: 256 }, (_, level) =>
  roundEven(fround(2040 * expand(level / 255))),
)
const rootTable = Int32Array.from({ length: 3072 }, (_, i) => {
  const x = fround(fround(1 / 2040) * i)
  const root = x < 216 / 24389 ? fround(x * fround(841 / 108) + fround(16 / 116)) : fround(Math.cbrt(x))
  return roundEven(fround(32768 * root))
})
// OpenCV's cube root is an approximation; only here does it fall on the other side of a half.
rootTable[324] = 17745
const byteTable = Uint8Array.from({ length: 4096 }, (_, i) =>
  roundEven(fround(255 * fround(compress(i / 4096)))),
)
const lightnessTable = Int32Array.from({ length: 256 }, (_, level) => lightnessRoot(level))
const luminanceTable = Int32Array.from({ length: 256 }, (_, level) => luminance(level))

const lowestRoot = -8145
const cubeTable = Int32Array.from({ length: (16384 * 9) / 4 }, (_, i) => cube(i + lowestRoot))

/** Converts RGB bytes to LAB bytes, `out` as long as `data`. */
export function rgbToLab8(data: Uint8Array, out: Uint8Array): void {
  const [[xr, xg, xb], [yr, yg, yb], [zr, zg, zb]] = forward
  for (let at = 0; at < data.length; at += 3) {
    const r = linearTable[data[at]]
    const g = linearTable[data[at + 1]]
    const b = linearTable[data[at + 2]]
    const x = rootTable[(r * xr + g * xg + b * xb + 2048) >> 12]
    const y = rootTable[(r * yr + g * yg + b * yb + 2048) >> 12]
    const z = rootTable[(r * zr + g * zg + b * zb + 2048) >> 12]
    out[at] = clampByte((296 * y - 1336934 + 16384) >> 15)
    out[at + 1] = clampByte((500 * (x - y) + 128 * 32768 + 16384) >> 15)
    out[at + 2] = clampByte((200 * (y - z) + 128 * 32768 + 16384) >> 15)
  }
}

/** The L of every pixel alone; `out` has one byte a pixel. */
export function rgbToLightness8(data: Uint8Array, out: Uint8Array): void {
  const [yr, yg, yb] = forward[1]
  for (let at = 0, i = 0; at < data.length; at += 3, i++) {
    const light = linearTable[data[at]] * yr + linearTable[data[at + 1]] * yg + linearTable[data[at + 2]] * yb
    out[i] = clampByte((296 * rootTable[(light + 2048) >> 12] - 1336934 + 16384) >> 15)
  }
}

/** Converts LAB bytes to RGB bytes, `out` as long as `data`; they may be the same array. */
export function lab8ToRgb(data: Uint8Array, out: Uint8Array): void {
  const [[rx, ry, rz], [gx, gy, gz], [bx, by, bz]] = backward
  for (let at = 0; at < data.length; at += 3) {
    const root = lightnessTable[data[at]]
    // 1/500 and 1/200 of a 14-bit unit, as multiplications and shifts.
    const a = ((5 * data[at + 1] * 53687 + 128) >> 13) - 4194
    const b = ((data[at + 2] * 41943 + 16) >> 9) - 10485 + 1
    const x = cubeTable[root + a - lowestRoot]
    const y = luminanceTable[data[at]]
    const z = cubeTable[root - b - lowestRoot]
    out[at] = byteTable[clampLinear((rx * x + ry * y + rz * z + 8192) >> 14)]
    out[at + 1] = byteTable[clampLinear((gx * x + gy * y + gz * z + 8192) >> 14)]
    out[at + 2] = byteTable[clampLinear((bx * x + by * y + bz * z + 8192) >> 14)]
  }
}

const clampByte = (value: number) => Math.max(0, Math.min(255, value))
const clampLinear = (value: number) => Math.max(0, Math.min(4095, value))

// sRGB's gamma curve and its inverse.
function expand(x: number): number {
  const single = fround(x)
  return fround(single <= 0.04045 ? single / 12.92 : ((single + 0.055) / 1.055) ** 2.4)
}
function compress(x: number): number {
  return x <= 0.0031308 ? x * 12.92 : 1.055 * x ** (1 / 2.4) - 0.055
}

function lightnessRoot(level: number): number {
  if (level <= 20) return roundEven(fround(16384 * fround(fround(16 / 116) + fround((level * 5) / 1479))))
  return roundEven(linearRoot(level))
}

function luminance(level: number): number {
  if (level <= 20) return roundEven(fround((level * 16384 * 180) / (17 * 24389)))
  const root = linearRoot(level)
  return roundEven(fround(fround(fround(root * root) * root) / 2 ** 28))
}

function linearRoot(level: number): number {
  return fround(fround(fround(level * 100 * 16384) / 29580) + fround((16 * 16384) / 116))
}

// Integer division truncates, as in C.
function cube(i: number): number {
  if (i <= 3390) return Math.trunc((i * 108) / 841) - Math.trunc((Math.trunc((16384 * 16) / 116) * 108) / 841)
  return Math.trunc((Math.trunc((i * i) / 16384) * i) / 16384)
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}

/** The numbers of both conversions, for those who compute the same elsewhere; as they stand above. */
export const lab8Numbers = () => ({
  forward,
  backward,
  linear: linearTable,
  roots: rootTable,
  bytes: byteTable,
  lightness: lightnessTable,
  luminance: luminanceTable,
  cubes: cubeTable,
  lowestRoot,
})
