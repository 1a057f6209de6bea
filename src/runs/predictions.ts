// predictions.parquet of a run folder: what each cell says of the patches of val and test, read a cell at a time.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DataError } from '../base/index.ts'
import { readBytes, readCsvFile } from '../files/index.ts'
import { openParquet, type ParquetColumns } from '../formats/index.ts'

/** The predictions of a run, a row a patch. */
export interface RunPredictions {
  /** The file. */
  readonly where: string
  readonly splits: readonly string[]
  readonly ids: readonly string[]
  /** null where the data does not say. */
  readonly centers: readonly (string | null)[]
  readonly slides: readonly (string | null)[]
  readonly patients: readonly (string | null)[]
  readonly labels: readonly (0 | 1 | null)[]
  /** Ids of the cells that have a column. */
  readonly cells: readonly string[]
  /** Probabilities of tumour of a cell. */
  read(cell: string): Promise<Float32Array>
}

const patchColumns = ['split', 'id', 'center', 'slide', 'label']
const allColumns = [...patchColumns, 'patient'] // which runs of older versions do not name

/** Opens the predictions of a run: `predictions.parquet`, or `predictions.csv` where that is all there is. Throws DataError. */
export async function openPredictions(runFolder: string): Promise<RunPredictions> {
  const [parquet, csv] = ['predictions.parquet', 'predictions.csv'].map((name) => join(runFolder, name))
  const where = existsSync(parquet) || !existsSync(csv) ? parquet : csv
  const { names, read } =
    where === parquet ? openParquet(await readBytes(where), where) : await openCsv(where)
  const missing = patchColumns.find((name) => !names.includes(name))
  if (missing) throw new DataError({ where, expected: `a column ${missing}`, got: names.join(', ') })
  const readText = async (name: string) => (await read(name)).map((value) => emptyToNull(value))
  const ids = (await readText('id')).map(String)
  return {
    where,
    splits: (await readText('split')).map(String),
    ids,
    centers: await readText('center'),
    slides: await readText('slide'),
    patients: names.includes('patient') ? await readText('patient') : ids.map(() => null),
    labels: (await readText('label')).map((label) => readLabel(where, label)),
    cells: names.filter((name) => !allColumns.includes(name)),
    read: async (cell) => Float32Array.from(await read(cell), Number),
  }
}

function readLabel(where: string, label: string | null): 0 | 1 | null {
  if (label === null || label === '0' || label === '1') return label && (Number(label) as 0 | 1)
  throw new DataError({ where, expected: 'label 0 or 1', got: `'${label}'` })
}

async function openCsv(path: string): Promise<ParquetColumns> {
  const columns = await readCsvFile(path)
  return { names: Object.keys(columns), read: async (name) => columns[name] }
}

function emptyToNull(value: string | number | null): string | null {
  return value === null || value === '' ? null : String(value)
}
