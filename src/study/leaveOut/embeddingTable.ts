// Embeddings of one table with what is known of each row: a folder that `eosin embed` wrote, a matrix (.npy) with a table of
// labels, or one table (CSV, Parquet) of both. Every column but those that say what a patch is counts as a dimension.

import { existsSync, statSync } from 'node:fs'
import { DataError, f32, type NdArray, parseDecimal, UsageError } from '../../base/index.ts'
import { alignTables, type NamedTable } from '../../evaluate/index.ts'
import { readMatrixFile, readTableFile } from '../../files/index.ts'
import { findColumn } from '../../formats/index.ts'
import { readEmbeddingFolder } from '../embeddingFolder.ts'

/** Labelled embeddings, in the order of their table. */
export interface EmbeddingTable {
  /** Its path as it was given. */
  readonly where: string
  /** [rows, dimensions] */
  readonly x: NdArray<'f32'>
  readonly ids: readonly string[]
  /** 1 tumour, 0 normal. */
  readonly labels: Uint8Array
  /** One name a row, empty where it is not known; null where none is. */
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  readonly patients: readonly string[] | null
}

type TextColumns = Readonly<Record<string, readonly string[]>>

// What says what a patch is. Splits and parts are not looked at: every row takes part.
const told = ['id', 'label', 'center', 'slide', 'patient']
const descriptive = [...told, 'split', 'part']

/**
 * Reads the table at `path`, and labels, centers, slides and patients from the table `labels` where that is given: matched by id,
 * or for a matrix row by row. Throws DataError where a value is missing or no number, the tables contradict each other, or
 * a dimension is the label or a row number; UsageError where a matrix comes without labels.
 */
export async function readEmbeddingTable(path: string, labels: string | undefined): Promise<EmbeddingTable> {
  const found = labels === undefined ? undefined : pickTold(labels, await readTableFile(labels))
  if (existsSync(path) && statSync(path).isDirectory()) return readFolder(path, found)
  return path.endsWith('.npy') ? readMatrix(path, found) : readWholeTable(path, found)
}

async function readFolder(path: string, labels: NamedTable | undefined): Promise<EmbeddingTable> {
  const { x, ids, labels: own, centers, slides, patients } = await readEmbeddingFolder(path)
  const columns = {
    id: ids,
    ...(own && { label: Array.from(own, String) }),
    ...(centers && { center: centers }),
    ...(slides && { slide: slides }),
    ...(patients && { patient: patients }),
  }
  return join({ where: path, columns }, labels, x)
}

async function readMatrix(path: string, labels: NamedTable | undefined): Promise<EmbeddingTable> {
  if (!labels) {
    const expected = '--labels, a table with a row for each of the matrix'
    throw new UsageError({ where: path, expected, got: 'a matrix alone' })
  }
  const x = await readMatrixFile(path)
  const [rows] = Object.values(labels.columns)
  if (rows?.length !== x.shape[0]) {
    const expected = `${x.shape[0]} rows, as ${path} has`
    throw new DataError({ where: labels.where, expected, got: `${rows?.length ?? 'none'}` })
  }
  const columns = { id: Array.from(rows, (_, row) => String(row)), ...labels.columns }
  const { where: _, ...table } = join({ where: labels.where, columns }, undefined, x)
  return { where: path, ...table }
}

async function readWholeTable(path: string, labels: NamedTable | undefined): Promise<EmbeddingTable> {
  const columns = await readTableFile(path)
  const isTold = (name: string) => descriptive.includes(name.trim().toLowerCase())
  const dimensions = Object.keys(columns).filter((name) => !isTold(name))
  if (dimensions.length === 0) {
    const expected = `columns of numbers beside ${descriptive.join(', ')}`
    throw new DataError({ where: path, expected, got: Object.keys(columns).join(', ') })
  }
  rejectRowNumbers(path, dimensions)
  const rows = columns[dimensions[0]].length
  const x = f32([rows, dimensions.length])
  for (const [k, name] of dimensions.entries()) {
    for (let row = 0; row < rows; row++) {
      const value = parseDecimal(columns[name][row])
      if (value === undefined) throw noNumber(path, { name, row, text: columns[name][row] })
      x.data[row * dimensions.length + k] = value
    }
  }
  const table = join(pickTold(path, columns), labels, x)
  rejectLabelColumn(table, dimensions)
  return table
}

const noNumber = (where: string, { name, row, text }: { name: string; row: number; text: string }) =>
  new DataError({
    where: `${where} column '${name}', row ${row + 2}`,
    expected: 'a number',
    got: `'${text}'`,
    hint: `every column but ${descriptive.join(', ')} is a dimension of the embedding`,
  })

// As pandas and R write them beside a table.
function rejectRowNumbers(where: string, dimensions: readonly string[]): void {
  const found = dimensions.find((name) => /^(|unnamed: \d+|index|row|row_?names?)$/i.test(name.trim()))
  if (found === undefined) return
  throw new DataError({
    where: `${where} column '${found}'`,
    expected: 'a dimension of the embedding',
    got: 'what looks like row numbers, which may tell the label',
    hint: 'remove the column, or name it id',
  })
}

// A second label under another name would be learnt.
function rejectLabelColumn({ where, x, labels }: EmbeddingTable, dimensions: readonly string[]): void {
  const columns = dimensions.length
  const found = dimensions.find((_, k) =>
    [0, 1].some((flip) => labels.every((label, row) => x.data[row * columns + k] === Math.abs(flip - label))),
  )
  if (found === undefined || labels.length < 3) return
  throw new DataError({
    where: `${where} column '${found}'`,
    expected: 'a dimension of the embedding',
    got: 'the label of every row',
    hint: 'remove the column',
  })
}

function pickTold(where: string, columns: Readonly<Record<string, readonly string[]>>): NamedTable {
  const found: Record<string, readonly string[]> = {}
  for (const name of told) {
    const column = findColumn(columns as Record<string, string[]>, name)
    if (column) found[name] = column
  }
  return { where, columns: found }
}

// Rows are paired as predictions are with their labels; what they predict is of no interest here.
function join(own: NamedTable, labels: NamedTable | undefined, x: NdArray<'f32'>): EmbeddingTable {
  const columns: TextColumns = { ...own.columns, probability: Array.from({ length: x.shape[0] }, () => '0') }
  const {
    ids,
    centers,
    slides,
    patients,
    labels: y,
  } = alignTables({ predictions: { ...own, columns }, labels })
  return { where: own.where, x, ids, labels: y, centers, slides, patients }
}
