// The HDF5 C library (h5wasm), loaded once and made to behave: it neither throws nor returns a status on most
// failures but prints its error stack, so that stack is caught here and turned into errors.

import { resolve } from 'node:path'
import { DataError, describeCause } from '../base/index.ts'
import type { Hdf5Selection } from './hdf5Data.ts'
import { damaged } from './hdf5Source.ts'
import { bytesPerValue, type Hdf5Kind } from './hdf5Values.ts'

type H5wasm = typeof import('h5wasm/node')
type H5Module = Awaited<H5wasm['ready']>

/** What the library wants to know of a dataset it makes. */
export type WriteMetadata = Parameters<H5Module['create_dataset']>[3]

/** The library with its error stack caught. Synchronous, one instance a thread. */
export interface Hdf5Library {
  readonly h5wasm: H5wasm
  readonly module: H5Module
  /** Runs `work` and returns the library's complaint beside what it returned. */
  attempt<T>(work: () => T): { result: T | undefined; complaint: string | undefined }
  /** The address of at least `bytes` bytes of the library's memory, valid until the next call of `reserve`. */
  reserve(bytes: number): number
}

let loading: Promise<Hdf5Library> | undefined

/** Loads the library on first use: its module is 4 MB, so nothing else should. */
export function loadHdf5Library(): Promise<Hdf5Library> {
  loading ??= import('h5wasm/node').then(async (h5wasm) => wrapLibrary(h5wasm, await h5wasm.ready))
  return loading
}

function wrapLibrary(h5wasm: H5wasm, module: H5Module): Hdf5Library {
  const errors = catchErrorStream(module)
  let scratch = { address: 0, bytes: 0 }
  const attempt = <T>(work: () => T) => {
    errors.clear()
    let result: T | undefined
    let thrown: string | undefined
    try {
      result = work()
    } catch (cause) {
      thrown = describeCause(cause)
    }
    return { result, complaint: errors.cause() ?? thrown }
  }
  return {
    h5wasm,
    module,
    attempt,
    reserve(bytes) {
      if (bytes > scratch.bytes) {
        if (scratch.address) module._free(scratch.address)
        const address = module._malloc(bytes)
        if (address === 0) throw new DataError({ where: 'HDF5', got: `no memory for ${bytes} bytes` })
        scratch = { address, bytes }
      }
      return scratch.address
    },
  }
}

/** A copy of a part of the dataset at `inner` in the file at `path`. Throws Hdf5Fault, DataError. */
export async function readWithLibrary(
  path: string,
  inner: string,
  kind: Hdf5Kind,
  part: Hdf5Selection,
): Promise<Uint8Array> {
  return withFile(path, ({ module, attempt, reserve }, id) => {
    const length = part.count.reduce((size, side) => size * side, bytesPerValue[kind])
    const address = reserve(Math.max(length, 8))
    const [count, offset, strides] = [part.count, part.offset, part.count.map(() => 1)].map((sides) =>
      sides.map(BigInt),
    )
    const { result, complaint } = attempt(() =>
      module.get_dataset_data(id, inner, count, offset, strides, BigInt(address)),
    )
    if (result === undefined || result < 0)
      damaged(`values that cannot be read (${complaint ?? 'HDF5 error'})`)
    return module.HEAPU8.slice(address, address + length)
  })
}

/** A text attribute of the root group; undefined where it is missing or no text. */
export async function readTextWithLibrary(path: string, attribute: string): Promise<string | undefined> {
  return withFile(path, ({ module, h5wasm, attempt }, id) => {
    const names = attempt(() => module.get_attribute_names(id, '/')).result ?? []
    if (!names.includes(attribute)) return undefined
    const { result } = attempt(() => new h5wasm.Group(id, '/').get_attribute(attribute, true))
    return typeof result === 'string' ? result : undefined
  })
}

async function withFile<T>(path: string, work: (library: Hdf5Library, id: bigint) => T): Promise<T> {
  const library = await loadHdf5Library()
  const { module } = library
  const { result, complaint } = library.attempt(() => module.open(resolve(path), 0, false, -1, -1))
  if (result === undefined || result < 0n) damaged(complaint ?? 'a file that cannot be opened')
  try {
    return work(library, result)
  } finally {
    library.attempt(() => module.close_file(result))
  }
}

// Emscripten's stream 2 is where the library prints; as a character device with an own `write` it keeps the
// text instead. The alternative, the library's throwing error handler, leaks its stack: it aborts after
// some two thousand errors, and a damaged file has more.
function catchErrorStream(module: H5Module): { clear(): void; cause(): string | undefined } {
  let text = ''
  const stream = (module.FS as unknown as { streams: Record<string, unknown>[] }).streams[2]
  const write = (_: unknown, heap: Uint8Array, offset: number, length: number) => {
    text += Buffer.from(heap.buffer, heap.byteOffset + offset, length).toString('latin1')
    return length
  }
  Object.assign(stream, { node: { mode: 0 }, stream_ops: { write } })
  return {
    clear() {
      text = ''
    },
    // Of several stacks the first is the cause, and of its frames the last:
    // `#004: file.c line 12 in H5X(): the cause, errno = 51, error message = 'the system's word'`.
    cause() {
      const stack = text.split('HDF5-DIAG').find((part) => part.trim() !== '')
      const frame = /.*#\d+: [^\n]*?\(\): (.*)/s.exec(stack ?? '')?.[1]
      const systemsWord = /error message = '([^']+)'/.exec(frame ?? '')?.[1]
      return systemsWord ?? frame?.split(/[\n,]/)[0] ?? stack?.trim()
    },
  }
}
