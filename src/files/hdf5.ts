// Reads HDF5 files by dataset, following links. Structures of all versions are read straight from the file, so that
// sizes can be bounded, links be named and chunks never written be told from zeros; the HDF5 library only undoes
// filters that nothing here knows.

import { stat } from 'node:fs/promises'
import { DataError, describeCause, systemCode } from '../base/index.ts'
import { readTextAttribute } from './hdf5Attribute.ts'
import { type Buffers, checkPart, checkWritten, type Hdf5Selection, readData } from './hdf5Data.ts'
import { readDataset, type StoredDataset } from './hdf5Dataset.ts'
import { areUndone } from './hdf5Filters.ts'
import { readWithLibrary } from './hdf5Library.ts'
import { type LinkedFile, type Located, locate, openLinkedFile } from './hdf5Linked.ts'
import { damaged, explainHdf5 } from './hdf5Source.ts'
import { bytesPerValue, type Hdf5Dataset, toNumbers } from './hdf5Values.ts'

export type { Hdf5Selection } from './hdf5Data.ts'

/** An HDF5 file open for reading. Whatever is asked rejects with DataError where the file is damaged there. */
export interface Hdf5File {
  readonly path: string
  /** The names in a group, by code units. */
  list(group: string): Promise<string[]>
  /**
   * What lies at `path`, or undefined where there is nothing. Rejects with DataError where a link on the way leads
   * nowhere; links to other files are followed within the file's folder.
   */
  kindOf(path: string): Promise<'group' | 'dataset' | 'type' | undefined>
  /** The dataset at `path`, or undefined where there is none. Rejects as `kindOf`. */
  describe(path: string): Promise<Hdf5Dataset | undefined>
  /**
   * Where in this file that lies which describes a dataset, so that `describeAt` finds it at once as long as the file stays
   * as it is; undefined where a link or another file is on the way.
   */
  placeOf(dataset: Hdf5Dataset): number | undefined
  /** As `describe`, from where `placeOf` said. */
  describeAt(path: string, place: number): Promise<Hdf5Dataset | undefined>
  /** Rejects with DataError where any of a described dataset's values were never written, without reading them. */
  expectWritten(dataset: Hdf5Dataset): Promise<void>
  /** A copy of the values of a described dataset, or of a part of it. */
  read(dataset: Hdf5Dataset, part?: Hdf5Selection): Promise<Uint8Array>
  /**
   * Reads whole datasets, in any order of its own, and hands the bytes of `datasets[i]` to `visit(i, bytes)`;
   * they start at a multiple of 8 and are valid until `visit` returns. Rejects with DataError where one cannot
   * be read, or holds values that were never written and for which the file states no fill value.
   */
  readEach(datasets: readonly Hdf5Dataset[], visit: (i: number, bytes: Uint8Array) => void): Promise<void>
  /** A dataset of at most `most` numbers, or undefined where it is missing. */
  readNumbers(path: string, most?: number): Promise<number[] | undefined>
  /** A text attribute of the root, or undefined where it is missing or no text. */
  readText(attribute: string): Promise<string | undefined>
  /** The other files that datasets described so far lie in, sorted. */
  otherFiles(): readonly string[]
  close(): Promise<void>
}

/** A dataset, the file it lies in and its path there. */
interface FoundDataset extends StoredDataset {
  readonly owner: LinkedFile
  readonly inner: string
  /** The address of its header in that file. */
  readonly header: number
}

/** Datasets in work at once: enough to keep the thread pool's four threads busy. */
const inFlight = 8

/** Opens a file for reading. Throws DataError where it is missing, truncated or no HDF5 file. */
export async function openHdf5(path: string): Promise<Hdf5File> {
  await checkFile(path)
  const root = openLinkedFile(path)
  const at = <T>(name: string, work: () => T | Promise<T>) => explainedAt(`${path}/${trim(name)}`, work)
  const describe = (name: string) =>
    at(name, () => {
      const found = locate(root, name)
      return found && describeFound(found, name)
    })
  const read = (dataset: Hdf5Dataset, part?: Hdf5Selection, buffers?: Buffers) =>
    at(dataset.path, () => readFound(dataset as FoundDataset, part, buffers))
  return {
    path,
    list: (group) => at(group, () => listGroup(root, group)),
    kindOf: (name) =>
      at(name, () => {
        const found = locate(root, name)
        return found?.file.kindOf(found.header)
      }),
    describe,
    placeOf(dataset) {
      const { owner, inner, header } = dataset as FoundDataset
      return owner === root && trim(inner) === trim(dataset.path) ? header : undefined
    },
    describeAt: (name, header) =>
      at(name, () => describeFound({ file: root, header, path: `/${trim(name)}` }, name)),
    expectWritten: (dataset) =>
      at(dataset.path, () => checkWritten((dataset as FoundDataset).owner.source, dataset as FoundDataset)),
    read,
    readEach: (datasets, visit) => readEach(datasets, read, visit),
    async readNumbers(name, most = 1024) {
      const found = await describe(name)
      if (!found) return undefined
      const count = found.bytes / Math.max(1, bytesPerValue[found.kind])
      if (count > most && found.kind !== 'other') {
        const [expected, got] = [`at most ${most} numbers`, `${count}`]
        throw new DataError({ where: `${path}/${name}`, expected, got })
      }
      return toNumbers(found.kind, await read(found))
    },
    readText: (attribute) => at('', () => readTextAttribute(path, root.source, root.root, attribute)),
    otherFiles: () => root.otherFiles(),
    close: async () => root.close(),
  }
}

function listGroup(root: LinkedFile, group: string): string[] {
  const found = locate(root, group)
  const links = found?.file.links(found.header) ?? damaged('no group')
  return [...links.keys()].sort((a, b) => (a < b ? -1 : 1))
}

function describeFound({ file, header, path: inner }: Located, path: string): FoundDataset | undefined {
  const stored = readDataset(file.source, header, path)
  if (!stored) return undefined
  const { place } = stored
  if (place.layout === 'external') for (const segment of place.segments) file.findBeside(segment.file)
  return { ...stored, owner: file, inner, header }
}

async function readFound(found: FoundDataset, part?: Hdf5Selection, buffers?: Buffers): Promise<Uint8Array> {
  const { owner, inner, place, kind, shape, type } = found
  if (kind === 'other') damaged(`${type} where numbers are due`, 'write it as numbers')
  const chosen = part ?? { offset: shape.map(() => 0), count: shape }
  if (place.layout !== 'chunked' || areUndone(place.filters)) return readData(owner, found, chosen, buffers)
  checkPart(owner.source, found, chosen)
  return readWithLibrary(owner.path, inner, kind, chosen)
}

function trim(path: string): string {
  return path.replace(/^\/+|\/+$/g, '')
}

async function explainedAt<T>(where: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw explainHdf5(where.replace(/\/$/, ''), cause)
  }
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    const got = systemCode(cause) === 'ENOENT' ? 'no such file' : describeCause(cause)
    throw new DataError({ where: path, expected: 'an HDF5 file', got }, cause)
  })
  const got = found.isDirectory() ? 'a folder' : 'a device'
  if (!found.isFile()) throw new DataError({ where: path, expected: 'an HDF5 file', got })
}

// Several at once, each worker with buffers of its own.
async function readEach(
  datasets: readonly Hdf5Dataset[],
  read: (dataset: Hdf5Dataset, part: undefined, buffers: Buffers) => Promise<Uint8Array>,
  visit: (i: number, bytes: Uint8Array) => void,
): Promise<void> {
  let next = 0
  const run = async () => {
    const buffers: Buffers = {}
    while (next < datasets.length) {
      const i = next++
      visit(i, await read(datasets[i], undefined, buffers))
    }
  }
  const runOrStop = () =>
    run().catch((cause) => {
      next = datasets.length // one error ends the work of all
      throw cause
    })
  await Promise.all(Array.from({ length: Math.min(inFlight, datasets.length) }, runOrStop))
}
