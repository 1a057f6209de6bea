// The directory of a zip file, and where its stored entries lie, so that parts of huge files can be read in place.
// Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 16 (its end, zip64).

import type { FileHandle } from 'node:fs/promises'
import { DataError } from '../base/index.ts'
import { readRange } from './positionedRead.ts'

/** A file inside the zip. */
export interface ZipEntry {
  readonly name: string
  /** Length of the content, and of what is stored of it: equal where nothing is compressed. */
  readonly size: number
  readonly storedSize: number
  readonly isCompressed: boolean
  /** Where its local header starts. */
  readonly headerAt: number
}

const signatures = {
  local: 0x04034b50,
  entry: 0x02014b50,
  end: 0x06054b50,
  locator64: 0x07064b50,
  end64: 0x06064b50,
}
const endLength = 22
const locatorLength = 20

/** The entries by name, from the directory at the file's end. Throws DataError where it is damaged or missing. */
export async function readZipDirectory(file: FileHandle, where: string): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat()
  const { at, length, count } = await findDirectory(file, size, where)
  if (at + length > size) throw damaged(where, `a directory at ${at} of ${size} bytes`)
  const view = viewOf(await readRange(file, at, length, where))
  const entries = new Map<string, ZipEntry>()
  let position = 0
  for (let i = 0; i < count; i++) {
    if (position + 46 > length || view.getUint32(position, true) !== signatures.entry) {
      throw damaged(where, `a directory that ends after ${i} of ${count} entries`)
    }
    const sides = [28, 30, 32].map((offset) => view.getUint16(position + offset, true))
    const next = position + 46 + sides[0] + sides[1] + sides[2]
    if (next > length) throw damaged(where, `a directory that ends within entry ${i}`)
    const entry = parseEntry(view, position, sides[0], sides[1], where)
    const isWhole = entry.isCompressed || entry.size === entry.storedSize
    if (!isWhole) throw damaged(where, `'${entry.name}' of two sizes`)
    if (entry.headerAt + entry.storedSize > size) {
      throw damaged(where, `${size} bytes, with '${entry.name}' beyond their end`)
    }
    entries.set(entry.name, entry)
    position = next
  }
  return entries
}

/** Where the content of an entry starts. Throws DataError where it is compressed or its header is damaged. */
export async function locateStored(file: FileHandle, entry: ZipEntry, where: string): Promise<number> {
  if (entry.isCompressed) {
    throw new DataError({
      where: `${where}/${entry.name}`,
      expected: 'a stored entry, as torch.save writes',
      got: 'a compressed one',
      hint: 'unpack and zip again with -0, or save it again with torch.save',
    })
  }
  // The local header's extra field (torch aligns with it) differs from the directory's.
  const header = viewOf(await readRange(file, entry.headerAt, 30, where))
  if (header.getUint32(0, true) !== signatures.local) throw damaged(where, `no header for '${entry.name}'`)
  return entry.headerAt + 30 + header.getUint16(26, true) + header.getUint16(28, true)
}

// The end record is the last thing in the file but for a comment of at most 65,535 bytes.
async function findDirectory(file: FileHandle, size: number, where: string) {
  const tailAt = Math.max(0, size - endLength - 0xffff - locatorLength)
  const tail = viewOf(await readRange(file, tailAt, size - tailAt, where))
  for (let i = tail.byteLength - endLength; i >= 0; i--) {
    if (tail.getUint32(i, true) !== signatures.end) continue
    const isZip64 = i >= locatorLength && tail.getUint32(i - locatorLength, true) === signatures.locator64
    if (isZip64) return readEnd64(file, readUint64(tail, i - locatorLength + 8, where), where)
    return {
      count: tail.getUint16(i + 10, true),
      length: tail.getUint32(i + 12, true),
      at: tail.getUint32(i + 16, true),
    }
  }
  throw damaged(where, 'no zip directory at its end')
}

async function readEnd64(file: FileHandle, at: number, where: string) {
  const end = viewOf(await readRange(file, at, 56, where))
  if (end.getUint32(0, true) !== signatures.end64) throw damaged(where, `no zip64 directory at ${at}`)
  return {
    count: readUint64(end, 32, where),
    length: readUint64(end, 40, where),
    at: readUint64(end, 48, where),
  }
}

function parseEntry(
  view: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
  where: string,
): ZipEntry {
  const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength))
  // Fields that do not fit in 32 bits are all ones there and follow in the zip64 extra field, in this order.
  const [size, storedSize, headerAt] = readZip64(
    view,
    at + 46 + nameLength,
    extraLength,
    [24, 20, 42].map((offset) => view.getUint32(at + offset, true)),
    where,
  )
  return { name, size, storedSize, headerAt, isCompressed: view.getUint16(at + 10, true) !== 0 }
}

function readZip64(view: DataView, start: number, length: number, fields: number[], where: string): number[] {
  if (!fields.includes(0xffffffff)) return fields
  for (let at = start; at + 4 <= start + length; ) {
    const [id, fieldLength] = [view.getUint16(at, true), view.getUint16(at + 2, true)]
    if (id === 1 && at + 4 + fieldLength <= start + length) {
      let next = at + 4
      return fields.map((value) => {
        if (value !== 0xffffffff || next + 8 > at + 4 + fieldLength) return value
        next += 8
        return readUint64(view, next - 8, where)
      })
    }
    at += 4 + fieldLength
  }
  return fields
}

function readUint64(view: DataView, at: number, where: string): number {
  const value = Number(view.getBigUint64(at, true))
  if (!Number.isSafeInteger(value)) throw damaged(where, `a position of ${value}`)
  return value
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function damaged(where: string, got: string): DataError {
  return new DataError({
    where,
    expected: 'a whole zip file',
    got,
    hint: 'the file is truncated or damaged: fetch it again',
  })
}
