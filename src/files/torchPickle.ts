// PyTorch checkpoints (.pt, .pth, .bin) as torch.save writes them. Since 1.6 that is a zip of stored entries, `data.pkl`
// with the structure and `data/<key>` with the values of each storage; before, pickles and storages in a row. Tensors
// are read in place, one by one; nothing of a pickle is run. Source: torch/serialization.py and torch/_utils.py.

import { type FileHandle, open } from 'node:fs/promises'
import { DataError, type Dtype, type NdArray, WeightsError } from '../base/index.ts'
import { type ModelPart, recogniseFile, type WantedFile, wrongFile } from '../formats/index.ts'
import { readHead } from './file.ts'
import { type PickleGlobal, type PickleRules, Placeholder, readPickle } from './pickle.ts'
import { readRange } from './positionedRead.ts'
import { findStateDict } from './stateDict.ts'
import { readLegacy } from './torchLegacy.ts'
import {
  isContiguous,
  isSize,
  makeView,
  readView,
  type Storage,
  type StorageKind,
  storageKinds,
} from './torchTensor.ts'
import { locateStored, readZipDirectory, type ZipEntry } from './zip.ts'

/** A tensor as the pickle describes it. */
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
  /** Tensors that only Python could make, each with the name by which it would. */
  readonly refused: ReadonlyMap<string, string>
  /** The Python names in the file that are not known; loading it in Python would import them. */
  readonly foreign: readonly string[]
  /** Which of the models in the file these are. */
  readonly part: ModelPart
  /** Reads one tensor, row-major whatever its strides. Throws DataError for an unknown name or a short file. */
  read(name: string): Promise<NdArray>
  /** Bytes from the file's start to a tensor that lies there whole and row-major; null for any other. */
  place(name: string): Promise<number | null>
  close(): Promise<void>
}

// What either format comes to.
interface Content {
  readonly value: unknown
  readonly foreign: readonly string[]
  /** The bytes that a storage has in the file; null where it is not there. */
  measure(key: string): number | null
  /** Where a storage begins in the file. */
  locate(key: string): Promise<number>
}

const wanted: WantedFile = {
  expected: 'a PyTorch checkpoint',
  kinds: ['torch', 'zip', 'torchLegacy'],
  hint: 'save model.state_dict() with torch.save',
}

/**
 * Opens a checkpoint and reads its structure only; `part` names which of several models in it is meant. Throws
 * WeightsError for one without tensors, with several models, or with a whole module, DataError for a file that is
 * missing, damaged or of another kind.
 */
export async function openTorchPickle(path: string, part: string | null = null): Promise<TorchFile> {
  const head = await readHead(path)
  const kind = recogniseFile(head)
  if (!wanted.kinds.includes(kind)) throw wrongFile(path, wanted, head)
  const file = await open(path)
  try {
    const content = await (kind === 'torchLegacy' ? openLegacy : openZip)(file, path)
    const state = findStateDict(content.value, path, part)
    const tensors = new Map(
      [...state.tensors].map(([name, { storage, shape }]) => {
        checkStorage(`${path}: '${name}'`, storage, content.measure(storage.key))
        return [name, { stored: storage.kind.stored, dtype: storage.kind.dtype, shape }]
      }),
    )
    const startOf = async ({ key, start, kind: { view } }: Storage) =>
      (await content.locate(key)) + start * view.BYTES_PER_ELEMENT
    return {
      tensors,
      refused: state.refused,
      foreign: content.foreign,
      part: state.part,
      async read(name) {
        const view = state.tensors.get(name)
        if (!view)
          throw new DataError({ where: path, expected: `a tensor '${name}'`, got: 'none of that name' })
        return readView(file, await startOf(view.storage), view, `${path}: '${name}'`)
      },
      async place(name) {
        const view = state.tensors.get(name)
        if (!view || !isContiguous(view)) return null
        return (await startOf(view.storage)) + view.offset * view.storage.kind.view.BYTES_PER_ELEMENT
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openZip(file: FileHandle, path: string): Promise<Content> {
  const entries = await readZipDirectory(file, path)
  const pickle = [...entries.values()].find(({ name }) => name === 'data.pkl' || name.endsWith('/data.pkl'))
  if (!pickle) throw noPickle(path, entries)
  const root = pickle.name.slice(0, -'data.pkl'.length)
  await checkByteOrder(file, entries.get(`${root}byteorder`), path)
  const bytes = await readRange(file, await locateStored(file, pickle, path), pickle.size, path)
  const where = `${path}/${pickle.name}`
  const rules = torchRules(where, bytes.length, () => {})
  const entryOf = (key: string) => entries.get(`${root}data/${key}`)
  return {
    ...readPickle(bytes, where, rules),
    measure: (key) => entryOf(key)?.size ?? null,
    locate: (key) => locateStored(file, entryOf(key)!, path),
  }
}

async function openLegacy(file: FileHandle, path: string): Promise<Content> {
  const { size } = await file.stat()
  const widths = new Map<string, number>()
  const rules = torchRules(path, size, (key, width) => void widths.set(key, width))
  const { storages, ...content } = await readLegacy(file, path, rules, (key) => widths.get(key) ?? null)
  return {
    ...content,
    measure: (key) => storages.get(key)?.bytes ?? null,
    locate: async (key) => storages.get(key)!.at,
  }
}

function noPickle(path: string, entries: ReadonlyMap<string, ZipEntry>): WeightsError {
  const isScript = [...entries.keys()].some(
    (name) => name.includes('/code/') || name.endsWith('constants.pkl'),
  )
  return new WeightsError({
    where: path,
    expected: 'a PyTorch checkpoint (a zip with data.pkl)',
    got: isScript
      ? 'a TorchScript program'
      : `a zip archive of ${[...entries.keys()].slice(0, 5).join(', ')}`,
    hint: isScript ? 'save model.state_dict() with torch.save' : 'unpack it first: `unzip`',
  })
}

async function checkByteOrder(file: FileHandle, entry: ZipEntry | undefined, path: string): Promise<void> {
  if (!entry) return // absent before torch 2.1, which wrote little-endian on the machines of interest
  const text = Buffer.from(await readRange(file, await locateStored(file, entry, path), entry.size, path))
  if (text.toString('latin1') !== 'little') {
    const got = `byteorder '${text.toString('latin1', 0, 20)}'`
    throw new DataError({ where: path, expected: 'little-endian values', got })
  }
}

function checkStorage(where: string, { kind, key, start, length }: Storage, size: number | null): void {
  const bytes = (start + length) * kind.view.BYTES_PER_ELEMENT
  if (size !== null && size >= bytes) return
  const expected = `storage '${key.slice(0, 40)}' of ${bytes} bytes`
  throw new DataError({ where, expected, got: size === null ? 'none' : `${size}` })
}

// Bytes of a value in storages that are not read: what lies behind them must still be found.
const otherWidths: Readonly<Record<string, number>> = {
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  UntypedStorage: 1,
}

// What may be built of a pickle of at most `size` bytes; `note` is told each storage and the bytes of its values.
function torchRules(where: string, size: number, note: (key: string, width: number) => void): PickleRules {
  const kindOf = new Map<unknown, StorageKind>()
  const globals: Record<string, PickleGlobal> = {
    'collections.OrderedDict': { build: boundPairs(where, size) },
    'torch._utils._rebuild_tensor': { build: (args) => rebuildTensor(args, where) },
    'torch._utils._rebuild_tensor_v2': { build: (args) => rebuildTensor(args, where) },
    'torch._utils._rebuild_parameter': { build: ([tensor]) => tensor },
    'torch._utils._rebuild_parameter_with_state': { build: ([tensor]) => tensor },
    'torch._tensor._rebuild_from_type_v2': { build: rebuildTyped },
  }
  for (const [name, kind] of Object.entries(storageKinds)) {
    const global: PickleGlobal = {}
    globals[`torch.${name}`] = global
    kindOf.set(global, kind)
  }
  const loadPersistent = (id: unknown): unknown => {
    const [tag, type, key, , length, view] = Array.isArray(id) ? id : []
    if (tag === 'module') return type // a class with its source: the class alone
    const kind = kindOf.get(type)
    const width = kind?.view.BYTES_PER_ELEMENT ?? otherWidth(type)
    if (
      tag !== 'storage' ||
      typeof key !== 'string' ||
      !isSize(length) ||
      (!kind && !(type instanceof Placeholder))
    )
      throw new WeightsError({ where, expected: 'a storage', got: 'another persistent id' })
    if (width !== null) note(key, width)
    return kind
      ? openStorage(kind, key, length, view, where)
      : new Placeholder((type as Placeholder).name, [{ kind: null, key }])
  }
  return { globals, loadPersistent }
}

function otherWidth(type: unknown): number | null {
  return type instanceof Placeholder
    ? (otherWidths[type.name.replace(/^torch\.(storage\.)?/, '')] ?? null)
    : null
}

// Before 0.4 a storage could be a part of another: `view` is then its own name, where it begins, and its length.
function openStorage(kind: StorageKind, key: string, length: number, view: unknown, where: string): Storage {
  if (view === undefined || view === null) return { kind, key, start: 0, length }
  const [, start, count] = Array.isArray(view) ? view : []
  if (isSize(start) && isSize(count) && start + count <= length) return { kind, key, start, length: count }
  throw new WeightsError({ where, expected: `a part of ${length} values`, got: 'another view' })
}

// A tensor of a storage that is not read depends on the Python name of its type.
function rebuildTensor(args: readonly unknown[], where: string): unknown {
  const [storage] = args
  return storage instanceof Placeholder ? new Placeholder(storage.name, [storage]) : makeView(args, where)
}

// A tensor with attributes, or of a subclass: what the values of a subclass mean is known to its own code.
function rebuildTyped([maker, type, args]: readonly unknown[]): unknown {
  const { name = 'another type' } = type instanceof Placeholder ? type : {}
  const isPlain = name === 'torch.Tensor' || name === 'torch.nn.parameter.Parameter'
  const build = maker instanceof Placeholder ? undefined : (maker as PickleGlobal | null)?.build
  const tensor = build && Array.isArray(args) ? build(args) : new Placeholder(name, [args])
  return isPlain ? tensor : new Placeholder(name, [tensor])
}

// A list of pairs may be shared by many dicts: all together they have no more of them than the pickle has bytes.
function boundPairs(where: string, size: number): (args: readonly unknown[]) => unknown {
  let left = size
  return ([pairs = []]) => {
    const isPairs = Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && pair.length === 2)
    left -= isPairs ? pairs.length : 0
    if (!isPairs || left < 0)
      throw new WeightsError({ where, expected: 'the pairs of a dict', got: 'other data' })
    return new Map(pairs as [unknown, unknown][])
  }
}
