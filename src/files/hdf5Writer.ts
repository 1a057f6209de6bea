// Writes HDF5 in the classic format, which every reader of the last twenty years knows. The file appears at its
// path only when closed.

import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DataError, fullDiskHint } from '../base/index.ts'
import { explainWriteError, openReplacement } from './file.ts'
import { loadHdf5Library, type WriteMetadata } from './hdf5Library.ts'
import { bytesPerValue, type Hdf5Kind } from './hdf5Values.ts'

/** How a dataset is laid out on disk. */
export interface Hdf5Storage {
  readonly chunks?: readonly number[]
  /** Deflate level 1 to 9; needs chunks. */
  readonly deflate?: number
}

/** An HDF5 file being written; it appears at its path only when closed. */
export interface Hdf5Writer {
  createGroup(path: string): void
  /** Writes a whole dataset. Throws DataError where it exists already or the disk is full. */
  writeDataset(
    path: string,
    kind: Hdf5Kind,
    shape: readonly number[],
    values: ArrayBufferView,
    storage?: Hdf5Storage,
  ): void
  /** Writes a text attribute of fixed length, in ASCII. */
  writeText(path: string, attribute: string, text: string): void
  close(): Promise<void>
  /** Gives up and removes what was written. */
  discard(): Promise<void>
}

/** Starts a new file that replaces `path` when closed. The same calls give the same bytes. */
export async function createHdf5(path: string): Promise<Hdf5Writer> {
  const replacement = await openReplacement(path)
  const library = await loadHdf5Library()
  const { module, h5wasm } = library
  const write = <T>(where: string, work: () => T): T => {
    const { result, complaint } = withoutClock(() => library.attempt(work))
    if (complaint === undefined) return result as T
    const hint = /no space/i.test(complaint) ? fullDiskHint : undefined
    throw new DataError({ where, got: `an HDF5 error (${complaint})`, hint })
  }
  let id: bigint
  try {
    await writeFile(replacement.temporary, '', { flag: 'wx' }) // says what is wrong with a folder better than HDF5
    id = write(path, () =>
      module.open(
        resolve(replacement.temporary),
        module.H5F_ACC_TRUNC,
        false,
        module.H5F_LIBVER_EARLIEST,
        module.H5F_LIBVER_LATEST,
      ),
    )
  } catch (cause) {
    await replacement.discard()
    throw explainWriteError(path, cause)
  }
  return {
    createGroup(group) {
      write(`${path}/${group}`, () => module.create_group(id, group, false))
    },
    writeDataset(dataset, kind, shape, values, storage = {}) {
      const address = library.reserve(Math.max(values.byteLength, 8))
      module.HEAPU8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address)
      const metadata = formatMetadata(kind, shape, storage)
      write(`${path}/${dataset}`, () => module.create_dataset(id, dataset, BigInt(address), metadata))
    },
    writeText(group, attribute, text) {
      const type = `S${Buffer.byteLength(text) + 1}`
      write(path, () => new h5wasm.Group(id, group).create_attribute(attribute, text, null, type))
    },
    async close() {
      write(path, () => module.close_file(id))
      await replacement.commit()
    },
    async discard() {
      library.attempt(() => module.close_file(id))
      await replacement.discard()
    },
  }
}

function formatMetadata(
  kind: Hdf5Kind,
  shape: readonly number[],
  { chunks, deflate }: Hdf5Storage,
): WriteMetadata {
  const sides = shape.map(BigInt)
  const metadata = {
    type: kind.startsWith('f') ? 1 : 0,
    size: bytesPerValue[kind],
    signed: !kind.startsWith('u'),
    littleEndian: true,
    vlen: false,
    shape: sides,
    maxshape: sides,
    chunks: chunks ? chunks.map(BigInt) : null,
    compression: deflate ? 1 : 0,
    compression_opts: deflate ? [deflate] : [],
    track_order: false,
    total_size: shape.reduce((size, side) => size * side, 1),
  }
  return metadata as WriteMetadata
}

// HDF5 stamps each dataset with the time it was made, which would make every file different. The library asks
// Date.now; it runs synchronously, so nobody else sees the clock stand still.
function withoutClock<T>(work: () => T): T {
  const { now } = Date
  Date.now = () => 0
  try {
    return work()
  } finally {
    Date.now = now
  }
}
