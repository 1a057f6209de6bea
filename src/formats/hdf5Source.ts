// The bytes of an HDF5 file as numbers, through a few small windows: what describes one patch lies close together.

import { fstatSync, readSync } from 'node:fs'

/** Thrown inside the classic reader where the file holds something it does not know; never leaves it. */
export class Unsupported extends Error {}

/** Gives up on reading the file directly. */
export function unsupported(): never {
  throw new Unsupported()
}

/** Little-endian numbers at absolute positions of the file, through a few windows of 8 KB. */
export interface Source {
  readonly size: number
  /** A copy. */
  bytes(position: number, length: number): Buffer
  u8(position: number): number
  u16(position: number): number
  u32(position: number): number
  /** An address or a length. */
  u64(position: number): number
}

interface Window {
  start: number
  end: number
  readonly data: Buffer
}

/** Opens the bytes of an open file as a source. */
export function openSource(descriptor: number): Source {
  const { size } = fstatSync(descriptor)
  const windows = Array.from({ length: 8 }, (): Window => ({ start: 0, end: 0, data: Buffer.alloc(8192) }))
  let current = windows[0]
  let oldest = 0
  // Makes `current` a window that holds the bytes wanted, and says where in it they start.
  const locate = (position: number, length: number): number => {
    const holds = ({ start, end }: Window) => position >= start && position + length <= end
    if (holds(current)) return position - current.start
    const found = windows.find(holds)
    current = found ?? loadWindow(position, length)
    return position - current.start
  }
  const loadWindow = (position: number, length: number): Window => {
    if (!(position >= 0 && position + length <= size)) unsupported()
    const window = windows[oldest]
    oldest = (oldest + 1) % windows.length
    window.start = position - (position % 512)
    window.end = Math.min(window.start + window.data.length, size)
    const wanted = window.end - window.start
    if (
      position + length > window.end ||
      readSync(descriptor, window.data, 0, wanted, window.start) !== wanted
    ) {
      window.end = window.start = 0
      unsupported()
    }
    return window
  }
  return {
    size,
    bytes(position, length) {
      if (length <= 4096) {
        const at = locate(position, length)
        return Buffer.from(current.data.subarray(at, at + length))
      }
      if (!(position + length <= size)) unsupported()
      const data = Buffer.alloc(length)
      return readSync(descriptor, data, 0, length, position) === length ? data : unsupported()
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
    u64(position) {
      const at = locate(position, 8)
      const high = current.data.readUInt32LE(at + 4)
      // Beyond 2^53 lies no file; all ones mean that there is no address.
      return high >= 0x20_0000 ? unsupported() : high * 0x1_0000_0000 + current.data.readUInt32LE(at)
    },
  }
}
