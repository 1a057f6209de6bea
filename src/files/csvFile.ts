// CSV in files: read whole, written in parts where a table should not lie in memory as text.

import { open, readFile } from 'node:fs/promises'
import { DataError, describeCause } from '../base/index.ts'
import {
  type Columns,
  decodeText,
  readCsv,
  recogniseFile,
  type WantedFile,
  writeCsvHeader,
  writeCsvRows,
  wrongFile,
} from '../formats/index.ts'
import { explainWriteError, openReplacement } from './file.ts'

/**
 * Reads a CSV file in UTF-8. Throws DataError where it cannot be read, is a file of another kind or text in another
 * encoding, and as `readCsv`.
 */
export async function readCsvFile(path: string): Promise<Record<string, string[]>> {
  const bytes = await readFile(path).catch((cause) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  const head = { bytes: bytes.subarray(0, 4096), size: bytes.length }
  if (!wanted.kinds.includes(recogniseFile(head))) throw wrongFile(path, wanted, head)
  return readCsv(decodeText(bytes, path), path)
}

// Text in whatever form: what is wrong with its encoding, decodeText says.
const wanted: WantedFile = { expected: 'a CSV file', kinds: ['text', 'json', 'xml', 'utf16', 'other'] }

/** A CSV file being written in parts; it appears at its path only when closed. */
export interface CsvWriter {
  append(columns: Columns): Promise<void>
  close(): Promise<void>
  discard(): Promise<void>
}

/** Starts a CSV file with these column names, for tables that should not lie in memory as text. */
export async function createCsv(path: string, names: readonly string[]): Promise<CsvWriter> {
  const replacement = await openReplacement(path)
  const explained = (cause: unknown): never => {
    throw explainWriteError(path, cause)
  }
  const file = await open(replacement.temporary, 'wx').catch(explained)
  await file.writeFile(writeCsvHeader(names)).catch(explained)
  return {
    async append(columns) {
      const given = Object.keys(columns)
      if (given.join() !== names.join()) {
        throw new DataError({
          where: path,
          expected: `the columns ${names.join(', ')}`,
          got: given.join(', '),
        })
      }
      await file.writeFile(writeCsvRows(columns)).catch(explained)
    },
    async close() {
      await file.sync().catch(explained)
      await file.close()
      await replacement.commit()
    },
    async discard() {
      await file.close().catch(() => {})
      await replacement.discard()
    },
  }
}
