// Reinhard's inner loops in AssemblyScript: CIELAB by tables. See stainKernels.as for how arguments are meant.

// @ts-nocheck

@inline
function at(data: usize, offsets: usize, i: i32): usize {
  return data + (offsets ? <usize>load<i32>(offsets + (<usize>i << 2)) : <usize>i * 3)
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
