// Reads Camelyon17-WILDS v1.0: metadata.csv and patches/patient_<p>_node_<n>/patch_patient_<p>_node_<n>_x_<x>_y_<y>.png,
// 96x96 RGBA. Label: any tumour in the central 32x32. Koh et al. 2021, https://wilds.stanford.edu (CC0).

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, parseDecimal, pickNamed } from '../base/index.ts'
import { readCsv, readTextFile, requireColumns } from '../formats/index.ts'
import { openImageSet } from './imageSet.ts'
import { readSidecar } from './origin.ts'
import {
  type Fault,
  type OpenedPatchSet,
  type OpenOptions,
  parseLabel,
  type Reader,
  refuseFaults,
} from './reader.ts'

const columnNames = ['patient', 'node', 'x_coord', 'y_coord', 'tumor', 'slide', 'center', 'split'] as const
type Row = Record<(typeof columnNames)[number], string>

/** The official parts: centers 1 and 2 are held out whole, the column `split` divides the others. */
const parts: Record<string, (row: Pick<Row, 'center' | 'split'>) => boolean> = {
  train: ({ center, split }) => isTrainingCenter(center) && parseDecimal(split) === 0,
  id_val: ({ center, split }) => isTrainingCenter(center) && parseDecimal(split) === 1,
  val: ({ center }) => center === '1',
  test: ({ center }) => center === '2',
}

function isTrainingCenter(center: string): boolean {
  return center !== '1' && center !== '2'
}

/** Reader of a Camelyon17-WILDS v1.0 folder; all parts together where none is chosen. */
export const wildsReader: Reader = {
  about: 'Camelyon17-WILDS v1.0: a folder with metadata.csv and patches/',
  parts: Object.keys(parts),
  async detect(path) {
    const [table, patches] = await Promise.all(
      ['metadata.csv', 'patches'].map((name) => stat(join(path, name)).catch(() => undefined)),
    )
    return Boolean(table?.isFile() && patches?.isDirectory())
  },
  open: openWilds,
}

async function openWilds(source: string, options: OpenOptions): Promise<OpenedPatchSet> {
  const { part, isTolerant } = options
  const belongs = part === undefined ? () => true : pickNamed(`${source}, part`, parts, part)
  const rows = await readRows(source)
  const chosen = rows.filter(belongs)
  if (chosen.length === 0)
    throw new DataError({ where: source, expected: `patches of part '${part}'`, got: 'none' })
  const faults: Fault[] = []
  const ids = chosen.map(nameOf)
  const labels = Uint8Array.from(chosen, ({ tumor }, i) => {
    const label = parseLabel(tumor)
    if (label === undefined) faults.push({ id: ids[i], problem: `label '${tumor}', not 0 or 1` })
    return label ?? 0
  })
  refuseFaults(source, faults, isTolerant)
  const sidecar = await readSidecar(source)
  return openImageSet({
    format: 'wilds',
    source,
    origin: sidecar.origin ?? options.origin ?? 'real',
    licence: sidecar.licence ?? 'CC0-1.0',
    parts: countParts(rows),
    faults,
    ids,
    files: chosen.map((row, i) => join(source, 'patches', folderOf(row), `${ids[i]}.png`)),
    centers: chosen.map(({ center }) => center),
    slides: chosen.map(({ slide }) => slide),
    labels,
  })
}

async function readRows(source: string): Promise<Row[]> {
  const path = join(source, 'metadata.csv')
  const text = await readTextFile(path)
  const table = requireColumns(readCsv(text, path), columnNames, path)
  return table.patient.map(
    (_, i) => Object.fromEntries(columnNames.map((name) => [name, table[name][i]])) as Row,
  )
}

function folderOf({ patient, node }: Row): string {
  return `patient_${patient}_node_${node}`
}

function nameOf(row: Row): string {
  return `patch_${folderOf(row)}_x_${row.x_coord}_y_${row.y_coord}`
}

function countParts(rows: readonly Row[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, belongs]) => [name, rows.filter(belongs).length]),
  )
}
