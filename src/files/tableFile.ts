// A table in a file, as text by column, whichever format it is in.

import { open } from 'node:fs/promises'
import { DataError, describeCause } from '../base/index.ts'
import { readParquet, recogniseFile } from '../formats/index.ts'
import { readCsvFile } from './csvFile.ts'

/**
 * Reads a CSV or Parquet file as columns of text; numbers are the shortest that read back the same, missing values are
 * empty. Throws DataError where it cannot be read or is damaged.
 */
export async function readTableFile(path: string): Promise<Record<string, readonly string[]>> {
  const file = await open(path).catch((cause) => {
    throw new DataError({ where: path, got: describeCause(cause) }, cause)
  })
  try {
    const { size } = await file.stat()
    const head = Buffer.alloc(Math.min(size, 4096))
    await file.read(head, 0, head.length, 0)
    if (recogniseFile({ bytes: head, size }) !== 'parquet') return await readCsvFile(path)
    const columns = await readParquet(await file.readFile(), path)
    const toText = (value: string | number | null) => (value === null ? '' : String(value))
    return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.map(toText)]))
  } finally {
    await file.close()
  }
}
