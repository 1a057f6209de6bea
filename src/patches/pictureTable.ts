// Reads a list of pictures: a CSV with the columns path, label, center, slide, patient and part (or split), of which only path
// must be there; `columns` says what else they may be called. Paths are relative to the file, with either slash.

import { DataError, UnknownNameError } from '../base/index.ts'
import { readCsvFile } from '../files/index.ts'
import { findColumn } from '../formats/index.ts'
import { countParts, partNames } from './names.ts'
import type { Fault, OpenOptions } from './reader.ts'

/** One image as the folder or the table states it; words are not yet checked. */
export interface PictureEntry {
  /** The path relative to the folder or the table, with forward slashes: it is the id. */
  readonly path: string
  readonly label: string | null
  readonly center: string | null
  readonly slide: string | null
  readonly patient: string | null
}

/** The pictures of a folder or a table, and how it was read. */
export interface PictureListing {
  readonly entries: readonly PictureEntry[]
  readonly layout: string
  /** What was read in a way that may not be meant, in a sentence. */
  readonly doubt?: string
  /** How many pictures each part has, where there are parts. */
  readonly parts: Readonly<Record<string, number>> | null
  readonly leftOut: readonly Fault[]
  readonly faults: readonly Fault[]
}

/** What a table says of a picture, and the names its column may have where `columns` gives none. */
const columnNames = {
  path: ['path'],
  label: ['label'],
  center: ['center'],
  slide: ['slide'],
  patient: ['patient', 'patient_id'],
  part: ['part', 'split'],
} as const
type ColumnName = keyof typeof columnNames

/** Reads a table of pictures. Throws DataError where a column is missing, UnknownNameError for an unknown one. */
export async function readPictureTable(
  source: string,
  { columns = {}, part }: OpenOptions,
): Promise<PictureListing> {
  const known = Object.keys(columnNames) as ColumnName[]
  for (const name of Object.keys(columns)) {
    if (!known.includes(name as ColumnName)) throw new UnknownNameError('columns', name, known)
  }
  const table = await readCsvFile(source)
  const found = Object.fromEntries(
    known.map((name) => [name, pickColumn(source, table, name, columns[name])]),
  )
  const { path, part: partWords } = found
  if (!path) throw missingColumn(source, table, 'path')
  if (part !== undefined && !partWords) throw missingColumn(source, table, 'part')
  const wordAt = (name: ColumnName, row: number) => found[name]?.words[row].trim() || null
  const parts = path.words.map((_, row) => partNames[wordAt('part', row)?.toLowerCase() ?? ''])
  const leftOut: Fault[] = []
  const entries = path.words.flatMap((_, row) => {
    const image = toSlashes(wordAt('path', row) ?? '')
    const isUnknown = part !== undefined && parts[row] === undefined
    if (isUnknown) leftOut.push({ id: image, problem: `in no part ('${wordAt('part', row) ?? ''}')` })
    if (part !== undefined && parts[row] !== part) return []
    return {
      path: image,
      label: wordAt('label', row),
      center: wordAt('center', row),
      slide: wordAt('slide', row),
      patient: wordAt('patient', row),
    }
  })
  if (part !== undefined && entries.length === 0) {
    throw new DataError({ where: source, expected: `pictures of part '${part}'`, got: 'none' })
  }
  return { entries, layout: describeColumns(table, found), parts: countParts(parts), leftOut, faults: [] }
}

interface FoundColumn {
  readonly title: string
  readonly words: string[]
}

function pickColumn(
  source: string,
  table: Record<string, string[]>,
  name: ColumnName,
  given: string | undefined,
): FoundColumn | undefined {
  for (const title of given === undefined ? columnNames[name] : [given]) {
    const words = findColumn(table, title)
    if (words) return { title, words }
  }
  if (given !== undefined)
    throw new UnknownNameError(`${source}, column of ${name}`, given, Object.keys(table))
  return undefined
}

function missingColumn(source: string, table: Record<string, string[]>, name: ColumnName): DataError {
  const titles = Object.keys(table)
  return new DataError({
    where: source,
    expected: `a column ${columnNames[name].join(' or ')}`,
    got: titles.join(', '),
    hint: `the first line must name the columns; say which it is with --columns ${name}=NAME`,
  })
}

function toSlashes(path: string): string {
  return path.replaceAll('\\', '/')
}

function describeColumns(
  table: Record<string, string[]>,
  found: Readonly<Record<string, FoundColumn | undefined>>,
): string {
  const used = Object.entries(found).flatMap(([name, column]) => {
    if (!column) return []
    return column.title === name ? [name] : [`${name} (${column.title})`]
  })
  const words = Object.values(found).map((column) => column?.words)
  const others = Object.keys(table).filter((title) => !words.includes(table[title]))
  return `columns: ${used.join(', ')}${others.length > 0 ? `; not used: ${others.join(', ')}` : ''}`
}
