// Reads HDF5 files by dataset. Values are handed out in buffers that are used again, so that a patch is copied
// once, when it becomes pixels. The classic format is read directly where it can be, everything else by the library.

import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Metadata } from 'h5wasm/node'
import { DataError } from '../base/index.ts'
import { readClassic } from './hdf5Chunks.ts'
import { type ClassicDataset, type ClassicFile, openClassic } from './hdf5Classic.ts'
import { type Hdf5Library, loadHdf5Library } from './hdf5Library.ts'
import { bytesPerValue, type Hdf5Dataset, type Hdf5Kind, toNumbers } from './hdf5Values.ts'

/** A part of a dataset: `count[d]` values from `offset[d]` on along each dimension. */
export interface Hdf5Selection {
  readonly offset: readonly number[]
  readonly count: readonly number[]
}

/** An HDF5 file open for reading; every call is synchronous. */
export interface Hdf5File {
  readonly path: string
  /** The names in a group, in the file's order (by string for files of h5py). */
  list(group: string): string[]
  /** What lies at `path`, or undefined where there is no dataset. */
  describe(path: string): Hdf5Dataset | undefined
  /**
   * The values of a described dataset, or of a part of it, as bytes of the library's memory: they are valid
   * until the next read, and start at a multiple of 8. Throws DataError where they cannot be read.
   */
  read(dataset: Hdf5Dataset, part?: Hdf5Selection): Uint8Array
  /**
   * Reads whole datasets, in any order of its own, and hands the bytes of `datasets[i]` to `visit(i, bytes)`;
   * they are valid until `visit` returns. Rejects with DataError where one cannot be read.
   */
  readEach(datasets: readonly Hdf5Dataset[], visit: (i: number, bytes: Uint8Array) => void): Promise<void>
  /** A small dataset as numbers, or undefined where it is missing. */
  readNumbers(path: string): number[] | undefined
  /** A text attribute, or undefined where it is missing or no text. */
  readText(path: string, attribute: string): string | undefined
  close(): void
}

/** Opens a file for reading. Throws DataError where it is missing, truncated or no HDF5 file. */
export async function openHdf5(path: string): Promise<Hdf5File> {
  const size = await fileSize(path)
  const library = await loadHdf5Library()
  const { module } = library
  const { result, complaint } = library.attempt(() => module.open(resolve(path), 0, false, -1, -1))
  if (result === undefined || result < 0n) {
    throw new DataError({
      where: path,
      expected: 'an HDF5 file',
      got: size === 0 ? 'an empty file' : (complaint ?? 'a file that cannot be opened'),
      hint: complaint?.includes('truncated') ? 'download or copy it again' : undefined,
    })
  }
  const file = makeFile(library, path, result)
  const classic = openClassic(path)
  return classic ? preferClassic(file, classic) : file
}

function preferClassic(file: Hdf5File, classic: ClassicFile): Hdf5File {
  const isClassic = (dataset: Hdf5Dataset): dataset is ClassicDataset => 'place' in dataset
  const describe = (path: string) => {
    const found = classic.describe(path)
    return found === undefined ? file.describe(path) : (found ?? undefined)
  }
  return {
    ...file,
    list: (group) => classic.list(group) ?? file.list(group),
    describe,
    async readEach(datasets, visit) {
      const direct = [...datasets.keys()].filter((i) => isClassic(datasets[i]))
      const chosen = direct.map((i) => datasets[i] as ClassicDataset)
      const failed = await readClassic(classic, chosen, (k, bytes) => visit(direct[k], bytes))
      const left = new Set([...datasets.keys()].filter((i) => !isClassic(datasets[i])))
      for (const k of failed) left.add(direct[k])
      for (const i of left) visit(i, file.read(datasets[i]))
    },
    readNumbers(path) {
      const found = describe(path)
      if (!found) return undefined
      const bytes = isClassic(found) ? classic.readSmall(found) : undefined
      return toNumbers(found.kind, bytes ?? file.read(found))
    },
    close() {
      classic.close()
      file.close()
    },
  }
}

async function fileSize(path: string): Promise<number> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const got = cause.code === 'ENOENT' ? 'no such file' : cause.message
    throw new DataError({ where: path, expected: 'an HDF5 file', got }, cause)
  })
  if (!found.isFile()) throw new DataError({ where: path, expected: 'an HDF5 file', got: 'a folder' })
  return found.size
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
  const read = (dataset: Hdf5Dataset, part?: Hdf5Selection): Uint8Array => {
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
    list: (group) => library.call(`${path}${group}`, () => module.get_names(id, group, false)),
    describe,
    read,
    async readEach(datasets, visit) {
      datasets.forEach((dataset, i) => {
        visit(i, read(dataset))
      })
    },
    readNumbers(dataset) {
      const found = describe(dataset)
      return found && toNumbers(found.kind, read(found))
    },
    readText(group, attribute) {
      const names = library.call(path, () => module.get_attribute_names(id, group))
      if (!names.includes(attribute)) return undefined
      const { result } = library.attempt(() => new h5wasm.Group(id, group).get_attribute(attribute, true))
      return typeof result === 'string' ? result : undefined
    },
    close() {
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
