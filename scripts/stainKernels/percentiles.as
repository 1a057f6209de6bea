// Linear forms of densities beyond a bound, and the selection of ranks.

// @ts-nocheck

import { at, products, splat } from './common'

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
