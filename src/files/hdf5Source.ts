// The bytes of an HDF5 file as numbers, through a few small windows: what describes one patch lies close together.

import { fstatSync, readSync } from 'node:fs'
import { DataError, describeCause, lookup3, systemCode } from '../base/index.ts'

/** What keeps a file or dataset from being read, thrown inside the reader; `explained` makes a DataError of it. */
export class Hdf5Fault extends Error {
  readonly hint: string
  constructor(got: string, hint = 'the file is damaged: download or copy it again') {
    super(got)
    this.hint = hint
  }
}

/** Says how it shows that the file is damaged; with a hint, what else is wrong with it. */
export function damaged(got: string, hint?: string): never {
  throw new Hdf5Fault(got, hint)
}

/** Says what the file holds that is not read. */
export function unsupported(got: string): never {
  throw new Hdf5Fault(got, 'rewrite it with h5repack, or with h5py as it writes unless told otherwise')
}

/** Runs `work`; what it finds at fault becomes a DataError at `where`. */
export function explained<T>(where: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw explainHdf5(where, cause)
  }
}

/** A DataError at `where` for what the reader met; any other error as it is. */
export function explainHdf5(where: string, cause: unknown): unknown {
  if (cause instanceof Hdf5Fault)
    return new DataError({ where, got: describeCause(cause), hint: cause.hint }, cause)
  return systemCode(cause) === undefined ? cause : new DataError({ where, got: describeCause(cause) }, cause)
}

/**
 * Little-endian numbers at the file's own addresses, which count from `base`. All throw Hdf5Fault beyond the file's
 * end.
 */
export interface Source {
  readonly descriptor: number
  /** Where address 0 lies in the file: behind its user block. */
  readonly base: number
  /** How many bytes there are from `base` on. */
  readonly size: number
  /** A copy. */
  bytes(position: number, length: number): Buffer
  u8(position: number): number
  u16(position: number): number
  u32(position: number): number
  /** A length. */
  u64(position: number): number
  /** An address; undefined where there is none (all ones). */
  address(position: number): number | undefined
}

interface Window {
  start: number
  end: number
  readonly data: Buffer
}

const largestSafe = 0x20_0000 // the high word of 2^53

/** Opens the bytes of an open file as a source. */
export function openSource(descriptor: number, base = 0): Source {
  const size = fstatSync(descriptor).size - base
  const windows = Array.from({ length: 8 }, (): Window => ({ start: 0, end: 0, data: Buffer.alloc(8192) }))
  let current = windows[0]
  let oldest = 0
  const check = (position: number, length: number) => {
    if (!(position >= 0 && position + length <= size)) damaged('an address beyond the end of the file')
  }
  // Makes `current` a window that holds the bytes wanted, and says where in it they start.
  const locate = (position: number, length: number): number => {
    const holds = ({ start, end }: Window) => position >= start && position + length <= end
    if (!holds(current)) current = windows.find(holds) ?? loadWindow(position, length)
    return position - current.start
  }
  const loadWindow = (position: number, length: number): Window => {
    check(position, length)
    const window = windows[oldest]
    oldest = (oldest + 1) % windows.length
    window.start = window.end = position - (position % 512)
    const wanted = Math.min(window.data.length, size - window.start)
    if (readSync(descriptor, window.data, 0, wanted, base + window.start) !== wanted)
      damaged('a file that shrinks while it is read')
    window.end = window.start + wanted
    return window
  }
  const word = (position: number): number | undefined => {
    const at = locate(position, 8)
    const high = current.data.readUInt32LE(at + 4)
    return high < largestSafe ? high * 0x1_0000_0000 + current.data.readUInt32LE(at) : undefined
  }
  return {
    descriptor,
    base,
    size,
    bytes(position, length) {
      if (length <= 4096) {
        const at = locate(position, length)
        return Buffer.from(current.data.subarray(at, at + length))
      }
      check(position, length)
      const data = Buffer.alloc(length)
      const count = readSync(descriptor, data, 0, length, base + position)
      return count === length ? data : damaged('a file that shrinks while it is read')
    },
    u8(position) {
      const at = locate(position, 1)
      return current.data[at]
    },
    u16(position) {
      const at = locate(position, 2)
      return current.data.readUInt16LE(at)
    },
    u32(position) {
      const at = locate(position, 4)
      return current.data.readUInt32LE(at)
    },
    u64: (position) => word(position) ?? damaged('a length of more than 2^53'),
    address(position) {
      const found = word(position)
      const at = position - current.start
      const isNone = current.data.readInt32LE(at) === -1 && current.data.readInt32LE(at + 4) === -1
      return found !== undefined || isNone ? found : damaged('an address beyond 2^53')
    },
  }
}

/** A number of `length` bytes (1 to 8), little-endian. Throws Hdf5Fault beyond 2^53. */
export function readUint(source: Source, position: number, length: number): number {
  if (length === 8) return source.u64(position)
  let value = 0
  for (let i = length - 1; i >= 0; i--) value = value * 256 + source.u8(position + i)
  return value
}

/** Throws Hdf5Fault unless four letters stand at `position`. */
export function expectSignature(source: Source, position: number, signature: string): void {
  for (let i = 0; i < 4; i++) {
    if (source.u8(position + i) !== signature.charCodeAt(i)) damaged(`no ${signature} where one should be`)
  }
}

/** Throws Hdf5Fault unless the checksum behind `length` bytes from `position` on is theirs. */
export function expectChecksum(source: Source, position: number, length: number): void {
  if (length > 1 << 26) damaged('a structure of more than 64 MB')
  if (lookup3(source.bytes(position, length)) !== source.u32(position + length))
    damaged('a checksum that is not right')
}
