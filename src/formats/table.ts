// Tables by column: CSV (RFC 4180) and Parquet. The same columns give the same bytes.

import { open } from 'node:fs/promises'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer'
import { DataError } from '../base/index.ts'
import { explainWriteError, openReplacement } from './file.ts'
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
 * Parses CSV with a header line into columns of text; quoted fields may hold commas, quotes and line breaks.
 * Throws DataError naming `where` and the row on rows of another length, repeated names or an open quote.
 */
export function readCsv(text: string, where = 'CSV'): Record<string, string[]> {
  const rows = splitCsv(text.startsWith('\uFEFF') ? text.slice(1) : text, where)
  const names = rows.next().value
  if (!names) throw new DataError({ where, expected: 'a header line', got: 'an empty file' })
  const repeated = names.find((name, i) => names.indexOf(name) !== i)
  if (repeated !== undefined) {
    throw new DataError({ where, expected: 'column names that differ', got: `'${repeated}' twice` })
  }
  const columns = names.map((): string[] => [])
  let line = 1
  for (const row of rows) {
    line++
    if (row.length === 1 && row[0] === '' && names.length > 1) continue // a blank line
    if (row.length !== names.length) {
      throw new DataError({
        where: `${where}, row ${line}`,
        expected: `${names.length} fields`,
        got: `${row.length}`,
      })
    }
    row.forEach((field, i) => {
      columns[i].push(field)
    })
  }
  return Object.fromEntries(names.map((name, i) => [name, columns[i]]))
}

/** The columns of `table` called `names`; throws DataError naming `where` where one is missing. */
export function requireColumns<Name extends string>(
  table: Readonly<Record<string, string[]>>,
  names: readonly Name[],
  where: string,
): Record<Name, string[]> {
  const missing = names.filter((name) => !Object.hasOwn(table, name))
  if (missing.length > 0) {
    const got = Object.keys(table).join(', ')
    throw new DataError({ where, expected: `the columns ${names.join(', ')}`, got })
  }
  return table as Record<Name, string[]>
}

/** CSV with a header line and LF; missing values are empty, numbers are the shortest that read back the same. */
export function writeCsv(columns: Columns): string {
  return formatRow(Object.keys(columns)) + formatRows(columns)
}

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
  await file.writeFile(formatRow(names)).catch(explained)
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
      await file.writeFile(formatRows(columns)).catch(explained)
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
  try {
    const file = Uint8Array.from(bytes).buffer // a copy even of a Buffer, whose slice is a view
    const names = parquetMetadata(file)
      .schema.slice(1)
      .map(({ name }) => name)
    const rows = await parquetReadObjects({ file })
    return Object.fromEntries(names.map((name) => [name, rows.map((row) => toPlain(row[name]))]))
  } catch (cause) {
    const wanted = { expected: 'a Parquet file', kinds: ['parquet'] } as const
    throw wrongFile(where, wanted, { bytes, size: bytes.length }, cause)
  }
}

function toPlain(value: unknown): string | number | null {
  if (value === undefined || value === null) return null
  return typeof value === 'bigint' ? Number(value) : (value as string | number)
}

// A generator of rows of fields, so that a file of 300,000 rows never lies in memory as arrays of arrays.
function* splitCsv(text: string, where: string): Generator<string[], undefined> {
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    const [field, end] = text[at] === '"' ? readQuoted(text, at, where) : readPlain(text, at)
    row.push(field)
    if (text[end] === ',') {
      at = end + 1
      if (at === text.length) row.push('')
    } else {
      at = text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1
      yield row
      row = []
    }
  }
  if (row.length > 0) yield row
  return undefined
}

function readPlain(text: string, start: number): [field: string, end: number] {
  let end = start
  while (end < text.length && !isBreak(text.charCodeAt(end))) end++
  return [text.slice(start, end), end]
}

// comma, line feed, carriage return
function isBreak(code: number): boolean {
  return code === 44 || code === 10 || code === 13
}

function readQuoted(text: string, start: number, where: string): [field: string, end: number] {
  let field = ''
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) {
      const line = text.slice(0, start).split('\n').length
      throw new DataError({
        where: `${where}, line ${line}`,
        expected: 'a closing quote',
        got: 'the end of the file',
      })
    }
    field += text.slice(from, quote)
    if (text[quote + 1] !== '"') return [field, quote + 1]
    field += '"'
    from = quote + 2
  }
}

function formatRows(columns: Columns): string {
  const length = checkLengths(columns)
  const formatted = Object.values(columns).map(formatColumn)
  const lines: string[] = []
  for (let row = 0; row < length; row++) lines.push(formatRow(formatted.map((field) => field(row))))
  return lines.join('')
}

function formatRow(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
}

function formatColumn(column: Column): (row: number) => string {
  if (column instanceof Float32Array) return (row) => formatSingle(column[row])
  return (row) => (column[row] === null ? '' : String(column[row]))
}

// 0.1 as float32 is 0.10000000149011612 as a double; the shortest text that reads back as that float32 is 0.1.
function formatSingle(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits))
    if (Math.fround(text) === value) return String(text)
  }
  return String(Number(value.toPrecision(9)))
}

function checkLengths(columns: Columns): number {
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
