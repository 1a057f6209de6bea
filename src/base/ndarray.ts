// An n-dimensional array: row-major data, a shape and a dtype. Plain data, no views, no methods.

import { ShapeError } from './errors.ts'

/** Element types, by their NumPy-like short names. */
export interface DtypeArrays {
  f32: Float32Array
  f64: Float64Array
  i32: Int32Array
  i64: BigInt64Array
  i8: Int8Array
  u8: Uint8Array
  bool: Uint8Array
}
export type Dtype = keyof DtypeArrays

/** The typed array of each element type. */
export const arrayTypes: {
  readonly [D in Dtype]: { new (buffer: ArrayBuffer): DtypeArrays[D]; readonly BYTES_PER_ELEMENT: number }
} = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  i64: BigInt64Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
}

/** Row-major values of `shape`; `data.length` is the product of `shape`. */
export interface NdArray<D extends Dtype = Dtype> {
  readonly dtype: D
  readonly shape: readonly number[]
  readonly data: DtypeArrays[D]
}

/** The number of elements of a shape (1 for a scalar's `[]`). */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, side) => size * side, 1)
}

/** The number of values of arrays of these shapes together. */
export function countValues(shapes: Iterable<readonly number[]>): number {
  let count = 0
  for (const shape of shapes) count += sizeOf(shape)
  return count
}

/** An array over existing data. Throws ShapeError where the length does not fit. */
export function ndarray<D extends Dtype>(
  dtype: D,
  shape: readonly number[],
  data: DtypeArrays[D],
): NdArray<D> {
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError({
      where: 'ndarray',
      expected: `${sizeOf(shape)} values for [${shape}]`,
      got: `${data.length}`,
    })
  }
  return { dtype, shape, data }
}

/** A float32 array, filled with zeros where no data is given. */
export function f32(shape: readonly number[], data?: ArrayLike<number>): NdArray<'f32'> {
  const values =
    data instanceof Float32Array ? data : data ? Float32Array.from(data) : new Float32Array(sizeOf(shape))
  return ndarray('f32', shape, values)
}

/** Copies an array of `shape`, whose axes lie `strides` values apart in `from`, to `into`, row-major. */
export function gatherStrided<T extends number | bigint>(
  from: { readonly [i: number]: T },
  shape: readonly number[],
  strides: readonly number[],
  into: { [i: number]: T },
): void {
  const count = sizeOf(shape)
  const index = shape.map(() => 0)
  let at = 0
  // An odometer over the axes moves the place in `from` by the strides.
  for (let to = 0; to < count; to++) {
    into[to] = from[at]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]
      if (++index[axis] < shape[axis]) break
      at -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
}
