// CSV (RFC 4180) by column: read with comma, semicolon or tab between the fields, written with commas and LF.
// Text that a spreadsheet would run as a formula is written with an apostrophe before it, which reading takes away.

import { DataError, matchNames } from '../base/index.ts'
import { type Column, type Columns, checkLengths } from './table.ts'

/**
 * Parses CSV with a header line into columns of text; quoted fields may hold separators, quotes and line breaks. What
 * separates fields is what the header has most of: comma, semicolon or tab; a spreadsheet's first line `sep=;` counts.
 * Throws DataError naming `where` and the row on rows of another length, repeated names or an open quote.
 */
export function readCsv(text: string, where = 'CSV'): Record<string, string[]> {
  const { body, separator } = findSeparator(text.startsWith('\uFEFF') ? text.slice(1) : text)
  const rows = splitCsv(body, separator, where)
  const names = rows.next().value?.map(unguard)
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
      columns[i].push(unguard(field))
    })
  }
  return Object.fromEntries(names.map((name, i) => [name, columns[i]]))
}

/** The column of `table` called `name`, in capitals or not, blanks around it left out; undefined where there is none. */
export function findColumn(table: Readonly<Record<string, string[]>>, name: string): string[] | undefined {
  const found = matchNames(Object.keys(table), name)
  return found.length === 1 ? table[found[0]] : undefined
}

/**
 * The columns of `table` called `names`, in capitals or not. Throws DataError naming `where` where one is missing, with
 * `hint`.
 */
export function requireColumns<Name extends string>(
  table: Readonly<Record<string, string[]>>,
  names: readonly Name[],
  where: string,
  hint = 'the first line of the file must name its columns',
): Record<Name, string[]> {
  const found = names.map((name) => [name, findColumn(table, name)] as const)
  if (found.every(([, column]) => column)) return Object.fromEntries(found) as Record<Name, string[]>
  const expected = names.length > 1 ? `the columns ${names.join(', ')}` : `a column ${names[0]}`
  throw new DataError({ where, expected, got: Object.keys(table).join(', '), hint })
}

/**
 * CSV with a header line and LF; missing values are empty, numbers are the shortest that read back the same. Text that
 * begins as a formula does gets an apostrophe before it, unless it is a number: `readCsv` gives it back as it was.
 */
export function writeCsv(columns: Columns): string {
  return [...writeCsvBlocks(columns)].join('')
}

const blockRows = 4096

/** The same text in blocks of rows, each made when it is asked for: a long table never lies in memory as text. */
export function* writeCsvBlocks(columns: Columns): Generator<string> {
  const length = checkLengths(columns)
  const formatted = Object.values(columns).map(formatColumn)
  yield formatRow(Object.keys(columns))
  for (let from = 0; from < length; from += blockRows) {
    const lines: string[] = []
    for (let row = from; row < Math.min(from + blockRows, length); row++) {
      lines.push(formatRow(formatted.map((field) => field(row))))
    }
    yield lines.join('')
  }
}

// A generator of rows of fields, so that a file of 300,000 rows never lies in memory as arrays of arrays.
function* splitCsv(text: string, separator: string, where: string): Generator<string[], undefined> {
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    const [field, end] = text[at] === '"' ? readQuoted(text, at, where) : readPlain(text, at, separator)
    row.push(field)
    if (text[end] === separator) {
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

function readPlain(text: string, start: number, separator: string): [field: string, end: number] {
  const stop = separator.charCodeAt(0)
  let end = start
  while (end < text.length && !isBreak(text.charCodeAt(end)) && text.charCodeAt(end) !== stop) end++
  return [text.slice(start, end), end]
}

// line feed, carriage return
function isBreak(code: number): boolean {
  return code === 10 || code === 13
}

function findSeparator(text: string): { body: string; separator: string } {
  const stated = /^sep=([,;\t])\r?\n/.exec(text)
  if (stated) return { body: text.slice(stated[0].length), separator: stated[1] }
  const counts: Record<string, number> = { ',': 0, ';': 0, '\t': 0 }
  let isQuoted = false
  for (let at = 0; at < text.length && (isQuoted || !isBreak(text.charCodeAt(at))); at++) {
    if (text[at] === '"') isQuoted = !isQuoted
    else if (!isQuoted && text[at] in counts) counts[text[at]]++
  }
  const [separator] = Object.keys(counts).sort((a, b) => counts[b] - counts[a])
  return { body: text, separator }
}

// Text that spreadsheets take for a formula or for the blanks before one, and text that looks guarded already.
const formula = /^'*[=+\-@\t\r\n]/
const plainNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

function guard(field: string): string {
  return formula.test(field) && !plainNumber.test(field) ? `'${field}` : field
}

function unguard(field: string): string {
  return field.startsWith("'") && formula.test(field) ? field.slice(1) : field
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

function formatRow(fields: readonly string[]): string {
  return `${fields.map(formatField).join(',')}\n`
}

function formatField(text: string): string {
  const field = guard(text)
  return /[",;\t\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

function formatColumn(column: Column): (row: number) => string {
  if (column instanceof Float32Array) return (row) => formatSingle(column[row])
  return (row) => (column[row] === null ? '' : String(column[row]))
}

/** A float32 as the shortest text that reads back as it: 0.1, not 0.10000000149011612. */
export function formatSingle(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits))
    if (Math.fround(text) === value) return String(text)
  }
  return String(Number(value.toPrecision(9)))
}
