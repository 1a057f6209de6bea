// What the kernels share. All arguments that are addresses are byte offsets into the one memory. `offsets`: byte offsets of
// pixels (i32), counted from `data`; 0 stands for all pixels in order.

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
export function at(data: usize, offsets: usize, i: i32): usize {
  return data + (offsets ? <usize>load<i32>(offsets + (<usize>i << 2)) : <usize>i * 3)
}
@inline
export function density(channel: i32, level: u32): f64 {
  return load<f64>(tables + (<usize>level << 3) + (<usize>channel << 11))
}
@inline
export function splat(channel: i32, level: u32): v128 {
  return v128.load64_splat(tables + (<usize>level << 3) + (<usize>channel << 11))
}
