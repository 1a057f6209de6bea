// The inner loops of the stain methods in AssemblyScript, compiled to WebAssembly with SIMD by
// scripts/buildStainKernels.sh. All arguments that are addresses are byte offsets into the one memory.
// `tables`: three tables of 256 densities (f64), red, green, blue. `offsets`: byte offsets of pixels (i32),
// counted from `data`; 0 stands for all pixels in order.

// @ts-nocheck

@inline
function at(data: usize, offsets: usize, i: i32): usize {
  return data + (offsets ? <usize>load<i32>(offsets + (<usize>i << 2)) : <usize>i * 3)
}
@inline
function density(tables: usize, channel: i32, level: u32): f64 {
  return load<f64>(tables + (<usize>level << 3) + (<usize>channel << 11))
}
@inline
function splat(tables: usize, channel: i32, level: u32): v128 {
  return v128.load64_splat(tables + (<usize>level << 3) + (<usize>channel << 11))
}

/**
 * Densities as integers, for the marking of pixels: a row of four i16 for each level of each channel, the density in steps
 * of 1 / `scale` in the channel's own lane. The fourth lane is -32768 in levels above `highest`; beyond 255 that is the
 * level itself.
 */
export function packLevels(tables: usize, scale: f64, highest: i32, levels: usize): void {
  for (let channel = 0; channel < 3; channel++) {
    for (let level = 0; level < 256; level++) {
      const steps = <i64>Math.floor(density(tables, channel, level) * scale + 0.5) & 0xffff
      const fourth: i64 = highest > 255 ? level : level > highest ? 0x8000 : 0
      store<i64>(levels, (steps << (<i64>channel << 4)) | (fourth << 48))
      levels += 8
    }
  }
}
@inline
function redRow(levels: usize, level: u32): i64 {
  return load<i64>(levels + (<usize>level << 3))
}
@inline
function greenRow(levels: usize, level: u32): i64 {
  return load<i64>(levels + (<usize>level << 3), 2048)
}
@inline
function blueRow(levels: usize, level: u32): i64 {
  return load<i64>(levels + (<usize>level << 3), 4096)
}
// The pairs (red, green) and (blue, fourth) lie in two arrays, for i32x4.dot_i16x8_s.
@inline
function storePacked(packed: usize, second: usize, i: usize, row: i64): void {
  store<i32>(packed + (i << 2), <i32>row)
  store<i32>(second + (i << 2), <i32>(row >> 32))
}

/**
 * Packs every pixel, and notes those without a level above packLevels' `highest`; returns how many these are. The others
 * have a negative fourth lane.
 */
export function findBelow(data: usize, count: i32, levels: usize, packed: usize, second: usize, offsets: usize): i32 {
  let found: usize = 0
  for (let i: usize = 0, p = data; i < <usize>count; i++, p += 3) {
    const row = redRow(levels, load<u8>(p)) | greenRow(levels, load<u8>(p, 1)) | blueRow(levels, load<u8>(p, 2))
    storePacked(packed, second, i, row)
    store<i32>(offsets + (found << 2), <i32>(p - data))
    found += <usize>(~row >>> 63)
  }
  return <i32>found
}

/** Packs every pixel; all but the `found` at `offsets` get a negative fourth lane. `levels` with a `highest` of 255. */
export function packFound(
  data: usize, count: i32, levels: usize, offsets: usize, found: i32, packed: usize, second: usize,
): void {
  for (let i: usize = 0, p = data; i < <usize>count; i++, p += 3) {
    const row = redRow(levels, load<u8>(p)) | greenRow(levels, load<u8>(p, 1)) | blueRow(levels, load<u8>(p, 2))
    storePacked(packed, second, i, row | (<i64>0x8000 << 48))
  }
  for (let i = 0; i < found; i++) {
    const slot = second + (<usize>(load<i32>(offsets + (<usize>i << 2)) / 3) << 2)
    store<i32>(slot, load<i32>(slot) & 0xffff)
  }
}

/**
 * Notes and packs, one after the other, the pixels whose densities sum to `least` and whose levels sum to `darkest` at least; returns
 * how many. Steps of densities that sum to `sure` are enough, to less than `unsure` not: between them densities decide.
 */
export function findDense(
  data: usize, count: i32, tables: usize, levels: usize, least: f64, darkest: i32, unsure: i32, sure: i32,
  packed: usize, second: usize, offsets: usize,
): i32 {
  let found: usize = 0
  for (let i = 0, p = data; i < count; i++, p += 3) {
    const r = <u32>load<u8>(p)
    const g = <u32>load<u8>(p, 1)
    const b = <u32>load<u8>(p, 2)
    const row = redRow(levels, r) + greenRow(levels, g) + blueRow(levels, b)
    storePacked(packed, second, found, row)
    store<i32>(offsets + (found << 2), <i32>(p - data))
    // The third lane of the product is the sum of all three.
    const steps = <i32>(((row & 0xffffffffffff) * 0x100010001) >>> 32) & 0xffff
    let isDense = i32(steps >= sure)
    if (i32(steps >= unsure) > isDense) {
      isDense = i32(density(tables, 0, r) + density(tables, 1, g) + density(tables, 2, b) >= least)
    }
    found += <usize>(isDense & i32(<i32>(row >>> 48) >= darkest))
  }
  return <i32>found
}

/** Sums of x y z and xx xy xz yy yz zz, densities less (x0, y0, z0), to `out`. */
export function sumMoments(data: usize, offsets: usize, count: i32, tables: usize, x0: f64, y0: f64, z0: f64, out: usize): void {
  let xy = f64x2.splat(0)
  let z_ = f64x2.splat(0)
  let xxxy = f64x2.splat(0)
  let xzyz = f64x2.splat(0)
  let yy: f64 = 0
  let zz: f64 = 0
  for (let i = 0; i < count; i++) {
    const p = at(data, offsets, i)
    const x = density(tables, 0, load<u8>(p)) - x0
    const y = density(tables, 1, load<u8>(p, 1)) - y0
    const z = density(tables, 2, load<u8>(p, 2)) - z0
    const v = f64x2.replace_lane(f64x2.splat(x), 1, y)
    xy = f64x2.add(xy, v)
    z_ = f64x2.add(z_, f64x2.splat(z))
    xxxy = f64x2.add(xxxy, f64x2.mul(f64x2.splat(x), v))
    xzyz = f64x2.add(xzyz, f64x2.mul(f64x2.splat(z), v))
    yy += y * y
    zz += z * z
  }
  store<f64>(out, f64x2.extract_lane(xy, 0))
  store<f64>(out, f64x2.extract_lane(xy, 1), 8)
  store<f64>(out, f64x2.extract_lane(z_, 0), 16)
  store<f64>(out, f64x2.extract_lane(xxxy, 0), 24)
  store<f64>(out, f64x2.extract_lane(xxxy, 1), 32)
  store<f64>(out, f64x2.extract_lane(xzyz, 0), 40)
  store<f64>(out, yy, 48)
  store<f64>(out, f64x2.extract_lane(xzyz, 1), 56)
  store<f64>(out, zz, 64)
}

/**
 * What two linear forms make of every level of every channel: rows of two f64, 256 a channel. `forms`: x y z of
 * each in turn (xa xb ya yb za zb).
 */
export function multiplyForms(tables: usize, forms: usize, products: usize): void {
  for (let channel = 0; channel < 3; channel++) {
    const form = v128.load(forms + (<usize>channel << 4))
    for (let level = 0; level < 256; level++) {
      v128.store(products, f64x2.mul(splat(tables, channel, level), form))
      products += 16
    }
  }
}
@inline
function formsAt(products: usize, p: usize): v128 {
  return f64x2.add(
    f64x2.add(v128.load(products + (<usize>load<u8>(p) << 4)), v128.load(products + (<usize>load<u8>(p, 1) << 4), 4096)),
    v128.load(products + (<usize>load<u8>(p, 2) << 4), 8192),
  )
}

/** Both forms of `size` pixels at even steps through the `count`, to `outA` and `outB`. */
export function sampleForms(
  data: usize, offsets: usize, count: i32, size: i32, products: usize, outA: usize, outB: usize,
): void {
  for (let i = 0; i < size; i++) {
    const value = formsAt(products, at(data, offsets, <i32>((<i64>i * count) / size)))
    v128.store64_lane(outA + (<usize>i << 3), value, 0)
    v128.store64_lane(outB + (<usize>i << 3), value, 1)
  }
}

/**
 * Marks packed pixels whose two integer forms exceed `overA` and `overB`: a bit each in `marksA` and `marksB`, whole words of 64,
 * without the bits beyond `count`. `forms`: four i16 each, to be multiplied with the packed lanes.
 */
export function markForms(
  packed: usize, second: usize, count: i32, forms: usize, overA: i32, overB: i32, marksA: usize, marksB: usize,
): void {
  const a1 = v128.load32_splat(forms)
  const a2 = v128.load32_splat(forms, 4)
  const b1 = v128.load32_splat(forms, 8)
  const b2 = v128.load32_splat(forms, 12)
  const a = i32x4.splat(overA)
  const b = i32x4.splat(overB)
  let left = count
  for (; left > 0; left -= 64) {
    for (let part: usize = 0; part < 8; part += 2) {
      const p0 = v128.load(packed)
      const p1 = v128.load(packed, 16)
      const p2 = v128.load(packed, 32)
      const p3 = v128.load(packed, 48)
      const q0 = v128.load(second)
      const q1 = v128.load(second, 16)
      const q2 = v128.load(second, 32)
      const q3 = v128.load(second, 48)
      packed += 64
      second += 64
      store<u16>(marksA + part, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(
        i16x8.narrow_i32x4_s(exceeds(p0, q0, a1, a2, a), exceeds(p1, q1, a1, a2, a)),
        i16x8.narrow_i32x4_s(exceeds(p2, q2, a1, a2, a), exceeds(p3, q3, a1, a2, a)),
      )))
      store<u16>(marksB + part, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(
        i16x8.narrow_i32x4_s(exceeds(p0, q0, b1, b2, b), exceeds(p1, q1, b1, b2, b)),
        i16x8.narrow_i32x4_s(exceeds(p2, q2, b1, b2, b), exceeds(p3, q3, b1, b2, b)),
      )))
    }
    if (left < 64) {
      const valid = ((<i64>1) << left) - 1
      store<i64>(marksA, load<i64>(marksA) & valid)
      store<i64>(marksB, load<i64>(marksB) & valid)
    }
    marksA += 8
    marksB += 8
  }
}
@inline
function exceeds(p: v128, q: v128, first: v128, last: v128, over: v128): v128 {
  return i32x4.gt_s(i32x4.add(i32x4.dot_i16x8_s(p, first), i32x4.dot_i16x8_s(q, last)), over)
}
@inline
function formAt(products: usize, p: usize): f64 {
  return load<f64>(products + (<usize>load<u8>(p) << 4))
    + load<f64>(products + (<usize>load<u8>(p, 1) << 4), 4096)
    + load<f64>(products + (<usize>load<u8>(p, 2) << 4), 8192)
}

/** Values of one form (its products: the first, or the second 8 bytes on) at or over `over` of marked pixels; returns how many. */
export function takeForms(
  data: usize, offsets: usize, count: i32, marks: usize, products: usize, over: f64, out: usize,
): i32 {
  let slot = out
  for (let start = 0; start < count; start += 64, marks += 8) {
    for (let word = load<i64>(marks); word; word &= word - 1) {
      const value = formAt(products, at(data, offsets, start + <i32>ctz(word)))
      store<f64>(slot, value)
      slot += <usize>i32(value >= over) << 3
    }
  }
  return <i32>((slot - out) >> 3)
}

/**
 * Ratios of the first form to the second of marked pixels: those over `bound`, or with `isBelow` those not over it. The second
 * form is positive on every pixel. Returns how many.
 */
export function takeRatios(
  data: usize, offsets: usize, count: i32, marks: usize, products: usize, bound: f64, isBelow: i32, out: usize,
): i32 {
  let slot = out
  for (let start = 0; start < count; start += 64, marks += 8) {
    for (let word = load<i64>(marks); word; word &= word - 1) {
      const p = at(data, offsets, start + <i32>ctz(word))
      const first = formAt(products, p)
      const second = formAt(products + 8, p)
      store<f64>(slot, first / second)
      slot += <usize>(i32(first > bound * second) ^ isBelow) << 3
    }
  }
  return <i32>((slot - out) >> 3)
}

/**
 * Adds the second form of every pixel, among those marked in either, whose ratio of both is over `above`, or not over `below`, to
 * the bin of that ratio: `bins` bins from -1 to 1, what lies beyond in the first and the last. The second form is positive on every pixel.
 */
export function weighRatios(
  data: usize, offsets: usize, count: i32, marksA: usize, marksB: usize, products: usize, above: f64, below: f64,
  bins: i32, weights: usize,
): void {
  const half = <f64>bins / 2
  const last = bins - 1
  for (let start = 0; start < count; start += 64, marksA += 8, marksB += 8) {
    for (let word = load<i64>(marksA) | load<i64>(marksB); word; word &= word - 1) {
      const value = formsAt(products, at(data, offsets, start + <i32>ctz(word)))
      const first = f64x2.extract_lane(value, 0)
      const weight = f64x2.extract_lane(value, 1)
      if (i32(first > above * weight) | i32(!(first > below * weight))) {
        const place = <i32>min(<f64>last, max(0, (first / weight + 1) * half))
        const slot = weights + (<usize>place << 3)
        store<f64>(slot, load<f64>(slot) + weight)
      }
    }
  }
}

/** The value of `rank` (0 the smallest) among `count` f64; reorders them, nothing smaller stays behind that rank. None is NaN. */
export function select(values: usize, count: i32, rank: i32): f64 {
  const goal = values + (<usize>rank << 3)
  let left = values
  let right = values + (<usize>count << 3)
  while (right - left > 8) {
    const a = load<f64>(left)
    const b = load<f64>(left + ((right - left) >> 4 << 3))
    const c = load<f64>(right - 8)
    const lower = b < a ? b : a
    const higher = b < a ? a : b
    const bounded = c < higher ? c : higher
    const pivot = bounded < lower ? lower : bounded
    const firstEqual = part(left, right, pivot, false)
    if (goal < firstEqual) {
      right = firstEqual
      continue
    }
    const firstHigher = part(firstEqual, right, pivot, true)
    if (goal < firstHigher) return pivot
    left = firstHigher
  }
  return load<f64>(left)
}
// Brings the values below `pivot` (or, with `isEqual`, those that equal it: none is below) to the front; returns where they end. Without a branch,
// since its outcome could not be foretold.
@inline
function part(left: usize, right: usize, pivot: f64, isEqual: bool): usize {
  let end = left
  for (let i = left; i < right; i += 8) {
    const value = load<f64>(i)
    store<f64>(i, load<f64>(end))
    store<f64>(end, value)
    end += <usize>(isEqual ? i32(value <= pivot) : i32(value < pivot)) << 3
  }
  return end
}

/** The least of `count` >= 1 f64. */
export function least(values: usize, count: i32): f64 {
  let found = load<f64>(values)
  for (let i = values + 8, end = values + (<usize>count << 3); i < end; i += 8) {
    const value = load<f64>(i)
    found = value < found ? value : found
  }
  return found
}

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
export function fillFactors(tables: usize, powers: usize, singles: usize, factors: usize): void {
  for (let input = 0; input < 3; input++) {
    const redGreen = v128.load(powers + (<usize>input << 5))
    const blue = v128.load(powers + (<usize>input << 5), 16)
    const levels = input == 0 ? v128.load(singles) : f32x4.splat(1)
    for (let level = 0; level < 256; level++) {
      const d = splat(tables, input, level)
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
      v128.store(factors, v128.any_true(isFar) ? f32x4.splat(NaN) : factor)
      factors += 16
    }
  }
}

/**
 * Products of three factors a channel, cut at 255 and truncated, in place. Where those in f32 are so near to a whole number that they
 * do not tell, or NaN, the byte is that of exp in f64. `map`: for each input three weights (to red, green, blue) in f64,
 * then the three levels.
 */
export function multiplyTables(
  data: usize, offsets: usize, count: i32, factors: usize, tables: usize, map: usize,
): void {
  let i = 0
  for (; i < (count & ~3); i += 4) {
    const p0 = at(data, offsets, i)
    const p1 = at(data, offsets, i + 1)
    const p2 = at(data, offsets, i + 2)
    const p3 = at(data, offsets, i + 3)
    const light0 = lightOf(p0, factors)
    const light1 = lightOf(p1, factors)
    const light2 = lightOf(p2, factors)
    const light3 = lightOf(p3, factors)
    const low0 = roundBelow(light0)
    const low1 = roundBelow(light1)
    const low2 = roundBelow(light2)
    const low3 = roundBelow(light3)
    const unclear = v128.or(
      v128.or(f32x4.ne(low0, roundAbove(light0)), f32x4.ne(low1, roundAbove(light1))),
      v128.or(f32x4.ne(low2, roundAbove(light2)), f32x4.ne(low3, roundAbove(light3))),
    )
    if (i32x4.bitmask(unclear)) {
      writePixel(p0, factors, tables, map)
      writePixel(p1, factors, tables, map)
      writePixel(p2, factors, tables, map)
      writePixel(p3, factors, tables, map)
    } else {
      storePixel(p0, low0)
      storePixel(p1, low1)
      storePixel(p2, low2)
      storePixel(p3, low3)
    }
  }
  for (; i < count; i++) writePixel(at(data, offsets, i), factors, tables, map)
}
// A pixel's levels, held just above 255 at most.
@inline
function lightOf(p: usize, factors: usize): v128 {
  const r = v128.load(factors + (<usize>load<u8>(p) << 4))
  const g = v128.load(factors + (<usize>load<u8>(p, 1) << 4), 4096)
  const b = v128.load(factors + (<usize>load<u8>(p, 2) << 4), 8192)
  return f32x4.pmin(f32x4.mul(f32x4.mul(r, g), b), f32x4.splat(255.25))
}
// Truncated after a little is taken away, and after it is added: where both are the same, so is what lies between. Errors are
// below 2^-12: 6e-7 of 256, and roundings.
@inline
function roundBelow(light: v128): v128 {
  return f32x4.add(f32x4.sub(light, f32x4.splat(0.500244140625)), f32x4.splat(wholeSingle))
}
@inline
function roundAbove(light: v128): v128 {
  return f32x4.add(f32x4.sub(light, f32x4.splat(0.499755859375)), f32x4.splat(wholeSingle))
}
@inline
function storePixel(p: usize, rounded: v128): void {
  v128.store8_lane(p, rounded, 0)
  v128.store8_lane(p, rounded, 4, 1)
  v128.store8_lane(p, rounded, 8, 2)
}
function writePixel(p: usize, factors: usize, tables: usize, map: usize): void {
  const light = lightOf(p, factors)
  const low = roundBelow(light)
  if (i32x4.bitmask(f32x4.ne(low, roundAbove(light)))) writeExactly(p, tables, map)
  else storePixel(p, low)
}
function writeExactly(p: usize, tables: usize, map: usize): void {
  const r = splat(tables, 0, load<u8>(p))
  const g = splat(tables, 1, load<u8>(p, 1))
  const b = splat(tables, 2, load<u8>(p, 2))
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

/** Counts the levels of every `step`th pixel: 256 i32 a channel, to be zero before. */
export function countLevels(data: usize, count: i32, step: i32, histograms: usize): void {
  const stride = <usize>step * 3
  for (let p = data, end = data + <usize>count * 3; p < end; p += stride) {
    const r = histograms + (<usize>load<u8>(p) << 2)
    const g = histograms + (<usize>load<u8>(p, 1) << 2)
    const b = histograms + (<usize>load<u8>(p, 2) << 2)
    store<i32>(r, load<i32>(r) + 1)
    store<i32>(g, load<i32>(g, 1024) + 1, 1024)
    store<i32>(b, load<i32>(b, 2048) + 1, 2048)
  }
}

