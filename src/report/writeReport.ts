// Writes what goes out of a run: report.html, its figures as files, its table in three formats, and its model card.

import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeFileAtomic } from '../files/index.ts'
import { readJson } from '../runs/index.ts'
import type { ModelFile } from '../study/model.ts'
import { replaceFolder } from '../tasks/index.ts'
import { withDrawings } from './drawings.ts'
import { readDrawings, writeDrawings } from './drawingsFile.ts'
import type { Figure } from './figure.ts'
import { listFigureFiles } from './figureFiles.ts'
import { renderModelCard } from './modelCard.ts'
import { composeReport } from './report.ts'
import { readRunFolder } from './runFolder.ts'
import { renderTableFile, TABLE_FORMATS, type TableFormat } from './table.ts'

/** Where a report's drawings are kept. */
export interface ReportOptions {
  /** A file that lets the next report of the same content be written without drawing; null keeps none. */
  readonly drawings?: string | null
}

/**
 * Writes `report.html`, `figures/`, `table.md`, `.tex`, `.csv` and, where the run has a model, `MODEL_CARD.md` into a run folder
 * from the files in it, each whole or not at all, and gives the path of `report.html`. `manifest.json` and `metrics.json` must
 * be there; what else is missing is left out. Throws DataError where a file is damaged.
 */
export async function writeReport(
  runFolder: string,
  { drawings = null }: ReportOptions = {},
): Promise<string> {
  const data = await readRunFolder(runFolder)
  const before = await readDrawings(drawings)
  const { result, drawings: used } = await withDrawings(before, () => composeReport(data))
  const { page, figures } = result
  await writeDrawings(drawings, used)
  await writeFigures(runFolder, figures)
  for (const format of Object.keys(TABLE_FORMATS) as TableFormat[])
    await writeFileAtomic(join(runFolder, `table.${format}`), renderTableFile(data, format))
  const model = join(runFolder, 'model', 'model.json')
  if (existsSync(model)) {
    const card = renderModelCard(data, await readJson<ModelFile>(model))
    await writeFileAtomic(join(runFolder, 'MODEL_CARD.md'), card)
  }
  const path = join(runFolder, 'report.html')
  await writeFileAtomic(path, page)
  return path
}

async function writeFigures(runFolder: string, figures: readonly Figure[]): Promise<void> {
  const folder = join(runFolder, 'figures')
  const work = `${folder}.work`
  await rm(work, { recursive: true, force: true })
  await makeFolder(work)
  for (const [name, text] of listFigureFiles(figures)) await writeFile(join(work, name), text)
  await replaceFolder(work, folder)
}
