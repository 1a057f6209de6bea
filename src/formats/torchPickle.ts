// PyTorch checkpoints (.pt, .pth, .bin) as torch.save writes them since 1.6: a zip of stored entries, `data.pkl`
// with the structure and `data/<key>` with the values of each storage. Tensors are read in place, one by one;
// nothing of the pickle is run. Source: torch/serialization.py and torch/_utils.py.

import { type FileHandle, open } from 'node:fs/promises'
import {
  DataError,
  type Dtype,
  type DtypeArrays,
  describeCause,
  type NdArray,
  ndarray,
  sizeOf,
  WeightsError,
} from '../base/index.ts'
import { widenBrainFloat, widenHalf } from './halfFloat.ts'
import { type PickleGlobal, readPickle } from './pickle.ts'
import { readInto, readRange } from './positionedRead.ts'
import { locateStored, readZipDirectory, type ZipEntry } from './zip.ts'

// The storages by their Python names: the dtype as stored, what it is read as, and how.
const storages = {
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

type StorageKind = (typeof storages)[keyof typeof storages]
type StoredValues = InstanceType<StorageKind['view']>

/** A tensor as the pickle describes it: a strided view of a storage, which several tensors may share. */
export interface TorchTensor {
  /** The dtype in the file; halves are read as f32, i16 and i8 as i32. */
  readonly stored: StorageKind['stored']
  readonly dtype: Dtype
  readonly shape: readonly number[]
}

/** An open checkpoint whose tensors are read one by one. */
export interface TorchFile {
  /** The tensors by name, in the order of the checkpoint. */
  readonly tensors: ReadonlyMap<string, TorchTensor>
  /** Reads one tensor, row-major whatever its strides. Throws DataError for an unknown name or a short file. */
  read(name: string): Promise<NdArray>
  /** Bytes from the file's start to a tensor that lies there whole and row-major; null for any other. */
  place(name: string): Promise<number | null>
  close(): Promise<void>
}

/** Where a state dict lies in what training scripts save around it, in the order they are looked for. */
export const stateDictKeys = ['state_dict', 'model_state_dict', 'model', 'teacher', 'net'] as const

interface Storage {
  readonly kind: StorageKind
  readonly key: string
  readonly length: number
}
class TensorView {
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

/** Opens a checkpoint and reads its structure only. Throws WeightsError for a pickle that wants to run something
 * or holds no tensors, DataError for a file that is missing, damaged or not such a zip. */
export async function openTorchPickle(path: string): Promise<TorchFile> {
  const file = await open(path).catch((cause: Error) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  try {
    const entries = await readZipDirectory(file, path)
    const pickle = [...entries.values()].find(({ name }) => name === 'data.pkl' || name.endsWith('/data.pkl'))
    if (!pickle) throw noPickle(path, entries)
    const root = pickle.name.slice(0, -'data.pkl'.length)
    await checkByteOrder(file, entries.get(`${root}byteorder`), path)
    const bytes = await readRange(file, await locateStored(file, pickle, path), pickle.size, path)
    const views = findTensors(readPickle(bytes, `${path}/${pickle.name}`, pickleRules(path)), path)
    const tensors = new Map(
      [...views].map(([name, { storage, shape }]) => {
        checkStorage(`${path}: '${name}'`, storage, entries.get(`${root}data/${storage.key}`))
        return [name, { stored: storage.kind.stored, dtype: storage.kind.dtype, shape }]
      }),
    )
    return {
      tensors,
      async read(name) {
        const view = views.get(name)
        if (!view)
          throw new DataError({ where: path, expected: `a tensor '${name}'`, got: 'none of that name' })
        const entry = entries.get(`${root}data/${view.storage.key}`)!
        return readView(file, await locateStored(file, entry, path), view, `${path}: '${name}'`)
      },
      async place(name) {
        const view = views.get(name)
        if (!view || !isContiguous(view)) return null
        const start = await locateStored(file, entries.get(`${root}data/${view.storage.key}`)!, path)
        return start + view.offset * view.storage.kind.view.BYTES_PER_ELEMENT
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

function noPickle(path: string, entries: ReadonlyMap<string, ZipEntry>): WeightsError {
  const isScript = [...entries.keys()].some(
    (name) => name.includes('/code/') || name.endsWith('constants.pkl'),
  )
  return new WeightsError({
    where: path,
    expected: 'a PyTorch checkpoint (a zip with data.pkl)',
    got: isScript ? 'a TorchScript program' : `a zip of ${entries.size} other files`,
    hint: 'save model.state_dict() with torch.save',
  })
}

async function checkByteOrder(file: FileHandle, entry: ZipEntry | undefined, path: string): Promise<void> {
  if (!entry) return // absent before torch 2.1, which wrote little-endian on the machines of interest
  const text = Buffer.from(await readRange(file, await locateStored(file, entry, path), entry.size, path))
  if (text.toString('latin1') !== 'little') {
    throw new DataError({ where: path, expected: 'little-endian values', got: `byteorder '${text}'` })
  }
}

function checkStorage(where: string, { kind, key, length }: Storage, entry: ZipEntry | undefined): void {
  const bytes = length * kind.view.BYTES_PER_ELEMENT
  if (!entry || entry.size < bytes) {
    throw new DataError({
      where,
      expected: `storage '${key}' of ${bytes} bytes`,
      got: entry ? `${entry.size}` : 'none',
    })
  }
}

function pickleRules(path: string) {
  const where = `${path}/data.pkl`
  const kindOf = new Map<unknown, StorageKind>()
  const globals: Record<string, PickleGlobal> = {
    'collections.OrderedDict': { build: ([pairs]) => new Map((pairs as [unknown, unknown][]) ?? []) },
    'torch._utils._rebuild_tensor_v2': { build: (args) => makeView(args, where) },
    'torch._utils._rebuild_parameter': { build: ([tensor]) => tensor },
  }
  for (const [name, kind] of Object.entries(storages)) {
    const global: PickleGlobal = {}
    globals[`torch.${name}`] = global
    kindOf.set(global, kind)
  }
  const loadPersistent = (id: unknown): Storage => {
    const [tag, type, key, , length] = Array.isArray(id) ? id : []
    const kind = kindOf.get(type)
    if (tag !== 'storage' || !kind || typeof key !== 'string' || !isSize(length)) {
      throw new WeightsError({ where, expected: 'a storage', got: 'another persistent id' })
    }
    return { kind, key, length }
  }
  return { globals, loadPersistent }
}

// Arguments as torch._utils._rebuild_tensor_v2 takes them.
function makeView([storage, offset, shape, strides]: readonly unknown[], where: string): TensorView {
  const isSizes = (list: unknown): list is number[] => Array.isArray(list) && list.every(isSize)
  const { length, kind } = (storage ?? {}) as Partial<Storage>
  if (length === undefined || !kind || !isSize(offset) || !isSizes(shape) || !isSizes(strides)) {
    throw new WeightsError({ where, expected: 'a tensor over a storage', got: 'other arguments' })
  }
  const view = new TensorView(storage as Storage, offset, shape, strides)
  const isEmpty = sizeOf(shape) === 0
  // A stride of 0 repeats values without limit: no real weight needs more of them than are stored.
  if (
    strides.length !== shape.length ||
    (!isEmpty && (lastOf(view) >= length || sizeOf(shape) > length * 4096))
  ) {
    throw new WeightsError({
      where,
      expected: `a tensor within ${length} values`,
      got: `[${shape}] with strides [${strides}] from ${offset}`,
    })
  }
  return view
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function lastOf({ offset, shape, strides }: TensorView): number {
  return shape.reduce((last, side, axis) => last + (side - 1) * strides[axis], offset)
}

// The state dict itself, or the first of the usual keys that leads to one.
function findTensors(value: unknown, path: string, depth = 0): Map<string, TensorView> {
  if (value instanceof Map && depth < 4) {
    const inner = stateDictKeys.find((key) => value.get(key) instanceof Map)
    if (inner !== undefined) return findTensors(value.get(inner), path, depth + 1)
    const tensors = [...value].filter(
      ([name, item]) => typeof name === 'string' && item instanceof TensorView,
    )
    if (tensors.length > 0) return new Map(tensors as [string, TensorView][])
  }
  const got =
    value instanceof Map
      ? `a dict of ${[...value.keys()].slice(0, 12).join(', ') || 'nothing'}`
      : 'other data'
  throw new WeightsError({
    where: path,
    expected: `a state dict, or one under ${stateDictKeys.join(', ')}`,
    got,
    hint: 'save model.state_dict() with torch.save',
  })
}

async function readView(file: FileHandle, dataAt: number, view: TensorView, where: string): Promise<NdArray> {
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
  return ndarray(kind.dtype, shape, widened as DtypeArrays[typeof kind.dtype])
}

function isContiguous({ shape, strides }: TensorView): boolean {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false
    expected *= shape[axis]
  }
  return true
}

// Row-major copy: an odometer over the axes moves the source position by the strides.
function gather(stored: StoredValues, { shape, strides, storage }: TensorView): StoredValues {
  const values = new storage.kind.view(sizeOf(shape)) as StoredValues
  const index = new Array<number>(shape.length).fill(0)
  let from = 0
  for (let to = 0; to < values.length; to++) {
    values[to] = stored[from]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]
      if (++index[axis] < shape[axis]) break
      from -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return values
}

function widenInt(values: Int16Array | Int8Array): Int32Array {
  return Int32Array.from(values)
}
