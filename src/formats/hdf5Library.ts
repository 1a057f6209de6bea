// The HDF5 C library (h5wasm), loaded once and made to behave: it neither throws nor returns a status on most
// failures but prints its error stack, so that stack is caught here and turned into errors.

import { DataError, describeCause } from '../base/index.ts'

type H5wasm = typeof import('h5wasm/node')
type H5Module = Awaited<H5wasm['ready']>

/** What the library wants to know of a dataset it makes. */
export type WriteMetadata = Parameters<H5Module['create_dataset']>[3]

/** The library with its error stack caught. Synchronous, one instance a thread. */
export interface Hdf5Library {
  readonly h5wasm: H5wasm
  readonly module: H5Module
  /** Runs `work` and throws DataError at `where` where the library complained, whatever it returned. */
  call<T>(where: string, work: () => T): T
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
    call<T>(where: string, work: () => T): T {
      const { result, complaint } = attempt(work)
      if (complaint !== undefined) throw new DataError({ where, got: `an HDF5 error (${complaint})` })
      return result as T
    },
    reserve(bytes) {
      if (bytes > scratch.bytes) {
        if (scratch.address) module._free(scratch.address)
        scratch = { address: module._malloc(bytes), bytes }
      }
      return scratch.address
    },
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
