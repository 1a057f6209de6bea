// Reads Camelyon17-WILDS v1.0: metadata.csv and patches/patient_<p>_node_<n>/patch_patient_<p>_node_<n>_x_<x>_y_<y>.png,
// 96x96 RGBA. Label: any tumour in the central 32x32. Koh et al. 2021, https://wilds.stanford.edu (CC0).

import { join } from 'node:path'
import { DataError, parseDecimal, pickNamed } from '../base/index.ts'
import { readCsvFile } from '../files/index.ts'
import { requireColumns } from '../formats/index.ts'
import { holds, openImageSet } from './imageSet.ts'
import { readLabel } from './names.ts'
import { readProvenance } from './origin.ts'
import {
  type Fault,
  findRepeats,
  type OpenedPatchSet,
  type OpenOptions,
  type Reader,
  refuseFaults,
} from './reader.ts'

const columnNames = ['patient', 'node', 'x_coord', 'y_coord', 'tumor', 'slide', 'center', 'split'] as const

/** One row of metadata.csv: whole numbers, which other programs may have written as `1.0`; NaN where it has none. */
type Row = Record<(typeof columnNames)[number], number>

/** The official parts: centers 1 and 2 are held out whole, the column `split` divides the others. */
const parts: Record<string, (row: Row) => boolean> = {
  train: ({ center, split }) => isTrainingCenter(center) && split === 0,
  id_val: ({ center, split }) => isTrainingCenter(center) && split === 1,
  val: ({ center }) => center === 1,
  test: ({ center }) => center === 2,
}

function isTrainingCenter(center: number): boolean {
  return center >= 0 && center !== 1 && center !== 2
}

/** Reader of a Camelyon17-WILDS v1.0 folder; all parts together where none is chosen. */
export const wildsReader: Reader = {
  about: 'Camelyon17-WILDS v1.0: a folder with metadata.csv and patches/',
  parts: Object.keys(parts),
  detect: (path) => holds(path, 'metadata.csv', 'patches'),
  open: openWilds,
}

async function openWilds(source: string, options: OpenOptions): Promise<OpenedPatchSet> {
  const { part, isTolerant } = options
  const belongs = part === undefined ? () => true : pickNamed(`${source}, part`, parts, part)
  const faults: Fault[] = []
  const rows = await readRows(join(source, 'metadata.csv'), faults)
  faults.push(...findRepeats(rows.map(nameOf)))
  refuseFaults(source, faults, isTolerant)
  const chosen = rows.filter(belongs)
  if (chosen.length === 0) {
    const some = Object.entries(countOfficialParts(rows)).filter(([, count]) => count > 0)
    const hint =
      some.length > 0 ? `it has ${some.map(([name, count]) => `${count} of ${name}`).join(', ')}` : undefined
    const expected = part === undefined ? 'patches in metadata.csv' : `patches of part '${part}'`
    throw new DataError({ where: source, expected, got: 'none', hint })
  }
  const ids = chosen.map(nameOf)
  return openImageSet({
    format: 'wilds',
    source,
    ...(await readProvenance(source, options, {
      origin: 'real',
      licence: 'CC0-1.0',
      dataset: 'Camelyon17-WILDS',
    })),
    parts: countOfficialParts(rows),
    faults,
    ids,
    files: chosen.map((row, i) => join(source, 'patches', folderOf(row), `${ids[i]}.png`)),
    centers: chosen.map(({ center }) => nameNumber(center)),
    slides: chosen.map(({ slide }) => nameNumber(slide)),
    patients: chosen.map(({ patient }) => nameNumber(patient)),
    labels: Uint8Array.from(chosen, ({ tumor }) => (tumor === 1 ? 1 : 0)),
  })
}

// Every row is checked, of whatever part: one that cannot be told would be in none, or in the wrong one.
async function readRows(path: string, faults: Fault[]): Promise<Row[]> {
  const table = requireColumns(await readCsvFile(path), columnNames, path)
  return table.patient.map((_, i) => {
    const words = columnNames.map((name) => [name, table[name][i]] as const)
    const row = Object.fromEntries(
      words.map(([name, word]) => [name, name === 'tumor' ? readTumor(word) : readWhole(word)]),
    ) as Row
    const problem = words.find(([name]) => Number.isNaN(row[name]))
    const said = problem ? `${problem[0]} '${problem[1]}', not a whole number` : findProblem(row)
    if (said) faults.push({ id: nameOf(row), problem: `${said} (row ${i + 2} of metadata.csv)` })
    return row
  })
}

// A label in words, as pandas writes booleans, or a number, of which `findProblem` says whether it is one.
function readTumor(word: string): number {
  return readLabel(word) ?? readWhole(word)
}

function readWhole(word: string): number {
  const number = parseDecimal(word)
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : Number.NaN
}

// Besides the splits of the file itself, 2 and 3 are what the WILDS package makes of test and val.
function findProblem({ tumor, center, split }: Row): string | undefined {
  if (tumor > 1) return `label '${tumor}', not 0 or 1`
  const allowed = isTrainingCenter(center) ? [0, 1] : [0, 1, center === 1 ? 3 : 2]
  return allowed.includes(split)
    ? undefined
    : `split '${split}' of center ${center}, not ${allowed.join(' or ')}`
}

function nameNumber(number: number): string {
  return Number.isNaN(number) ? '?' : String(number)
}

function folderOf({ patient, node }: Row): string {
  return `patient_${String(patient).padStart(3, '0')}_node_${node}`
}

function nameOf(row: Row): string {
  return `patch_${folderOf(row)}_x_${row.x_coord}_y_${row.y_coord}`
}

function countOfficialParts(rows: readonly Row[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, belongs]) => [name, rows.filter(belongs).length]),
  )
}
