// Pixels rebuilt in other stains.

// @ts-nocheck

import { at, factors, splat } from './common'

// 2^52: added to a whole number below it, the number stands in the low bits.
const whole: f64 = 4503599627370496

// exp of both lanes, to one unit in the last place: 2^n times a polynomial on |r| <= ln 2 / 2 (Taylor to degree 13, in
// two halves that do not wait for each other). Beyond 2^-1000 and 2^1000 it is held there.
@inline
function exp(x: v128): v128 {
  const bounded = f64x2.max(f64x2.splat(-693), f64x2.min(f64x2.splat(693), x))
  const n = f64x2.nearest(f64x2.mul(bounded, f64x2.splat(1.4426950408889634)))
  const r = f64x2.sub(
    f64x2.sub(bounded, f64x2.mul(n, f64x2.splat(0.693147180369123816490))),
    f64x2.mul(n, f64x2.splat(1.90821492927058770002e-10)),
  )
  const r2 = f64x2.mul(r, r)
  // The even and odd terms after 1 + r, each a polynomial in r^2.
  let even = f64x2.splat(1.0 / 479001600)
  even = f64x2.add(f64x2.mul(even, r2), f64x2.splat(1.0 / 3628800))
  even = f64x2.add(f64x2.mul(even, r2), f64x2.splat(1.0 / 40320))
  even = f64x2.add(f64x2.mul(even, r2), f64x2.splat(1.0 / 720))
  even = f64x2.add(f64x2.mul(even, r2), f64x2.splat(1.0 / 24))
  even = f64x2.add(f64x2.mul(even, r2), f64x2.splat(0.5))
  let odd = f64x2.splat(1.0 / 6227020800)
  odd = f64x2.add(f64x2.mul(odd, r2), f64x2.splat(1.0 / 39916800))
  odd = f64x2.add(f64x2.mul(odd, r2), f64x2.splat(1.0 / 362880))
  odd = f64x2.add(f64x2.mul(odd, r2), f64x2.splat(1.0 / 5040))
  odd = f64x2.add(f64x2.mul(odd, r2), f64x2.splat(1.0 / 120))
  odd = f64x2.add(f64x2.mul(odd, r2), f64x2.splat(1.0 / 6))
  const rest = f64x2.mul(r2, f64x2.add(even, f64x2.mul(r, odd)))
  const power = f64x2.add(f64x2.splat(1), f64x2.add(r, rest))
  // n + 1023 as the exponent: added to 2^52 it stands in the low bits, and is moved up.
  const exponent = i64x2.shl(f64x2.add(n, f64x2.splat(whole + 1023)), 52)
  return f64x2.mul(power, exponent)
}

// Added to a number of less than 2^22 in f32, it is rounded to a whole one that stands in the low bits.
const wholeSingle: f32 = 12582912
// The same in f64, for numbers of either sign.
const wholeSigned: f64 = 6755399441055744
// Arguments, in powers of two, beyond which products of three factors may leave the range of f32.
const farthest: f64 = 38

/**
 * Factors for multiplyTables in f32: level 2^(-weight density), rows of four (red, green, blue, 1) for each level of each input
 * channel; the output's level goes to the red input, 0.25 to the fourth. `powers`: for each input three weights in powers of two,
 * and 0; `singles`: the three levels in f32, and 0.25. Beyond `farthest` a factor is NaN.
 */
export function fillFactors(powers: usize, singles: usize): void {
  let row = factors
  for (let input = 0; input < 3; input++) {
    const redGreen = v128.load(powers + (<usize>input << 5))
    const blue = v128.load(powers + (<usize>input << 5), 16)
    const levels = input == 0 ? v128.load(singles) : f32x4.splat(1)
    for (let level = 0; level < 256; level++) {
      const d = splat(input, level)
      const s = f64x2.mul(redGreen, d)
      const t = f64x2.mul(blue, d)
      const wholeS = f64x2.add(s, f64x2.splat(wholeSigned))
      const wholeT = f64x2.add(t, f64x2.splat(wholeSigned))
      const x = v128.shuffle<i64>(
        f32x4.demote_f64x2_zero(f64x2.sub(s, f64x2.sub(wholeS, f64x2.splat(wholeSigned)))),
        f32x4.demote_f64x2_zero(f64x2.sub(t, f64x2.sub(wholeT, f64x2.splat(wholeSigned)))),
        0, 2,
      )
      const isFar = v128.or(
        f64x2.gt(f64x2.abs(s), f64x2.splat(farthest)),
        f64x2.gt(f64x2.abs(t), f64x2.splat(farthest)),
      )
      // 2^x on |x| <= 1/2: Taylor to degree 7.
      let power = f32x4.splat(1.5252733804059841e-5)
      power = f32x4.add(f32x4.mul(power, x), f32x4.splat(1.5403530393381608e-4))
      power = f32x4.add(f32x4.mul(power, x), f32x4.splat(1.3333558146428443e-3))
      power = f32x4.add(f32x4.mul(power, x), f32x4.splat(9.618129107628477e-3))
      power = f32x4.add(f32x4.mul(power, x), f32x4.splat(5.5504108664821576e-2))
      power = f32x4.add(f32x4.mul(power, x), f32x4.splat(2.402265069591007e-1))
      power = f32x4.add(f32x4.mul(power, x), f32x4.splat(6.931471805599453e-1))
      power = f32x4.add(f32x4.mul(power, x), f32x4.splat(1))
      const exponents = i32x4.shl(v128.shuffle<i32>(wholeS, wholeT, 0, 2, 4, 6), 23)
      const factor = f32x4.mul(levels, i32x4.add(power, exponents))
      v128.store(row, v128.any_true(isFar) ? f32x4.splat(NaN) : factor)
      row += 16
    }
  }
}

/**
 * Products of three factors a channel, cut at 255 and truncated, in place. Where those in f32 are so near to a whole number that they
 * do not tell, or NaN, the byte is that of exp in f64. `map`: for each input three weights (to red, green, blue) in f64,
 * then the three levels.
 */
export function multiplyTables(data: usize, offsets: usize, count: i32, map: usize): void {
  let i = 0
  if (offsets) {
    for (let slot = offsets; i < (count & ~3); i += 4, slot += 16) {
      const p0 = data + <usize>load<i32>(slot)
      const p1 = data + <usize>load<i32>(slot, 4)
      const p2 = data + <usize>load<i32>(slot, 8)
      const p3 = data + <usize>load<i32>(slot, 12)
      const light0 = lightOf(p0)
      const light1 = lightOf(p1)
      const light2 = lightOf(p2)
      const light3 = lightOf(p3)
      if (isUnsafe(light0, light1, light2, light3)) {
        writeFour(p0, p1, p2, p3, map)
      } else {
        storePixel(p0, light0)
        storePixel(p1, light1)
        storePixel(p2, light2)
        storePixel(p3, light3)
      }
    }
  } else {
    for (let p = data; i < (count & ~3); i += 4, p += 12) {
      const light0 = lightOf(p)
      const light1 = lightOf(p + 3)
      const light2 = lightOf(p + 6)
      const light3 = lightOf(p + 9)
      if (isUnsafe(light0, light1, light2, light3)) {
        writeFour(p, p + 3, p + 6, p + 9, map)
      } else {
        // Levels under the exponent's bits, which are taken away; then bytes r g b x of four pixels, without each x.
        const first = i16x8.narrow_i32x4_u(i32x4.shr_u(light0, 15), i32x4.shr_u(light1, 15))
        const last = i16x8.narrow_i32x4_u(i32x4.shr_u(light2, 15), i32x4.shr_u(light3, 15))
        const exponent = i16x8.splat(<i16>0x8700)
        const bytes = i8x16.narrow_i16x8_u(i16x8.sub(first, exponent), i16x8.sub(last, exponent))
        const packed = i8x16.swizzle(bytes, i8x16(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0))
        v128.store64_lane(p, packed, 0)
        v128.store32_lane(p, packed, 2, 8)
      }
    }
  }
  for (; i < count; i++) writePixel(at(data, offsets, i), map)
}
// Whether any level of four pixels is too near to a whole number.
@inline
function isUnsafe(light0: v128, light1: v128, light2: v128, light3: v128): bool {
  const least = i32x4.min_u(
    i32x4.min_u(restOf(light0), restOf(light1)), i32x4.min_u(restOf(light2), restOf(light3)),
  )
  return i32x4.bitmask(i32x4.lt_s(least, i32x4.splat(unsafeRest))) != 0
}
function writeFour(p0: usize, p1: usize, p2: usize, p3: usize, map: usize): void {
  writePixel(p0, map)
  writePixel(p1, map)
  writePixel(p2, map)
  writePixel(p3, map)
}
// Fixed point in the bits of an f32: 256 is added, so that a level below 256 stands in bits 15 to 22, what is left of it in bits
// 0 to 14. With it an allowance for errors is added: factors' are below 6.3e-7 together, which is 5.3 steps of 2^-15 at most, and
// roundings are one. A level with less than twice the allowance left may be wrong.
const allowance: f32 = 0.000244140625
const unsafeRest = 16
// A pixel's levels so, held just above 255 at most.
@inline
function lightOf(p: usize): v128 {
  const r = v128.load(<usize>load<u8>(p) << 4, factors)
  const g = v128.load(<usize>load<u8>(p, 1) << 4, factors + 4096)
  const b = v128.load(<usize>load<u8>(p, 2) << 4, factors + 8192)
  return f32x4.add(
    f32x4.pmin(f32x4.mul(f32x4.mul(r, g), b), f32x4.splat(255.25)),
    f32x4.splat(256 + allowance),
  )
}
// What is left of levels; 0 of NaN.
@inline
function restOf(light: v128): v128 {
  return v128.and(light, i32x4.splat(0x7fff))
}
@inline
function storePixel(p: usize, light: v128): void {
  const levels = i32x4.shr_u(light, 15)
  v128.store8_lane(p, levels, 0)
  v128.store8_lane(p, levels, 4, 1)
  v128.store8_lane(p, levels, 8, 2)
}
function writePixel(p: usize, map: usize): void {
  const light = lightOf(p)
  if (i32x4.bitmask(i32x4.lt_s(restOf(light), i32x4.splat(unsafeRest)))) writeExactly(p, map)
  else storePixel(p, light)
}
function writeExactly(p: usize, map: usize): void {
  const r = splat(0, load<u8>(p))
  const g = splat(1, load<u8>(p, 1))
  const b = splat(2, load<u8>(p, 2))
  const red = f64x2.mul(v128.load(map, 72), exp(f64x2.mul(f64x2.neg(v128.load(map)), r)))
  const green = exp(f64x2.mul(f64x2.neg(v128.load(map, 24)), g))
  const blue = exp(f64x2.mul(f64x2.neg(v128.load(map, 48)), b))
  const redGreen = truncate(f64x2.mul(f64x2.mul(red, green), blue))
  const third = v128.load64_splat(map, 88)
  const red3 = f64x2.mul(third, exp(f64x2.mul(f64x2.neg(v128.load64_splat(map, 16)), r)))
  const green3 = exp(f64x2.mul(f64x2.neg(v128.load64_splat(map, 40)), g))
  const blue3 = exp(f64x2.mul(f64x2.neg(v128.load64_splat(map, 64)), b))
  v128.store8_lane(p, redGreen, 0)
  v128.store8_lane(p, redGreen, 8, 1)
  v128.store8_lane(p, truncate(f64x2.mul(f64x2.mul(red3, green3), blue3)), 0, 2)
}
@inline
function truncate(value: v128): v128 {
  return f64x2.add(f64x2.floor(f64x2.pmin(f64x2.splat(255), value)), f64x2.splat(whole))
}
