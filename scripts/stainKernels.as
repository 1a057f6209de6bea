// The inner loops of the stain methods in AssemblyScript, compiled to WebAssembly with SIMD by
// scripts/buildStainKernels.sh. All arguments that are addresses are byte offsets into the one memory.
// `offsets`: byte offsets of pixels (i32),
// counted from `data`; 0 stands for all pixels in order.

// @ts-nocheck

// Where tables lie (the same as tablePlaces in src/stain/kernels.ts): being constant saves an addition a look-up.
/** Three tables of 256 densities (f64), red, green, blue. */
export const tables: usize = 0
/** The same, less those of one pixel. */
export const centred: usize = 6144
/** The same as integers: see packLevels. */
export const levels: usize = 12288
/** What two linear forms make of each level (two f64): see multiplyForms. */
export const products: usize = 18432
/** Factors of what is rebuilt (four f32): see fillFactors. */
export const factors: usize = 30720
/** Where tables end. */
export const tablesEnd: usize = 43008

@inline
function at(data: usize, offsets: usize, i: i32): usize {
  return data + (offsets ? <usize>load<i32>(offsets + (<usize>i << 2)) : <usize>i * 3)
}
@inline
function density(channel: i32, level: u32): f64 {
  return load<f64>(tables + (<usize>level << 3) + (<usize>channel << 11))
}
@inline
function splat(channel: i32, level: u32): v128 {
  return v128.load64_splat(tables + (<usize>level << 3) + (<usize>channel << 11))
}

/**
 * A channel's densities as integers, for the marking of pixels: a row of four i16 for each level, the density in steps
 * of 1 / `scale` in the channel's own lane. The fourth lane is -32768 in levels above `highest`; beyond 255 that is the
 * density again.
 */
export function packLevels(channel: i32, scale: f64, highest: i32): void {
  let row = levels + (<usize>channel << 11)
  for (let level = 0; level < 256; level++) {
    const steps = <i64>Math.floor(density(channel, level) * scale + 0.5) & 0xffff
    const fourth: i64 = highest > 255 ? steps : level > highest ? 0x8000 : 0
    store<i64>(row, (steps << (<i64>channel << 4)) | (fourth << 48))
    row += 8
  }
}
// The rows of a pixel's levels added: the fourth lane is the sum of theirs.
@inline
function rowAt(p: usize): i64 {
  return load<i64>(<usize>load<u8>(p) << 3, levels)
    + load<i64>(<usize>load<u8>(p, 1) << 3, levels + 2048)
    + load<i64>(<usize>load<u8>(p, 2) << 3, levels + 4096)
}
// The same merged bit by bit: the fourth lane has the flag that any of theirs has.
@inline
function mergedAt(p: usize): i64 {
  return load<i64>(<usize>load<u8>(p) << 3, levels)
    | load<i64>(<usize>load<u8>(p, 1) << 3, levels + 2048)
    | load<i64>(<usize>load<u8>(p, 2) << 3, levels + 4096)
}

/**
 * Packs every pixel, and notes those without a level above packLevels' `highest`; returns how many these are. The others
 * have a negative fourth lane. Four pixels a step.
 */
export function findBelow(data: usize, count: i32, packed: usize, offsets: usize): i32 {
  const end = data + <usize>count * 3
  let slot = offsets
  let p = data
  for (const last = end - 9; p < last; p += 12, packed += 32) {
    slot = noteBelow(p, data, packed, slot)
    slot = noteBelow(p + 3, data, packed + 8, slot)
    slot = noteBelow(p + 6, data, packed + 16, slot)
    slot = noteBelow(p + 9, data, packed + 24, slot)
  }
  for (; p < end; p += 3, packed += 8) slot = noteBelow(p, data, packed, slot)
  return <i32>((slot - offsets) >> 2)
}
@inline
function noteBelow(p: usize, data: usize, packed: usize, slot: usize): usize {
  const row = mergedAt(p)
  store<i64>(packed, row)
  store<i32>(slot, <i32>(p - data))
  return slot + (<usize>(~row >>> 61) & 4)
}

/** Packs every pixel; all but the `found` at `offsets` get a negative fourth lane. packLevels had a `highest` of 255. */
export function packFound(data: usize, count: i32, offsets: usize, found: i32, packed: usize): void {
  for (let i: usize = 0, p = data; i < <usize>count; i++, p += 3) {
    store<i64>(packed + (i << 3), mergedAt(p) | (<i64>0x8000 << 48))
  }
  for (let i = 0; i < found; i++) {
    store<u16>(packed + (<usize>(load<i32>(offsets + (<usize>i << 2)) / 3) << 3), 0, 6)
  }
}

/**
 * Notes and packs, one after the other, the pixels whose densities sum to `least` and whose levels sum to `darkest` at least; returns
 * how many. Steps of densities (the fourth lane) that sum to `sure` are enough, to less than `unsure` not; between them,
 * and from `dark` on, densities and levels decide.
 */
export function findDense(
  data: usize, count: i32, least: f64, darkest: i32, unsure: i32, sure: i32, dark: i32, packed: usize, offsets: usize,
): i32 {
  const end = data + <usize>count * 3
  const width = <u32>(sure - unsure)
  let slot: usize = 0
  let p = data
  for (const last = end - 9; p < last; p += 12) {
    slot = noteDense(p, data, least, darkest, unsure, sure, dark, width, packed, offsets, slot)
    slot = noteDense(p + 3, data, least, darkest, unsure, sure, dark, width, packed, offsets, slot)
    slot = noteDense(p + 6, data, least, darkest, unsure, sure, dark, width, packed, offsets, slot)
    slot = noteDense(p + 9, data, least, darkest, unsure, sure, dark, width, packed, offsets, slot)
  }
  for (; p < end; p += 3) {
    slot = noteDense(p, data, least, darkest, unsure, sure, dark, width, packed, offsets, slot)
  }
  return <i32>(slot >> 2)
}
// `slot` is the place among the offsets, in bytes.
@inline
function noteDense(
  p: usize, data: usize, least: f64, darkest: i32, unsure: i32, sure: i32, dark: i32, width: u32, packed: usize,
  offsets: usize, slot: usize,
): usize {
  const row = rowAt(p)
  store<i64>(packed + (slot << 1), row)
  store<i32>(offsets + slot, <i32>(p - data))
  const steps = <i32>(row >>> 48)
  if (i32(<u32>(steps - unsure) < width) | i32(steps >= dark)) return slot + (isDense(p, least, darkest) << 2)
  return slot + (<usize>i32(steps >= sure) << 2)
}
function isDense(p: usize, least: f64, darkest: i32): usize {
  const r = <u32>load<u8>(p)
  const g = <u32>load<u8>(p, 1)
  const b = <u32>load<u8>(p, 2)
  const sum = density(0, r) + density(1, g) + density(2, b)
  return <usize>(i32(sum >= least) & i32(<i32>(r + g + b) >= darkest))
}

/** Makes the centred tables: densities less (x0, y0, z0). */
export function centreTables(x0: f64, y0: f64, z0: f64): void {
  for (let place: usize = 0; place < 6144; place += 16) {
    const origin = place < 2048 ? x0 : place < 4096 ? y0 : z0
    v128.store(place, f64x2.sub(v128.load(place, tables), f64x2.splat(origin)), centred)
  }
}

/** Sums of x y z and xx xy xz yy yz zz of the centred densities, to `out`. */
export function sumMoments(data: usize, offsets: usize, count: i32, out: usize): void {
  let sumXY = f64x2.splat(0)
  let sumYZ = f64x2.splat(0)
  let xxxy = f64x2.splat(0)
  let xzyz = f64x2.splat(0)
  let yyzz = f64x2.splat(0)
  for (let i = offsets, end = offsets + (<usize>count << 2); i < end; i += 4) {
    const p = data + <usize>load<i32>(i)
    const xx = v128.load64_splat(<usize>load<u8>(p) << 3, centred)
    const zz = v128.load64_splat(<usize>load<u8>(p, 2) << 3, centred + 4096)
    const xy = v128.load64_lane(<usize>load<u8>(p, 1) << 3, xx, 1, centred + 2048)
    const yz = v128.shuffle<i64>(xy, zz, 1, 2)
    sumXY = f64x2.add(sumXY, xy)
    sumYZ = f64x2.add(sumYZ, yz)
    xxxy = f64x2.add(xxxy, f64x2.mul(xx, xy))
    xzyz = f64x2.add(xzyz, f64x2.mul(zz, xy))
    yyzz = f64x2.add(yyzz, f64x2.mul(yz, yz))
  }
  v128.store(out, sumXY)
  v128.store64_lane(out, sumYZ, 1, 16)
  v128.store(out, xxxy, 24)
  v128.store64_lane(out, xzyz, 0, 40)
  v128.store64_lane(out, yyzz, 0, 48)
  v128.store64_lane(out, xzyz, 1, 56)
  v128.store64_lane(out, yyzz, 1, 64)
}

/**
 * What two linear forms make of every level of every channel: rows of two f64, 256 a channel. `forms`: x y z of
 * each in turn (xa xb ya yb za zb).
 */
export function multiplyForms(forms: usize): void {
  let row = products
  for (let channel = 0; channel < 3; channel++) {
    const form = v128.load(forms + (<usize>channel << 4))
    for (let level = 0; level < 256; level++) {
      v128.store(row, f64x2.mul(splat(channel, level), form))
      row += 16
    }
  }
}
@inline
function formsAt(p: usize): v128 {
  return f64x2.add(
    f64x2.add(
      v128.load(<usize>load<u8>(p) << 4, products),
      v128.load(<usize>load<u8>(p, 1) << 4, products + 4096),
    ),
    v128.load(<usize>load<u8>(p, 2) << 4, products + 8192),
  )
}

/** Both forms of `size` pixels at even steps through the `count`, to `outA` and `outB`. */
export function sampleForms(
  data: usize, offsets: usize, count: i32, size: i32, outA: usize, outB: usize,
): void {
  for (let i = 0; i < size; i++) {
    const value = formsAt(at(data, offsets, <i32>((<i64>i * count) / size)))
    v128.store64_lane(outA + (<usize>i << 3), value, 0)
    v128.store64_lane(outB + (<usize>i << 3), value, 1)
  }
}

/**
 * Marks packed pixels whose two integer forms exceed `overA` and `overB`: a bit each in `marksA` and `marksB`, whole words of 64,
 * without the bits beyond `count`. `forms`: four i16 each, to be multiplied with the packed lanes.
 */
export function markForms(
  packed: usize, count: i32, forms: usize, overA: i32, overB: i32, marksA: usize, marksB: usize,
): void {
  const a = v128.load64_splat(forms)
  const b = v128.load64_splat(forms, 8)
  const boundA = i32x4.splat(overA)
  const boundB = i32x4.splat(overB)
  for (let left = count; left > 0; left -= 64, marksA += 8, marksB += 8) {
    for (let part: usize = 0; part < 8; part += 2, packed += 128) {
      store<u16>(marksA + part, marksOf(packed, a, boundA))
      store<u16>(marksB + part, marksOf(packed, b, boundB))
    }
    if (left < 64) {
      const valid = ((<i64>1) << left) - 1
      store<i64>(marksA, load<i64>(marksA) & valid)
      store<i64>(marksB, load<i64>(marksB) & valid)
    }
  }
}
// A bit for each of 16 pixels.
@inline
function marksOf(packed: usize, form: v128, bound: v128): u16 {
  return <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(
    i16x8.narrow_i32x4_s(exceeds(packed, form, bound), exceeds(packed + 32, form, bound)),
    i16x8.narrow_i32x4_s(exceeds(packed + 64, form, bound), exceeds(packed + 96, form, bound)),
  ))
}
@inline
function exceeds(packed: usize, form: v128, bound: v128): v128 {
  const first = i32x4.dot_i16x8_s(v128.load(packed), form)
  const last = i32x4.dot_i16x8_s(v128.load(packed, 16), form)
  const sums = i32x4.add(v128.shuffle<i32>(first, last, 0, 2, 4, 6), v128.shuffle<i32>(first, last, 1, 3, 5, 7))
  return i32x4.gt_s(sums, bound)
}
@inline
function formAt(lane: usize, p: usize): f64 {
  return load<f64>((<usize>load<u8>(p) << 4) + lane, products)
    + load<f64>((<usize>load<u8>(p, 1) << 4) + lane, products + 4096)
    + load<f64>((<usize>load<u8>(p, 2) << 4) + lane, products + 8192)
}

/** Values of one form (`lane`: 0 the first, 8 the second) at or over `over` of marked pixels; returns how many. */
export function takeForms(
  data: usize, offsets: usize, count: i32, marks: usize, lane: usize, over: f64, out: usize,
): i32 {
  let slot = out
  for (let start = 0; start < count; start += 64, marks += 8) {
    for (let word = load<i64>(marks); word; word &= word - 1) {
      const value = formAt(lane, at(data, offsets, start + <i32>ctz(word)))
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
  data: usize, offsets: usize, count: i32, marks: usize, bound: f64, isBelow: i32, out: usize,
): i32 {
  let slot = out
  for (let start = 0; start < count; start += 64, marks += 8) {
    for (let word = load<i64>(marks); word; word &= word - 1) {
      const p = at(data, offsets, start + <i32>ctz(word))
      const first = formAt(0, p)
      const second = formAt(8, p)
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
  data: usize, offsets: usize, count: i32, marksA: usize, marksB: usize, above: f64, below: f64,
  bins: i32, weights: usize,
): void {
  const half = <f64>bins / 2
  const last = bins - 1
  for (let start = 0; start < count; start += 64, marksA += 8, marksB += 8) {
    for (let word = load<i64>(marksA) | load<i64>(marksB); word; word &= word - 1) {
      const value = formsAt(at(data, offsets, start + <i32>ctz(word)))
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

