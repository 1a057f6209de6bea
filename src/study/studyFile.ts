// study.json in the run folder: all that a process needs to work for a run. The recipe is the one that the run began with,
// whatever becomes of its file meanwhile.

import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DataError } from '../base/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import { readJson } from '../runs/index.ts'
import type { Recipe } from './recipeSchema.ts'

const format = 'eosin study 1'

/** What study.json says. Paths are absolute. */
export interface StudyFile {
  readonly recipe: Recipe
  /** The folder that holds the run folder. */
  readonly out: string
  readonly cache: string
  readonly device: string
}

/** Writes study.json into a run folder; gives its path. */
export async function writeStudyFile(
  runFolder: string,
  { recipe, out, cache, device }: StudyFile,
): Promise<string> {
  const path = join(runFolder, 'study.json')
  const file = { format, recipe, out: resolve(out), cache: resolve(cache), device }
  await writeFileAtomic(path, `${JSON.stringify(file, null, 1)}\n`)
  return path
}

/** Reads study.json, given by its own path or by that of its run folder. Throws DataError where there is none. */
export async function readStudyFile(given: string): Promise<StudyFile> {
  const isFolder = (await stat(given).catch(() => null))?.isDirectory()
  const where = isFolder ? join(given, 'study.json') : given
  const hint = 'give the folder of a run that eosin study run began'
  const expected = 'study.json of a run folder'
  if (!existsSync(where)) throw new DataError({ where: given, expected, got: 'no such file', hint })
  const file = await readJson<(StudyFile & { readonly format: string }) | null>(where)
  if (file?.format === format) return file
  throw new DataError({ where, expected: `format '${format}'`, got: `${file?.format}`, hint })
}
