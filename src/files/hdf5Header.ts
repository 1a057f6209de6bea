// The superblock of an HDF5 file and the headers of its objects, of all versions: lists of typed messages.
// Format: HDF5 File Format Specification 3.0, sections II.A and IV.A.

import { damaged, expectChecksum, expectSignature, readUint, type Source, unsupported } from './hdf5Source.ts'

/** One message of an object header: `size` bytes at `at`. */
export interface Message {
  readonly type: number
  readonly at: number
  readonly size: number
  /** Its content stands elsewhere; see `findMessage`. */
  readonly isShared: boolean
}

/** The address of the root group's header. Throws Hdf5Fault. */
export function readSuperblock(source: Source): number {
  const version = source.u8(8)
  if (version > 3) unsupported(`a superblock of version ${version}`)
  const widthAt = version < 2 ? 13 : 9
  const widths = [source.u8(widthAt), source.u8(widthAt + 1)]
  if (widths[0] !== 8 || widths[1] !== 8) unsupported(`addresses of ${widths.join(' and ')} bytes, not 8`)
  const end = version < 2 ? 40 + 4 * version : 28
  const size = source.base + source.size
  if (source.u64(end) > size) damaged(`a truncated file: ${size} of its ${source.u64(end)} bytes`)
  if (version >= 2) expectChecksum(source, 0, 44)
  // Of a version below 2 the root's entry stands here; what it caches of the group may be out of date.
  return version < 2 ? source.u64(64 + 4 * version) : source.u64(36)
}

/** The messages of the object whose header is at `header`. Throws Hdf5Fault. */
export function readMessages(source: Source, header: number): Message[] {
  return source.u8(header) === 1 ? readOldMessages(source, header) : readNewMessages(source, header)
}

function readOldMessages(source: Source, header: number): Message[] {
  const count = source.u16(header + 2)
  const blocks = [{ at: header + 16, size: source.u32(header + 8) }]
  const messages: Message[] = []
  for (const block of blocks) {
    let at = block.at
    while (messages.length < count && at + 8 <= block.at + block.size) {
      const [type, size] = [source.u16(at), source.u16(at + 2)]
      if (type === 0x10) blocks.push({ at: source.u64(at + 8), size: source.u64(at + 16) })
      messages.push({ type, at: at + 8, size, isShared: (source.u8(at + 4) & 2) !== 0 })
      at += 8 + size
    }
  }
  return messages
}

function readNewMessages(source: Source, header: number): Message[] {
  expectSignature(source, header, 'OHDR')
  const version = source.u8(header + 4)
  if (version !== 2) unsupported(`an object header of version ${version}`)
  const flags = source.u8(header + 5)
  const sizeAt = header + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0)
  const start = sizeAt + (1 << (flags & 3))
  const size = readUint(source, sizeAt, 1 << (flags & 3))
  expectChecksum(source, header, start + size - header)
  const blocks = [{ at: start, end: start + size }]
  const seen = new Set<number>()
  const headBytes = flags & 4 ? 6 : 4
  const messages: Message[] = []
  for (const block of blocks) {
    for (let at = block.at; at + headBytes <= block.end; ) {
      const message = {
        type: source.u8(at),
        at: at + headBytes,
        size: source.u16(at + 1),
        isShared: (source.u8(at + 3) & 2) !== 0,
      }
      at += headBytes + message.size
      if (message.type === 0x10) blocks.push(readContinuation(source, message, seen))
      messages.push(message)
    }
  }
  return messages
}

function readContinuation(source: Source, { at }: Message, seen: Set<number>) {
  const [start, size] = [source.u64(at), source.u64(at + 8)]
  if (seen.size === seen.add(start).size) damaged('a header that goes on in a circle')
  expectSignature(source, start, 'OCHK')
  expectChecksum(source, start, size - 4)
  return { at: start + 4, end: start + size - 4 }
}

/**
 * The message of a type, undefined where there is none; where its content is shared, as a named datatype's is, the
 * one that holds it.
 */
export function findMessage(source: Source, messages: readonly Message[], type: number): Message | undefined {
  const message = messages.find((candidate) => candidate.type === type)
  if (!message?.isShared) return message
  const [version, kind] = [source.u8(message.at), source.u8(message.at + 1)]
  if (!(version === 2 || (version === 3 && kind === 2))) unsupported('a message shared through a table')
  const elsewhere = readMessages(source, source.u64(message.at + 2)).find((found) => found.type === type)
  return elsewhere && !elsewhere.isShared ? elsewhere : damaged('a shared message that is not there')
}
