// A table in a file, as text by column, whichever format it is in.

import { readParquet, recogniseFile } from '../formats/index.ts'
import { readCsvFile } from './csvFile.ts'
import { readBytes, readHead } from './file.ts'

/**
 * Reads a CSV or Parquet file as columns of text; numbers are the shortest that read back the same, missing values are
 * empty. Throws DataError where it cannot be read or is damaged.
 */
export async function readTableFile(path: string): Promise<Record<string, readonly string[]>> {
  if (recogniseFile(await readHead(path)) !== 'parquet') return readCsvFile(path)
  const columns = await readParquet(await readBytes(path), path)
  const toText = (value: string | number | null) => (value === null ? '' : String(value))
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.map(toText)]))
}
