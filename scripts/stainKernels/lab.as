// Reinhard's inner loops: CIELAB by tables.

// @ts-nocheck

import { at } from './common'

// Added to a whole number from 0 on, it stands in the low bits: in f64, and in f32 below 2^23.
const whole: f64 = 4503599627370496
const wholeSingle: f32 = 8388608
const wholeSingleBits: usize = 0x4b000000

/**
 * fy, fx - fy and fy - fz of every pixel, each an array of f32 at `y`, `a` and `b`: differences are taken before they are rounded.
 * `linear`: for each input channel 256 rows of three f64 (x, y, z) in steps of the root table; `table`: pairs
 * of f64, value and rise to the next.
 */
export function lookUpRoots(
  data: usize, offsets: usize, count: i32, linear: usize, table: usize, y: usize, a: usize, b: usize,
): void {
  for (let i = 0; i < count; i++) {
    const p = at(data, offsets, i)
    const red = linear + <usize>load<u8>(p) * 24
    const green = linear + <usize>load<u8>(p, 1) * 24
    const blue = linear + <usize>load<u8>(p, 2) * 24
    const xy = f64x2.add(f64x2.add(v128.load(red), v128.load(green, 6144)), v128.load(blue, 12288))
    const wholeXY = f64x2.floor(xy)
    const places = f64x2.add(wholeXY, f64x2.splat(whole))
    const pairX = v128.load(table + (<usize>i32x4.extract_lane(places, 0) << 4))
    const pairY = v128.load(table + (<usize>i32x4.extract_lane(places, 2) << 4))
    const rootsXY = f64x2.add(
      v128.shuffle<i64>(pairX, pairY, 0, 2),
      f64x2.mul(v128.shuffle<i64>(pairX, pairY, 1, 3), f64x2.sub(xy, wholeXY)),
    )
    const z = load<f64>(red, 16) + load<f64>(green, 6160) + load<f64>(blue, 12304)
    const wholeZ = Math.floor(z)
    const pairZ = table + (<usize>reinterpret<i64>(wholeZ + whole) << 4)
    const fz = load<f64>(pairZ) + load<f64>(pairZ, 8) * (z - wholeZ)
    const fx = f64x2.extract_lane(rootsXY, 0)
    const fy = f64x2.extract_lane(rootsXY, 1)
    const slot = <usize>i << 2
    store<f32>(y + slot, <f32>fy)
    store<f32>(a + slot, <f32>(fx - fy))
    store<f32>(b + slot, <f32>(fy - fz))
  }
}

/** Sums of the three less (y0, a0, b0), and of their squares, to `out`. */
export function sumRoots(
  y: usize, a: usize, b: usize, count: i32, y0: f64, a0: f64, b0: f64, out: usize,
): void {
  let v1: f64 = 0
  let v2: f64 = 0
  let ab = f64x2.splat(0)
  let ab2 = f64x2.splat(0)
  const origin = f64x2.replace_lane(f64x2.splat(a0), 1, b0)
  for (let i: usize = 0, end = <usize>count << 2; i < end; i += 4) {
    const v = <f64>load<f32>(y + i) - y0
    const pair = v128.load32_lane(b + i, v128.load32_zero(a + i), 1)
    const both = f64x2.sub(f64x2.promote_low_f32x4(pair), origin)
    v1 += v
    v2 += v * v
    ab = f64x2.add(ab, both)
    ab2 = f64x2.add(ab2, f64x2.mul(both, both))
  }
  store<f64>(out, v1)
  v128.store(out, ab, 8)
  store<f64>(out, v2, 24)
  v128.store(out, ab2, 32)
}

/**
 * Writes roots back as bytes, four pixels at a time; arrays are read up to a multiple of four. `constants` (f32): gains of fy,
 * fx - fy, fy - fz and 0; shifts and 0; then the three columns, of four each, of the matrix from XYZ to linear RGB in steps
 * of the gamma table.
 */
export function writeRoots(
  y: usize, a: usize, b: usize, data: usize, offsets: usize, count: i32, constants: usize, bytes: usize, steps: i32,
): void {
  const table = bytes - wholeSingleBits
  const last = f32x4.splat(<f32>steps)
  for (let i = 0; i < count; i += 4) {
    const slot = <usize>i << 2
    const fy = f32x4.add(f32x4.mul(constant(constants, 0), v128.load(y + slot)), constant(constants, 4))
    const fx = f32x4.add(
      f32x4.add(fy, f32x4.mul(constant(constants, 1), v128.load(a + slot))), constant(constants, 5),
    )
    const fz = f32x4.sub(
      f32x4.sub(fy, f32x4.mul(constant(constants, 2), v128.load(b + slot))), constant(constants, 6),
    )
    const x = lightOf(fx)
    const light = lightOf(fy)
    const z = lightOf(fz)
    const red = stepsOf(mix(constants, 8, x, light, z), last)
    const green = stepsOf(mix(constants, 9, x, light, z), last)
    const blue = stepsOf(mix(constants, 10, x, light, z), last)
    writePixel(
      at(data, offsets, i), table, i32x4.extract_lane(red, 0), i32x4.extract_lane(green, 0), i32x4.extract_lane(blue, 0),
    )
    if (i + 1 == count) return
    writePixel(
      at(data, offsets, i + 1), table, i32x4.extract_lane(red, 1), i32x4.extract_lane(green, 1), i32x4.extract_lane(blue, 1),
    )
    if (i + 2 == count) return
    writePixel(
      at(data, offsets, i + 2), table, i32x4.extract_lane(red, 2), i32x4.extract_lane(green, 2), i32x4.extract_lane(blue, 2),
    )
    if (i + 3 == count) return
    writePixel(
      at(data, offsets, i + 3), table, i32x4.extract_lane(red, 3), i32x4.extract_lane(green, 3), i32x4.extract_lane(blue, 3),
    )
  }
}
@inline
function constant(constants: usize, index: usize): v128 {
  return v128.load32_splat(constants + (index << 2))
}
// Linear light of roots: cubes, and near black a line.
@inline
function lightOf(f: v128): v128 {
  const cubes = f32x4.mul(f32x4.mul(f, f), f)
  const lines = f32x4.mul(f32x4.sub(f, f32x4.splat(<f32>(16.0 / 116.0))), f32x4.splat(<f32>(1 / 7.787)))
  return v128.bitselect(cubes, lines, f32x4.gt(f, f32x4.splat(0.2068966)))
}
@inline
function mix(constants: usize, row: usize, x: v128, y: v128, z: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(constant(constants, row), x), f32x4.mul(constant(constants, row + 4), y)),
    f32x4.mul(constant(constants, row + 8), z),
  )
}
// Whole steps from 0 to the last; 0 of NaN. They stand in the low bits.
@inline
function stepsOf(light: v128, last: v128): v128 {
  const held = f32x4.pmin(f32x4.pmax(f32x4.splat(0), light), last)
  return f32x4.add(f32x4.floor(held), f32x4.splat(wholeSingle))
}
@inline
function writePixel(p: usize, table: usize, red: i32, green: i32, blue: i32): void {
  store<u8>(p, load<u8>(table + <usize>red))
  store<u8>(p, load<u8>(table + <usize>green), 1)
  store<u8>(p, load<u8>(table + <usize>blue), 2)
}
