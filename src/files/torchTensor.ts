// A tensor in a PyTorch checkpoint: a strided view of a storage, which several tensors may share and which holds values
// of one type one after the other. Source: torch/_utils.py and torch/storage.py.

import type { FileHandle } from 'node:fs/promises'
import {
  type Dtype,
  type DtypeArrays,
  gatherStrided,
  type NdArray,
  ndarray,
  sizeOf,
  WeightsError,
} from '../base/index.ts'
import { widenBrainFloat, widenHalf } from '../formats/index.ts'
import { readInto } from './positionedRead.ts'

/** The storages by their Python names: the dtype as stored, what it is read as, and how. */
export const storageKinds = {
  FloatStorage: { stored: 'f32', dtype: 'f32', view: Float32Array },
  DoubleStorage: { stored: 'f64', dtype: 'f64', view: Float64Array },
  HalfStorage: { stored: 'f16', dtype: 'f32', view: Uint16Array, widen: widenHalf },
  BFloat16Storage: { stored: 'bf16', dtype: 'f32', view: Uint16Array, widen: widenBrainFloat },
  LongStorage: { stored: 'i64', dtype: 'i64', view: BigInt64Array },
  IntStorage: { stored: 'i32', dtype: 'i32', view: Int32Array },
  ShortStorage: { stored: 'i16', dtype: 'i32', view: Int16Array, widen: widenInt },
  CharStorage: { stored: 'i8', dtype: 'i32', view: Int8Array, widen: widenInt },
  ByteStorage: { stored: 'u8', dtype: 'u8', view: Uint8Array },
  BoolStorage: { stored: 'bool', dtype: 'bool', view: Uint8Array },
} as const

/** How a storage's values are stored and read. */
export type StorageKind = (typeof storageKinds)[keyof typeof storageKinds]
type StoredValues = InstanceType<StorageKind['view']>

/** A storage, or a part of one. */
export interface Storage {
  readonly kind: StorageKind
  /** Its name in the file. */
  readonly key: string
  /** The first of its values within the storage of that name, and how many there are. */
  readonly start: number
  readonly length: number
}

/** A strided view of a storage; offset and strides count values. */
export class TensorView {
  readonly storage: Storage
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}

/** A view by the arguments of torch._utils._rebuild_tensor_v2. Throws WeightsError where it leaves its storage. */
export function makeView([storage, offset, shape, strides]: readonly unknown[], where: string): TensorView {
  const isSizes = (list: unknown): list is number[] => Array.isArray(list) && list.every(isSize)
  const { length, kind } = (storage ?? {}) as Partial<Storage>
  if (length === undefined || !kind || !isSize(offset) || !isSizes(shape) || !isSizes(strides)) {
    throw new WeightsError({ where, expected: 'a tensor over a storage', got: 'other arguments' })
  }
  const view = new TensorView(storage as Storage, offset, shape, strides)
  const isEmpty = sizeOf(shape) === 0
  // A stride of 0 repeats values without limit: a file may ask for some more memory than it holds, and not for all.
  const most = Math.max(length, Math.min(length * 4096, 2 ** 24))
  if (strides.length !== shape.length || (!isEmpty && (lastOf(view) >= length || sizeOf(shape) > most))) {
    throw new WeightsError({
      where,
      expected: `a tensor within ${length} values`,
      got: `[${shape}] with strides [${strides}] from ${offset}`.slice(0, 200),
    })
  }
  return view
}

/** Whether a value of a pickle is a size: a whole number from 0. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether a view's values lie one after the other, row-major. */
export function isContiguous({ shape, strides }: TensorView): boolean {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false
    expected *= shape[axis]
  }
  return true
}

/** Reads a view of the storage whose values begin at byte `dataAt`, row-major. Throws DataError for a short file. */
export async function readView(
  file: FileHandle,
  dataAt: number,
  view: TensorView,
  where: string,
): Promise<NdArray> {
  const { storage, offset, shape } = view
  const { kind } = storage
  const size = sizeOf(shape)
  const isWhole = isContiguous(view)
  const span = size === 0 ? 0 : isWhole ? size : lastOf(view) - offset + 1
  const stored = new kind.view(span) as StoredValues
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)
  await readInto(file, bytes, dataAt + offset * kind.view.BYTES_PER_ELEMENT, where)
  const values = isWhole ? stored : gather(stored, view)
  const widened = 'widen' in kind ? kind.widen(values as never) : values
  return ndarray(kind.dtype as Dtype, shape, widened as DtypeArrays[typeof kind.dtype])
}

function lastOf({ offset, shape, strides }: TensorView): number {
  return shape.reduce((last, side, axis) => last + (side - 1) * strides[axis], offset)
}

function gather(stored: StoredValues, { shape, strides, storage }: TensorView): StoredValues {
  const values = new storage.kind.view(sizeOf(shape)) as StoredValues
  gatherStrided<number | bigint>(stored, shape, strides, values)
  return values
}

function widenInt(values: Int16Array | Int8Array): Int32Array {
  return Int32Array.from(values)
}
