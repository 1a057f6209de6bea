// 8-bit CIELAB as OpenCV computes it (modules/imgproc, RGB2Lab and Lab2RGB on bytes): integers and tables
// throughout, so that it can be matched bit for bit. L is scaled by 255/100, a and b are shifted by 128.
// Tables are built in single precision, as there.

import { toXyz } from './colours.ts'

const { fround } = Math
const white = [0.950456, 1, 1.088754]
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

// Shifts to the right; a half before them rounds.
const [lightHalf, lightBits] = [2048, 12]
const [gainL, gainA, gainB, levelBits] = [296, 500, 200, 15]
const [offsetL, offsetAB] = [-1336934 + 16384, 128 * 32768 + 16384]
// 1/500 and 1/200 of a 14-bit unit, as multiplications and shifts.
const rootA = { gain: 5 * 53687, half: 128, bits: 13, less: 4194 }
const rootB = { gain: 41943, half: 16, bits: 9, less: 10485 - 1 }
const [byteHalf, byteBits] = [8192, 14]

/** Converts RGB bytes to LAB bytes, `out` as long as `data`. */
export function rgbToLab8(data: Uint8Array, out: Uint8Array): void {
  const [[xr, xg, xb], [yr, yg, yb], [zr, zg, zb]] = forward
  for (let at = 0; at < data.length; at += 3) {
    const r = linearTable[data[at]]
    const g = linearTable[data[at + 1]]
    const b = linearTable[data[at + 2]]
    const x = rootTable[(r * xr + g * xg + b * xb + lightHalf) >> lightBits]
    const y = rootTable[(r * yr + g * yg + b * yb + lightHalf) >> lightBits]
    const z = rootTable[(r * zr + g * zg + b * zb + lightHalf) >> lightBits]
    out[at] = clampByte((gainL * y + offsetL) >> levelBits)
    out[at + 1] = clampByte((gainA * (x - y) + offsetAB) >> levelBits)
    out[at + 2] = clampByte((gainB * (y - z) + offsetAB) >> levelBits)
  }
}

/** The L of every pixel alone; `out` has one byte a pixel. */
export function rgbToLightness8(data: Uint8Array, out: Uint8Array): void {
  const [yr, yg, yb] = forward[1]
  for (let at = 0, i = 0; at < data.length; at += 3, i++) {
    const light = linearTable[data[at]] * yr + linearTable[data[at + 1]] * yg + linearTable[data[at + 2]] * yb
    out[i] = clampByte((gainL * rootTable[(light + lightHalf) >> lightBits] + offsetL) >> levelBits)
  }
}

/** Converts LAB bytes to RGB bytes, `out` as long as `data`; they may be the same array. */
export function lab8ToRgb(data: Uint8Array, out: Uint8Array): void {
  const [[rx, ry, rz], [gx, gy, gz], [bx, by, bz]] = backward
  for (let at = 0; at < data.length; at += 3) {
    const root = lightnessTable[data[at]]
    const a = ((rootA.gain * data[at + 1] + rootA.half) >> rootA.bits) - rootA.less
    const b = ((rootB.gain * data[at + 2] + rootB.half) >> rootB.bits) - rootB.less
    const x = cubeTable[root + a - lowestRoot]
    const y = luminanceTable[data[at]]
    const z = cubeTable[root - b - lowestRoot]
    out[at] = byteTable[clampLinear((rx * x + ry * y + rz * z + byteHalf) >> byteBits)]
    out[at + 1] = byteTable[clampLinear((gx * x + gy * y + gz * z + byteHalf) >> byteBits)]
    out[at + 2] = byteTable[clampLinear((bx * x + by * y + bz * z + byteHalf) >> byteBits)]
  }
}

const clampByte = (value: number) => Math.max(0, Math.min(255, value))
const clampLinear = (value: number) => Math.max(0, Math.min(byteTable.length - 1, value))

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

/** The numbers of both conversions, for the graph that computes the same; as they stand above. */
export const lab8Numbers = {
  forward,
  backward,
  linear: linearTable,
  roots: rootTable,
  bytes: byteTable,
  lightness: lightnessTable,
  luminance: luminanceTable,
  cubes: cubeTable,
  lowestRoot,
  light: { half: lightHalf, bits: lightBits },
  levels: { gainL, gainA, gainB, offsetL, offsetAB, bits: levelBits },
  rootA,
  rootB,
  byte: { half: byteHalf, bits: byteBits },
}
