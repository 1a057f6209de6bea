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

/** Pixels none of whose channels is at `above` or higher; returns how many. */
export function findBelow(data: usize, count: i32, above: i32, offsets: usize): i32 {
  let found = 0
  for (let i = 0, p = data; i < count; i++, p += 3) {
    store<i32>(offsets + (<usize>found << 2), <i32>(p - data))
    const bits = (<i32>load<u8>(p) - above) & (<i32>load<u8>(p, 1) - above) & (<i32>load<u8>(p, 2) - above)
    found += bits >>> 31
  }
  return found
}

/** Pixels whose densities sum to `least` and whose levels sum to `darkest` at least; returns how many. */
export function findDense(data: usize, count: i32, tables: usize, least: f64, darkest: i32, offsets: usize): i32 {
  let found = 0
  for (let i = 0, p = data; i < count; i++, p += 3) {
    const r = <u32>load<u8>(p)
    const g = <u32>load<u8>(p, 1)
    const b = <u32>load<u8>(p, 2)
    store<i32>(offsets + (<usize>found << 2), <i32>(p - data))
    const sum = density(tables, 0, r) + density(tables, 1, g) + density(tables, 2, b)
    found += i32(sum >= least) & i32(<i32>(r + g + b) >= darkest)
  }
  return found
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
 * Values of the first form at or over `overA` go to `outA`, of the second at or over `overB` to `outB`. Returns
 * both counts, the second in the upper half.
 */
export function collectForms(
  data: usize, offsets: usize, count: i32, products: usize, overA: f64, overB: f64, outA: usize, outB: usize,
): i64 {
  const over = f64x2.replace_lane(f64x2.splat(overA), 1, overB)
  let a: usize = outA
  let b: usize = outB
  for (let i = 0; i < count; i++) {
    const value = formsAt(products, at(data, offsets, i))
    const bits = i64x2.bitmask(f64x2.ge(value, over))
    if (bits) {
      if (bits & 1) {
        v128.store64_lane(a, value, 0)
        a += 8
      }
      if (bits & 2) {
        v128.store64_lane(b, value, 1)
        b += 8
      }
    }
  }
  return (<i64>((b - outB) >> 3) << 32) | <i64>((a - outA) >> 3)
}

/**
 * Ratios of the first form to the second beyond two bounds: those over `above` to `outA`, those not over `below` to
 * `outB`. The second form is positive on every pixel. Returns counts as collectForms.
 */
export function collectRatios(
  data: usize, offsets: usize, count: i32, products: usize, above: f64, below: f64, outA: usize, outB: usize,
): i64 {
  const bounds = f64x2.replace_lane(f64x2.splat(above), 1, below)
  let a: usize = outA
  let b: usize = outB
  for (let i = 0; i < count; i++) {
    const value = formsAt(products, at(data, offsets, i))
    const first = v128.shuffle<i64>(value, value, 0, 0)
    const second = v128.shuffle<i64>(value, value, 1, 1)
    const bits = i64x2.bitmask(f64x2.gt(first, f64x2.mul(bounds, second)))
    if (bits != 2) {
      const ratio = f64x2.extract_lane(value, 0) / f64x2.extract_lane(value, 1)
      if (bits & 1) {
        store<f64>(a, ratio)
        a += 8
      } else {
        store<f64>(b, ratio)
        b += 8
      }
    }
  }
  return (<i64>((b - outB) >> 3) << 32) | <i64>((a - outA) >> 3)
}

/**
 * Adds the second form of every pixel whose ratio of both is over `above`, or not over `below`, to the bin of that
 * ratio: `bins` bins from -1 to 1, what lies beyond in the first and the last. The second form is positive on every pixel.
 */
export function weighRatios(
  data: usize, offsets: usize, count: i32, products: usize, above: f64, below: f64, bins: i32, weights: usize,
): void {
  const half = <f64>bins / 2
  const last = <f64>bins - 1
  const bounds = f64x2.replace_lane(f64x2.splat(above), 1, below)
  for (let i = 0; i < count; i++) {
    const value = formsAt(products, at(data, offsets, i))
    const first = v128.shuffle<i64>(value, value, 0, 0)
    const second = v128.shuffle<i64>(value, value, 1, 1)
    if (i64x2.bitmask(f64x2.gt(first, f64x2.mul(bounds, second))) != 2) {
      const weight = f64x2.extract_lane(value, 1)
      const place = (f64x2.extract_lane(value, 0) / weight + 1) * half
      const slot = weights + (<usize><i32>min(last, max(0, place)) << 3)
      store<f64>(slot, load<f64>(slot) + weight)
    }
  }
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

/**
 * Factors for multiplyTables: level exp(-map density), the output's level going to the red input. `map`: nine f64, row k for
 * output k, then three levels. Two levels of a table are worked on at a time.
 */
export function fillFactors(tables: usize, map: usize, factors: usize): void {
  for (let input = 0; input < 3; input++) {
    const w = map + (<usize>input << 3)
    const weights = f64x2.neg(f64x2.replace_lane(f64x2.splat(load<f64>(w)), 1, load<f64>(w, 24)))
    const third = f64x2.splat(-load<f64>(w, 48))
    const isFirst = input == 0
    const levels = isFirst ? v128.load(map, 72) : f64x2.splat(1)
    const thirdLevel = isFirst ? v128.load64_splat(map, 88) : f64x2.splat(1)
    for (let level = 0; level < 256; level += 2) {
      const a = splat(tables, input, level)
      const b = splat(tables, input, level + 1)
      const last = f64x2.mul(thirdLevel, exp(f64x2.mul(third, v128.shuffle<i64>(a, b, 0, 2))))
      v128.store(factors, f64x2.mul(levels, exp(f64x2.mul(weights, a))))
      v128.store64_lane(factors + 16, last, 0)
      v128.store(factors + 24, f64x2.mul(levels, exp(f64x2.mul(weights, b))))
      v128.store64_lane(factors + 40, last, 1)
      factors += 48
    }
  }
}

/**
 * Products of three factors a channel, cut at 255 and truncated. `factors`: for each input channel 256 rows of
 * three f64 (red, green, blue).
 */
export function multiplyTables(data: usize, offsets: usize, count: i32, factors: usize, out: usize): void {
  const shift = out - data
  if (offsets) {
    for (let i = offsets, end = offsets + (<usize>count << 2); i < end; i += 4) {
      const p = data + <usize>load<i32>(i)
      multiplyPixel(p, p + shift, factors)
    }
  } else {
    for (let p = data, end = data + <usize>count * 3; p < end; p += 3) multiplyPixel(p, p + shift, factors)
  }
}
@inline
function multiplyPixel(p: usize, q: usize, factors: usize): void {
  const r = factors + <usize>load<u8>(p) * 24
  const g = factors + <usize>load<u8>(p, 1) * 24
  const b = factors + <usize>load<u8>(p, 2) * 24
  const first = f64x2.mul(f64x2.mul(v128.load(r), v128.load(g, 6144)), v128.load(b, 12288))
  // The second lane is what follows the blue factor and is not used.
  const second = f64x2.mul(f64x2.mul(v128.load(r, 16), v128.load(g, 6160)), v128.load(b, 12304))
  const rg = truncate(first)
  v128.store8_lane(q, rg, 0)
  v128.store8_lane(q, rg, 8, 1)
  v128.store8_lane(q, truncate(second), 0, 2)
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

/**
 * fy, fx - fy and fy - fz (f32) of every pixel to `roots`: differences are taken before they are rounded.
 * `linear`: for each input channel 256 rows of three f64 (x, y, z) in steps of the root table; `table`: pairs
 * of f64, value and rise to the next.
 */
export function lookUpRoots(data: usize, offsets: usize, count: i32, linear: usize, table: usize, roots: usize): void {
  for (let i = 0; i < count; i++) {
    const p = at(data, offsets, i)
    const r = linear + <usize>load<u8>(p) * 24
    const g = linear + 6144 + <usize>load<u8>(p, 1) * 24
    const b = linear + 12288 + <usize>load<u8>(p, 2) * 24
    const xy = f64x2.add(f64x2.add(v128.load(r), v128.load(g)), v128.load(b))
    const fx = root(table, f64x2.extract_lane(xy, 0))
    const fy = root(table, f64x2.extract_lane(xy, 1))
    const fz = root(table, load<f64>(r, 16) + load<f64>(g, 16) + load<f64>(b, 16))
    const q = roots + <usize>i * 12
    store<f32>(q, <f32>fy)
    store<f32>(q, <f32>(fx - fy), 4)
    store<f32>(q, <f32>(fy - fz), 8)
  }
}
@inline
function root(table: usize, t: f64): f64 {
  const index = <i32>t
  const pair = table + (<usize>index << 4)
  return load<f64>(pair) + load<f64>(pair, 8) * (t - <f64>index)
}

/** Sums of the three roots less (y0, a0, b0), and of their squares, to `out`. */
export function sumRoots(roots: usize, count: i32, y0: f64, a0: f64, b0: f64, out: usize): void {
  let v1: f64 = 0
  let v2: f64 = 0
  let ab = f64x2.splat(0)
  let ab2 = f64x2.splat(0)
  const origin = f64x2.replace_lane(f64x2.splat(a0), 1, b0)
  for (let i = 0, p = roots; i < count; i++, p += 12) {
    const v = <f64>load<f32>(p) - y0
    const both = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(p, 4)), origin)
    v1 += v
    v2 += v * v
    ab = f64x2.add(ab, both)
    ab2 = f64x2.add(ab2, f64x2.mul(both, both))
  }
  store<f64>(out, v1)
  store<f64>(out, f64x2.extract_lane(ab, 0), 8)
  store<f64>(out, f64x2.extract_lane(ab, 1), 16)
  store<f64>(out, v2, 24)
  store<f64>(out, f64x2.extract_lane(ab2, 0), 32)
  store<f64>(out, f64x2.extract_lane(ab2, 1), 40)
}

/**
 * Writes roots back as bytes. `constants` (f32x4 each): gains of fy, fx - fy, fy - fz; shifts; then the three
 * columns of the matrix from XYZ to linear RGB in steps of the gamma table.
 */
export function writeRoots(
  roots: usize, data: usize, offsets: usize, count: i32, constants: usize, bytes: usize, steps: i32, out: usize,
): void {
  const gainL = load<f32>(constants)
  const gainA = load<f32>(constants, 4)
  const gainB = load<f32>(constants, 8)
  const shiftL = load<f32>(constants, 16)
  const shiftA = load<f32>(constants, 20)
  const shiftB = load<f32>(constants, 24)
  const columnX = v128.load(constants, 32)
  const columnY = v128.load(constants, 48)
  const columnZ = v128.load(constants, 64)
  const edge = f32x4.splat(0.2068966)
  const zero = i32x4.splat(0)
  const last = i32x4.splat(steps)
  for (let i = 0, p = roots; i < count; i++, p += 12) {
    const y = gainL * load<f32>(p) + shiftL
    const x = y + gainA * load<f32>(p, 4) + shiftA
    const z = y - gainB * load<f32>(p, 8) - shiftB
    const f = f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(x), 1, y), 2, z)
    const cubes = f32x4.mul(f32x4.mul(f, f), f)
    const lines = f32x4.mul(f32x4.sub(f, f32x4.splat(<f32>(16.0 / 116.0))), f32x4.splat(<f32>(1 / 7.787)))
    const xyz = v128.bitselect(cubes, lines, f32x4.gt(f, edge))
    const rgb = f32x4.add(
      f32x4.add(
        f32x4.mul(columnX, f32x4.splat(f32x4.extract_lane(xyz, 0))),
        f32x4.mul(columnY, f32x4.splat(f32x4.extract_lane(xyz, 1))),
      ),
      f32x4.mul(columnZ, f32x4.splat(f32x4.extract_lane(xyz, 2))),
    )
    const index = i32x4.min_s(last, i32x4.max_s(zero, i32x4.trunc_sat_f32x4_s(rgb)))
    const q = out + (offsets ? <usize>load<i32>(offsets + (<usize>i << 2)) : <usize>i * 3)
    store<u8>(q, load<u8>(bytes + <usize>i32x4.extract_lane(index, 0)))
    store<u8>(q, load<u8>(bytes + <usize>i32x4.extract_lane(index, 1)), 1)
    store<u8>(q, load<u8>(bytes + <usize>i32x4.extract_lane(index, 2)), 2)
  }
}
