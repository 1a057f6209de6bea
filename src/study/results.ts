// A study's results by their names in the recipe: `results.json` in the run folder says where in the cache each
// embedding, fit and head lies, and `rows/` whose rows they are, so that other programs need not know any key.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { DataError } from '../base/index.ts'
import { makeFolder, writeFileAtomic } from '../files/index.ts'
import { writeCsvBlocks } from '../formats/index.ts'
import type { StainEntry } from '../recipe/index.ts'
import { type CellResults, type Results, type RunFolder, readJson, type Split } from '../runs/index.ts'
import { type Cache, type CacheInputs, keyOf } from '../tasks/index.ts'
import type { Collected } from './collect.ts'
import { stainEntries } from './entries.ts'
import { type GridCell, nameEmbeddings, viewsOf } from './grid.ts'
import type { OpenStudy } from './openStudy.ts'
import { listPatches } from './patchColumns.ts'
import { isAligned, shareInputs } from './steps/measureShares.ts'
import type { TrainedHead } from './steps/trainHead.ts'

const format = 'eosin results 2'

/** Where results lie. */
export interface Placing {
  readonly study: OpenStudy
  readonly cache: Cache
}

/** Writes `results.json` and the tables of rows that it names. The same study gives the same bytes. */
export async function writeResults(
  run: RunFolder,
  placing: Placing,
  { filtered, stains, embedded, judged }: Collected,
): Promise<void> {
  await rm(run.file('rows'), { recursive: true, force: true })
  await makeFolder(run.file('rows'))
  for (const split of Object.values(filtered)) {
    const { set, rows } = split
    const row = Array.from(rows) // its place among the embeddings of its split
    await writeFileAtomic(run.file(nameRows(split.split)), writeCsvBlocks({ row, ...listPatches(set, rows) }))
  }
  const place = (...names: string[]) => relative(resolve(run.path), resolve(...names)).replaceAll(sep, '/')
  const results: Results = {
    format,
    rows: Object.fromEntries(Object.values(filtered).map(({ split }) => [split, nameRows(split)])),
    stains: Object.fromEntries(stains.map(({ entry }) => [entry.label, placeStain(placing, entry, place)])),
    embeddings: placeEmbeddings(embedded, place),
    cells: Object.fromEntries(
      judged.flatMap(({ candidate: { id, members }, predictions }) =>
        members.length > 1
          ? []
          : [[id, predictions.heads[0].map((head, i) => placeHead(members[0], head, i, place))]],
      ),
    ),
    ...placeShares(placing, place),
  }
  await writeFileAtomic(run.file('results.json'), `${JSON.stringify(results, null, 1)}\n`)
}

type Place = (...names: string[]) => string

const nameRows = (split: Split) => `rows/${split}.csv`

function placeStain({ study, cache }: Placing, stain: StainEntry, place: Place): Results['stains'][string] {
  const { fit, groups } = stainEntries(study, stain)
  const find = (inputs: CacheInputs, file: string) => place(cache.root, inputs.stage, keyOf(inputs), file)
  const ofGroups = Object.entries(groups).map(([split, inputs]) => [split, find(inputs, 'fits.json')])
  return { fit: find(fit, 'fit.json'), groups: Object.fromEntries(ofGroups) }
}

function placeEmbeddings(embedded: Collected['embedded'], place: Place): Results['embeddings'] {
  return Object.fromEntries(
    [...embedded].flatMap(([pair, entries]) =>
      Object.entries(entries).map(([name, { folder }]) => {
        const split = name as Split
        const file = place(folder, 'embeddings.npy')
        return [`${nameEmbeddings(pair, split)}/${split}`, { split, file, views: viewsOf(pair, split) }]
      }),
    ),
  )
}

function placeHead(
  cell: GridCell,
  { entry, probabilities }: TrainedHead,
  i: number,
  place: Place,
): CellResults {
  return {
    seed: cell.heads[i].seed,
    head: place(entry.folder, 'head'),
    curve: place(entry.folder, 'curve.json'),
    probabilities: Object.fromEntries(
      Object.keys(probabilities).map((split) => [split, place(entry.folder, `${split}.npy`)]),
    ),
  }
}

function placeShares({ study, cache }: Placing, place: Place): Pick<Results, 'shares'> {
  const { recipe, grid, splits } = study
  const made = grid.cells.filter(isAligned).flatMap((cell): [string, string][] => {
    const inputs = shareInputs(recipe, grid, cell, splits)
    return cache.has(inputs) ? [[cell.id, place(cache.root, inputs.stage, keyOf(inputs), 'shares.json')]] : []
  })
  return made.length > 0 ? { shares: Object.fromEntries(made) } : {}
}

/** The results of a run, with what is no longer there. */
export interface FoundResults extends Results {
  /** Paths of files and folders that are named but were removed from the cache. */
  readonly missing: readonly string[]
}

/**
 * Reads where a run's results lie; paths are given as seen from where `runFolder` is. Throws DataError where the folder has
 * no `results.json` of this format.
 */
export async function readResults(runFolder: string): Promise<FoundResults> {
  const where = join(runFolder, 'results.json')
  const hint = 'run the study again: what is in its cache is not done again'
  if (!existsSync(where)) {
    const got = existsSync(runFolder) ? 'a folder without results.json' : 'no such folder'
    throw new DataError({ where: runFolder, expected: 'the folder of a finished run', got, hint })
  }
  const results = await readJson<Results | null>(where)
  if (results?.format !== format) {
    throw new DataError({ where, expected: `format '${format}'`, got: `${results?.format}`, hint })
  }
  const missing: string[] = []
  const find = (path: string) => {
    const found = join(runFolder, path)
    if (!existsSync(found)) missing.push(found)
    return found
  }
  return { ...mapPaths(results, find), missing }
}

function mapPaths({ rows, stains, embeddings, cells, shares, ...rest }: Results, change: Place): Results {
  const mapAll = (paths: Readonly<Partial<Record<Split, string>>>) =>
    mapValues(paths, (path) => change(path!))
  return {
    ...rest,
    rows: mapAll(rows),
    stains: mapValues(stains, ({ fit, groups }) => ({ fit: change(fit), groups: mapAll(groups) })),
    embeddings: mapValues(embeddings, (entry) => ({ ...entry, file: change(entry.file) })),
    cells: mapValues(cells, (heads) =>
      heads.map(({ seed, head, curve, probabilities }) => ({
        seed,
        head: change(head),
        curve: change(curve),
        probabilities: mapAll(probabilities),
      })),
    ),
    ...(shares && { shares: mapValues(shares, (path) => change(path)) }),
  }
}

function mapValues<From, To>(
  table: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value)]))
}
