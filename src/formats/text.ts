// Bytes <-> text: UTF-8 and nothing else, since text in another encoding reads as other names and other numbers.

import { DataError } from '../base/index.ts'
import { describeFile } from './recognise.ts'

/** Bytes in UTF-8 as text, without a byte order mark. Throws DataError, beginning with `where`, for other encodings. */
export function decodeText(bytes: Uint8Array, where: string): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  try {
    if (!isUtf16) return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // told below
  }
  const isBinary = !isUtf16 && bytes.subarray(0, 4096).includes(0)
  const encoding = isUtf16 ? 'text in UTF-16' : 'text in another encoding, such as Latin-1'
  throw new DataError({
    where,
    expected: 'text in UTF-8',
    got: isBinary ? describeFile({ bytes, size: bytes.length }) : encoding,
    hint: isBinary ? undefined : 'save it as UTF-8',
  })
}
