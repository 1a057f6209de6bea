// The seal of a folder: files.json, which lists every other file in it with its size and hash. A folder that is opened
// again is checked as a whole, also files that this use of it would not have read: by size, which is quick, or by hash.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { DataError } from '../base/index.ts'
import { hashFile, writeFileAtomic } from '../files/index.ts'

const sealName = 'files.json'
const format = 'eosin files 1'

interface Seal {
  readonly format: string
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>
}

/** What is wrong with a sealed folder: the first file that is not as it was written. */
export interface Damage {
  readonly path: string
  readonly expected: string
  readonly got: string
  /** The folder has no seal at all, as those that an older Eosin wrote. */
  readonly isUnsealed: boolean
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

/** The first file of a folder that is missing or of another size than its seal says; null where none is. Reads the seal only. */
export function findWrongSize(folder: string): Damage | null {
  const seal = readSeal(folder)
  if (isDamage(seal)) return seal
  for (const [name, { bytes }] of Object.entries(seal.files)) {
    const path = join(folder, name)
    const size = statSync(path, { throwIfNoEntry: false })?.size
    if (size === bytes) continue
    const got = size === undefined ? 'no such file' : `${size} bytes`
    return { path, expected: `the ${bytes} bytes that were written`, got, isUnsealed: false }
  }
  return null
}

/** As `findWrongSize`, and then the first file of other bytes; reads every file. Files that have come since do not matter. */
export async function findDamage(folder: string): Promise<Damage | null> {
  const seal = readSeal(folder)
  const wrong = findWrongSize(folder)
  if (wrong || isDamage(seal)) return wrong
  for (const [name, { sha256 }] of Object.entries(seal.files)) {
    const path = join(folder, name)
    const found = await hashFile(path).catch(() => null)
    if (found === sha256) continue
    const got = found === null ? 'a file that cannot be read' : 'others'
    return { path, expected: 'the bytes that were written', got, isUnsealed: false }
  }
  return null
}

/** Throws DataError with the `hint` where a folder is not as it was sealed, naming the first such file. */
export async function checkSeal(folder: string, hint: string): Promise<void> {
  const damage = await findDamage(folder)
  if (damage) throw new DataError({ where: damage.path, expected: damage.expected, got: damage.got, hint })
}

function readSeal(folder: string): Seal | Damage {
  const path = join(folder, sealName)
  if (!existsSync(path)) {
    const got = 'none, as in a folder that an older Eosin wrote'
    return { path, expected: 'the list of the files beside it', got, isUnsealed: true }
  }
  const seal = parseSeal(path)
  if (seal?.format === format && seal.files) return seal as Seal
  const got = seal ? String(seal.format) : 'other bytes'
  return { path, expected: `format '${format}'`, got, isUnsealed: false }
}

function parseSeal(path: string): Partial<Seal> | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<Seal> | null
  } catch {
    return null
  }
}

function isDamage(found: Seal | Damage): found is Damage {
  return 'isUnsealed' in found
}
