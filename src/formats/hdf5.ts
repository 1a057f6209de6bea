// Reads HDF5 files by dataset. The classic format is read directly where it can be, everything else by the
// HDF5 library.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Metadata } from 'h5wasm/node'
import { DataError, describeCause } from '../base/index.ts'
import { readClassic } from './hdf5Chunks.ts'
import { type ClassicDataset, type ClassicFile, openClassic } from './hdf5Classic.ts'
import { type Hdf5Library, loadHdf5Library } from './hdf5Library.ts'
import { bytesPerValue, type Hdf5Dataset, type Hdf5Kind, toNumbers } from './hdf5Values.ts'

/** A part of a dataset: `count[d]` values from `offset[d]` on along each dimension. */
export interface Hdf5Selection {
  readonly offset: readonly number[]
  readonly count: readonly number[]
}

/** An HDF5 file open for reading. */
export interface Hdf5File {
  readonly path: string
  /** The names in a group, in the file's order (by string for files of h5py). */
  list(group: string): Promise<string[]>
  /** What lies at `path`, or undefined where there is no dataset. */
  describe(path: string): Promise<Hdf5Dataset | undefined>
  /** A copy of the values of a described dataset, or of a part of it. Throws DataError where they cannot be read. */
  read(dataset: Hdf5Dataset, part?: Hdf5Selection): Promise<Uint8Array>
  /**
   * Reads whole datasets, in any order of its own, and hands the bytes of `datasets[i]` to `visit(i, bytes)`;
   * they start at a multiple of 8 and are valid until `visit` returns. Rejects with DataError where one cannot
   * be read.
   */
  readEach(datasets: readonly Hdf5Dataset[], visit: (i: number, bytes: Uint8Array) => void): Promise<void>
  /** A small dataset as numbers, or undefined where it is missing. */
  readNumbers(path: string): Promise<number[] | undefined>
  /** A text attribute, or undefined where it is missing or no text. */
  readText(path: string, attribute: string): Promise<string | undefined>
  close(): Promise<void>
}

/** Opens a file for reading. Throws DataError where it is missing, truncated or no HDF5 file. */
export async function openHdf5(path: string): Promise<Hdf5File> {
  await checkFile(path)
  const classic = openClassic(path)
  if (!classic) return openWithLibrary(path)
  let opening: Promise<Hdf5File> | undefined
  const library = () => (opening ??= openWithLibrary(path))
  return {
    ...preferClassic(path, classic, library),
    async close() {
      classic.close()
      await (await opening)?.close()
    },
  }
}

// Answers from the classic reader where it knows; the library, slow to load, is opened when first needed.
function preferClassic(
  path: string,
  classic: ClassicFile,
  library: () => Promise<Hdf5File>,
): Omit<Hdf5File, 'close'> {
  const isClassic = (dataset: Hdf5Dataset): dataset is ClassicDataset => 'place' in dataset
  const describe = async (dataset: string) => {
    const found = classic.describe(dataset)
    return found === undefined ? (await library()).describe(dataset) : (found ?? undefined)
  }
  const read: Hdf5File['read'] = async (dataset, part) => (await library()).read(dataset, part)
  return {
    path,
    list: async (group) => classic.list(group) ?? (await library()).list(group),
    describe,
    read,
    async readEach(datasets, visit) {
      const direct = [...datasets.keys()].filter((i) => isClassic(datasets[i]))
      const chosen = direct.map((i) => datasets[i] as ClassicDataset)
      const failed = await readClassic(classic, chosen, (k, bytes) => visit(direct[k], bytes))
      const left = [...datasets.keys()].filter((i) => !isClassic(datasets[i]))
      left.push(...failed.map((k) => direct[k]))
      if (left.length === 0) return
      const others = left.map((i) => datasets[i])
      await (await library()).readEach(others, (k, bytes) => visit(left[k], bytes))
    },
    async readNumbers(dataset) {
      const found = await describe(dataset)
      if (!found) return undefined
      const bytes = isClassic(found) ? classic.readSmall(found) : undefined
      return toNumbers(found.kind, bytes ?? (await read(found)))
    },
    async readText(group, attribute) {
      const found = classic.readText(group, attribute)
      return found === undefined ? (await library()).readText(group, attribute) : (found ?? undefined)
    },
  }
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const got = describeCause(cause)
    throw new DataError({ where: path, expected: 'an HDF5 file', got }, cause)
  })
  const got = !found.isFile() ? 'a folder' : found.size === 0 ? 'an empty file' : undefined
  if (got) throw new DataError({ where: path, expected: 'an HDF5 file', got })
}

async function openWithLibrary(path: string): Promise<Hdf5File> {
  const library = await loadHdf5Library()
  const { module } = library
  const { result, complaint } = library.attempt(() => module.open(resolve(path), 0, false, -1, -1))
  if (result === undefined || result < 0n) {
    const got = complaint ?? 'a file that cannot be opened'
    const hint = got.includes('truncated') ? 'download or copy it again' : undefined
    throw new DataError({ where: path, expected: 'an HDF5 file', got, hint })
  }
  return makeFile(library, path, result)
}

function makeFile(library: Hdf5Library, path: string, id: bigint): Hdf5File {
  const { module, h5wasm } = library
  let isOpen = true
  const describe = (dataset: string): Hdf5Dataset | undefined => {
    if (module.get_type(id, dataset) !== module.H5G_DATASET) return undefined
    return library.call(`${path}/${dataset}`, () => {
      const filters = module.get_dataset_filters(id, dataset).map(({ name }) => name)
      return describeMetadata(dataset, module.get_dataset_metadata(id, dataset), filters)
    })
  }
  // The values in the library's memory, until it is next asked for any.
  const view = (dataset: Hdf5Dataset, part?: Hdf5Selection): Uint8Array => {
    const { bytes, kind } = dataset
    if (kind === 'other') {
      throw new DataError({ where: `${path}/${dataset.path}`, expected: 'numbers', got: 'another type' })
    }
    const length = part ? sizeOfPart(part) * bytesPerValue[kind] : bytes
    const address = library.reserve(Math.max(length, 8))
    const count = part ? part.count.map(BigInt) : null
    const offset = part ? part.offset.map(BigInt) : null
    const strides = part ? part.count.map(() => 1n) : null
    const { result, complaint } = library.attempt(() =>
      module.get_dataset_data(id, dataset.path, count, offset, strides, BigInt(address)),
    )
    if (result === undefined || result < 0) {
      throw new DataError({
        where: `${path}/${dataset.path}`,
        ...explainUnreadable(dataset, complaint),
      })
    }
    return module.HEAPU8.subarray(address, address + length)
  }
  return {
    path,
    list: async (group) => library.call(`${path}${group}`, () => module.get_names(id, group, false)),
    describe: async (dataset) => describe(dataset),
    read: async (dataset, part) => view(dataset, part).slice(),
    async readEach(datasets, visit) {
      datasets.forEach((dataset, i) => {
        visit(i, view(dataset))
      })
    },
    async readNumbers(dataset) {
      const found = describe(dataset)
      return found && toNumbers(found.kind, view(found))
    },
    async readText(group, attribute) {
      const names = library.call(path, () => module.get_attribute_names(id, group))
      if (!names.includes(attribute)) return undefined
      const { result } = library.attempt(() => new h5wasm.Group(id, group).get_attribute(attribute, true))
      return typeof result === 'string' ? result : undefined
    },
    async close() {
      if (isOpen) module.close_file(id)
      isOpen = false
    },
  }
}

function describeMetadata(path: string, metadata: Metadata, filters: readonly string[]): Hdf5Dataset {
  const kind = kindOf(metadata)
  const { shape, chunks, total_size } = metadata
  return { path, kind, shape: shape ?? [], bytes: total_size * bytesPerValue[kind], chunks, filters }
}

function kindOf({ type, size, signed, vlen }: Metadata): Hdf5Kind {
  if (vlen || (type !== 0 && type !== 1)) return 'other'
  const kind = `${type === 1 ? 'f' : signed ? 'i' : 'u'}${size * 8}`
  return Object.hasOwn(bytesPerValue, kind) ? (kind as Hdf5Kind) : 'other'
}

function sizeOfPart({ count }: Hdf5Selection): number {
  return count.reduce((size, side) => size * side, 1)
}

const builtInFilters = ['deflate', 'shuffle', 'fletcher32', 'nbit', 'scaleoffset']

function explainUnreadable(
  { filters }: Hdf5Dataset,
  complaint = 'HDF5 error',
): { got: string; hint: string } {
  const unknown = filters.filter((name) => !builtInFilters.includes(name)).join(', ')
  if (unknown === '') {
    return {
      got: `values that cannot be read (${complaint})`,
      hint: 'the file is damaged: download or copy it again',
    }
  }
  return { got: `values packed with ${unknown}`, hint: 'rewrite the file with h5repack -f GZIP=4' }
}
