// CSV files, read as a whole.

import { decodeText, readCsv, recogniseFile, type WantedFile, wrongFile } from '../formats/index.ts'
import { readBytes } from './file.ts'

/**
 * Reads a CSV file in UTF-8. Throws DataError where it cannot be read, is a file of another kind or text in another
 * encoding, and as `readCsv`.
 */
export async function readCsvFile(path: string): Promise<Record<string, string[]>> {
  const bytes = await readBytes(path)
  const head = { bytes: bytes.subarray(0, 4096), size: bytes.length }
  if (!wanted.kinds.includes(recogniseFile(head))) throw wrongFile(path, wanted, head)
  return readCsv(decodeText(bytes, path), path)
}

// Text in whatever form: what is wrong with its encoding, decodeText says.
const wanted: WantedFile = { expected: 'a CSV file', kinds: ['text', 'json', 'xml', 'utf16', 'other'] }
