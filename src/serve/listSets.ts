// The sets of patches that can be looked at: the data given, and the patches of each run.

import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join, relative } from 'node:path'
import { hashBytes } from '../files/index.ts'
import { readers } from '../patches/index.ts'
import type { SetEntry } from './api.ts'
import { type Given, isWithin, requireGiven } from './given.ts'
import { listRuns } from './listRuns.ts'
import { partsOf } from './refused.ts'

/** A set of data with its place. */
export interface DataSet extends SetEntry {
  readonly path: string
}

/** All sets, by id; of a run only whether it names its data is known. */
export async function listSets(given: Given, version: string): Promise<readonly (SetEntry | DataSet)[]> {
  const runs = await listRuns(given, version)
  const namesData = (name: string) =>
    ['study.json', 'recipe.yaml'].some((file) => existsSync(join(given.runs, name, file)))
  return [
    ...runs
      .filter(({ name }) => namesData(name))
      .map(({ name, problem, cells }): SetEntry => {
        const id = `run-${name}`
        return { id, title: `run ${name}`, kind: 'run', run: name, problem: cells === null ? problem : null }
      }),
    ...(await listData(given)),
  ]
}

/** The sets of the data given. */
export async function listData(given: Given): Promise<DataSet[]> {
  const sets: DataSet[] = []
  for (const root of given.data) {
    for (const path of await findSets(root, given)) {
      if (sets.some((known) => known.path === path)) continue
      sets.push(await describeData(given, root, path))
    }
  }
  return sets
}

async function describeData(given: Given, root: string, path: string): Promise<DataSet> {
  const title = path === root ? basename(root) : join(basename(root), relative(root, path))
  const entry = { id: `data-${hashBytes(path).slice(0, 12)}`, title, kind: 'data' as const, run: null, path }
  try {
    await requireGiven(given, path)
    return { ...entry, problem: null }
  } catch (cause) {
    return { ...entry, problem: partsOf(cause) }
  }
}

// A file, a folder in a format of its own, the HDF5 files and tables in a folder and those right below it, or else its
// pictures. Data are recognised by their names: nothing is opened yet.
async function findSets(root: string, given: Given): Promise<string[]> {
  const found = await stat(root).catch(() => null)
  if (!found?.isDirectory()) return [root]
  for (const name of ['pcam', 'wilds', 'hcd'] as const) if (await readers[name].detect(root)) return [root]
  const tables = await findTables(root, 1, given)
  if (tables.length > 0) return tables
  return findPictureFolders(root, given)
}

async function findTables(folder: string, depth: number, given: Given): Promise<string[]> {
  if (folder === given.runs || folder === given.cache) return []
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const names = entries.map(({ name }) => name).filter(isHdf5)
  const below = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && depth > 0)
  const deeper: string[] = []
  for (const { name } of below) deeper.push(...(await findTables(join(folder, name), depth - 1, given)))
  return [...names.sort().map((name) => join(folder, name)), ...deeper]
}

function isHdf5(name: string): boolean {
  return !name.startsWith('.') && ['.h5', '.hdf5'].includes(extname(name).toLowerCase())
}

// The pictures of reports are no patches.
async function findPictureFolders(root: string, { runs, cache }: Given): Promise<string[]> {
  const holdsRuns = [runs, cache].some((place) => isWithin(root, place))
  return !holdsRuns && (await readers.folder.detect(root)) ? [root] : []
}
