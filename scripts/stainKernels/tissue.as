// Tissue pixels: found, packed as integers, summed.

// @ts-nocheck

import { centred, density, levels, tables } from './common'

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
