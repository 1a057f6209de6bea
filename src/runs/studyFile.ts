// study.json in the run folder: all that a process needs to work for a run. The recipe is the one that the run began with,
// whatever becomes of its file meanwhile.

import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { DataError } from '../base/index.ts'
import { writeFileAtomic } from '../files/index.ts'
import type { Recipe } from '../recipe/recipeSchema.ts'
import { readJson } from './runFolder.ts'

const format = 'eosin study 1'

/** What study.json says. */
export interface StudyFile {
  readonly recipe: Recipe
  /** The path of the cache; in the file, as seen from the run folder. */
  readonly cache: string
  readonly device: string
}

/** Writes study.json into a run folder. */
export async function writeStudyFile(runFolder: string, { recipe, cache, device }: StudyFile): Promise<void> {
  const place = relative(resolve(runFolder), resolve(cache)).replaceAll(sep, '/')
  const file = { format, recipe, cache: place, device }
  await writeFileAtomic(join(runFolder, 'study.json'), `${JSON.stringify(file, null, 1)}\n`)
}

/** A study file with the run folder that it lies in. */
export interface FoundStudyFile extends StudyFile {
  readonly folder: string
}

/** Reads study.json, given by its own path or by that of its run folder. Throws DataError where there is none. */
export async function readStudyFile(given: string): Promise<FoundStudyFile> {
  const isFolder = (await stat(given).catch(() => null))?.isDirectory()
  const where = isFolder ? join(given, 'study.json') : given
  const hint = 'give the folder of a run that eosin study run began'
  const expected = 'study.json of a run folder'
  if (!existsSync(where)) throw new DataError({ where: given, expected, got: 'no such file', hint })
  const file = await readJson<(StudyFile & { readonly format: string }) | null>(where)
  if (file?.format === format) {
    const folder = resolve(dirname(where))
    const { recipe, cache, device } = file
    return { recipe, cache: resolve(folder, cache), device, folder }
  }
  throw new DataError({ where, expected: `format '${format}'`, got: `${file?.format}`, hint })
}
