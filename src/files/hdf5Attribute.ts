// Text attributes of an HDF5 object: of fixed length read here, others with the HDF5 library.
// Format: HDF5 File Format Specification 3.0, section IV.A.2.m.

import { readMessages } from './hdf5Header.ts'
import { readTextWithLibrary } from './hdf5Library.ts'
import { type Source, unsupported } from './hdf5Source.ts'

/** A text attribute of the root group, whose header is at `header`; undefined where it is missing or no text. */
export async function readTextAttribute(
  path: string,
  source: Source,
  header: number,
  attribute: string,
): Promise<string | undefined> {
  const messages = readMessages(source, header)
  const apart = messages.find(({ type }) => type === 0x15)
  const isApart = apart && source.address(apart.at + 2 + (source.u8(apart.at + 1) & 1 ? 2 : 0)) !== undefined
  if (isApart) return readTextWithLibrary(path, attribute)
  for (const { type, at } of messages) {
    if (type !== 0xc) continue
    const version = source.u8(at)
    if (version < 1 || version > 3) unsupported(`an attribute of version ${version}`)
    const pad = (bytes: number) => (version === 1 ? Math.ceil(bytes / 8) * 8 : bytes)
    const [nameBytes, typeBytes, spaceBytes] = [2, 4, 6].map((offset) => source.u16(at + offset))
    const nameAt = at + (version === 3 ? 9 : 8)
    if (readString(source, nameAt, nameBytes) !== attribute) continue
    const typeAt = nameAt + pad(nameBytes)
    const spaceAt = typeAt + pad(typeBytes)
    const isFixedText = (source.u8(typeAt) & 0xf) === 3
    const isScalar = source.u8(spaceAt + 1) === 0
    const length = source.u32(typeAt + 4)
    if (!isFixedText || !isScalar || length > 4096) return readTextWithLibrary(path, attribute)
    return readString(source, spaceAt + pad(spaceBytes), length)
  }
  return undefined
}

function readString(source: Source, at: number, length: number): string {
  return source.bytes(at, length).toString('utf8').replace(/\0.*$/s, '')
}
