// The seal of a folder: files.json, which lists every other file in it with its size and hash. A folder that is opened
// again is checked as a whole, also files that this use of it would not have read.

import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { DataError } from '../base/index.ts'
import { hashFile, writeFileAtomic } from '../files/index.ts'
import { readJson } from './runFolder.ts'

const sealName = 'files.json'
const format = 'eosin files 1'

interface Seal {
  readonly format: string
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>
}

/** Seals a folder as it is. The same files give the same bytes. */
export async function sealFolder(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const files: Record<string, Seal['files'][string]> = {}
  for (const path of paths.sort()) {
    const name = path.slice(join(folder, sep).length).replaceAll(sep, '/')
    if (name !== sealName) files[name] = { bytes: (await stat(path)).size, sha256: await hashFile(path) }
  }
  await writeFileAtomic(join(folder, sealName), `${JSON.stringify({ format, files }, null, 1)}\n`)
}

/**
 * Checks a folder against its seal; files that have come since do not matter. Throws DataError naming the first file
 * that is missing, of another size or of other bytes, or the seal where there is none.
 */
export async function checkSeal(folder: string): Promise<void> {
  const where = join(folder, sealName)
  const hint = 'run the study again: what is in its cache is not done again'
  if (!existsSync(where)) {
    const got = 'none, as in a folder that an older Eosin wrote'
    throw new DataError({ where, expected: 'the list of the files beside it', got, hint })
  }
  const seal = await readJson<Partial<Seal> | null>(where)
  if (seal?.format !== format || !seal.files) {
    throw new DataError({ where, expected: `format '${format}'`, got: `${seal?.format}`, hint })
  }
  for (const [name, { bytes, sha256 }] of Object.entries(seal.files)) {
    const path = join(folder, name)
    const size = await stat(path).then(
      (found) => found.size,
      () => null,
    )
    const got = size === null ? 'no such file' : `${size} bytes`
    if (size !== bytes)
      throw new DataError({ where: path, expected: `the ${bytes} bytes that were written`, got, hint })
    if ((await hashFile(path)) !== sha256) {
      throw new DataError({ where: path, expected: 'the bytes that were written', got: 'others', hint })
    }
  }
}
