// Tables by column, and as Parquet. The same columns give the same bytes.

import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer'
import { DataError } from '../base/index.ts'
import { wrongFile } from './recognise.ts'

/** A column's values: text, numbers, or a typed array; null where a value is missing. */
export type Column =
  | readonly (string | number | null)[]
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint8Array
/** Columns by name, in order, all of one length. */
export type Columns = Readonly<Record<string, Column>>

/**
 * Parquet, Snappy-compressed. Text becomes STRING; numbers become INT32 where all are whole and small, else
 * DOUBLE; typed arrays keep their width. Throws DataError where a column mixes text and numbers.
 */
export function writeParquet(columns: Columns): Uint8Array {
  checkLengths(columns)
  const columnData = Object.entries(columns).map(([name, data]) => ({
    name,
    data: Array.isArray(data) || data instanceof Float32Array ? data : Array.from(data as ArrayLike<number>),
    type: parquetTypeOf(name, data),
    nullable: Array.isArray(data) && data.includes(null),
  }))
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'eosin' }))
}

/** Reads a whole Parquet file as columns. Throws DataError naming `where` where it is damaged. */
export async function readParquet(
  bytes: Uint8Array,
  where = 'Parquet',
): Promise<Record<string, (string | number | null)[]>> {
  const { names, read } = openParquet(bytes, where)
  const columns: Record<string, (string | number | null)[]> = {}
  // One after the other: of several at once that fail, the library would leave all but the first unhandled.
  for (const name of names) columns[name] = await read(name)
  return columns
}

/** A Parquet file whose columns are read when they are asked for: one that has many never lies in memory as a whole. */
export interface ParquetColumns {
  readonly names: readonly string[]
  read(name: string): Promise<(string | number | null)[]>
}

/** Opens a Parquet file. Throws DataError naming `where` where it is damaged, as `read` does. */
export function openParquet(bytes: Uint8Array, where = 'Parquet'): ParquetColumns {
  const explain = (cause: unknown) => {
    const wanted = { expected: 'a Parquet file', kinds: ['parquet'] } as const
    return wrongFile(where, wanted, { bytes, size: bytes.length }, cause)
  }
  try {
    const file = Uint8Array.from(bytes).buffer // a copy even of a Buffer, whose slice is a view
    const metadata = parquetMetadata(file)
    return {
      names: metadata.schema.slice(1).map(({ name }) => name),
      async read(name) {
        try {
          const rows = await parquetReadObjects({ file, metadata, columns: [name] })
          return rows.map((row) => toPlain(row[name]))
        } catch (cause) {
          throw explain(cause)
        }
      },
    }
  } catch (cause) {
    throw explain(cause)
  }
}

function toPlain(value: unknown): string | number | null {
  if (value === undefined || value === null) return null
  return typeof value === 'bigint' ? Number(value) : (value as string | number)
}

/** The length that all columns have. Throws DataError where they differ. */
export function checkLengths(columns: Columns): number {
  const [length = 0, ...others] = Object.values(columns).map((column) => column.length)
  if (others.some((other) => other !== length)) {
    const lengths = Object.entries(columns).map(([name, column]) => `${name} ${column.length}`)
    throw new DataError({ where: 'table', expected: 'columns of one length', got: lengths.join(', ') })
  }
  return length
}

function parquetTypeOf(name: string, column: Column): BasicType {
  if (column instanceof Float32Array) return 'FLOAT'
  if (column instanceof Float64Array) return 'DOUBLE'
  if (column instanceof Uint32Array) return 'DOUBLE'
  if (!Array.isArray(column)) return 'INT32'
  const values = column.filter((value) => value !== null)
  if (values.every((value) => typeof value === 'string')) return 'STRING'
  if (!values.every((value) => typeof value === 'number')) {
    throw new DataError({ where: `column '${name}'`, expected: 'text or numbers', got: 'both' })
  }
  return values.every((value) => (value | 0) === value) ? 'INT32' : 'DOUBLE'
}
