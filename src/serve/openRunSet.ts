// The patches of a run, all splits one after the other, with what the run says of each: which quality rule rejected it, how
// each stain fared, and what each cell predicts.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DataError, joinPixels, type Pixels, UnknownNameError } from '../base/index.ts'
import { readCsvFile } from '../files/index.ts'
import { decodeVerdicts, readVerdicts } from '../normalise/index.ts'
import { allRows, leastReal, type PatchSet } from '../patches/index.ts'
import type { Rejection } from '../quality/index.ts'
import { type Recipe, readRunData } from '../recipe/index.ts'
import { openPredictions, readJson, readStudyFile, readTaskList, type Split } from '../runs/index.ts'
import { type FoundResults, openSplitPatches, readResults } from '../study/index.ts'
import { type SetColumns, unknownLabel } from './api.ts'
import { type Given, requireGiven } from './given.ts'
import { readResultsOf, runFolderOf } from './listRuns.ts'
import { type Embeddings, type OpenSet, placesIn, requireGivenSet } from './openSet.ts'

// One split of a run. A limited split is known by the table of its rows alone.
interface RunSplit {
  readonly split: Split
  readonly source: string
  readonly set: PatchSet
  /** Rows of `set` that are shown. */
  readonly rows: Uint32Array
  /** The row of each in the matrices of embeddings. */
  readonly matrixRows: Uint32Array
  /** The first of them in the columns. */
  readonly start: number
}

/** Opens the patches of a run. Throws RefusedError where its data were not given, DataError where they are not there. */
export async function openRunSet(given: Given, name: string): Promise<OpenSet> {
  const folder = await runFolderOf(given, name)
  const known = await readKnown(given, folder)
  const splits = await openRunSplits(given, folder, known)
  try {
    const count = splits.reduce((sum, { rows }) => sum + rows.length, 0)
    const { columns, probabilities } = await describe(given, name, folder, known, splits, count)
    const find = (row: number) => splits.findLast(({ start }) => start <= row)!
    return {
      columns,
      placeOf(row) {
        const { set, rows, start, source } = find(row)
        const own = rows[row - start]
        return { source, id: set.ids[own], label: (set.labels?.[own] ?? null) as 0 | 1 | null }
      },
      read: (rows) => readRows(splits, rows),
      probabilities,
      embeddings:
        known.cache === null || !known.results ? [] : listEmbeddings(known.results, splits, columns.cells[0]),
      close: () => closeAll(splits),
    }
  } catch (cause) {
    await closeAll(splits)
    throw cause
  }
}

async function closeAll(splits: readonly Pick<RunSplit, 'set'>[]): Promise<void> {
  for (const { set } of splits) await set.close()
}

// What the run folder says; results are null while there are none, the cache where it was not given.
interface Known {
  readonly data: Recipe['data']
  readonly results: FoundResults | null
  readonly cache: string | null
  readonly notes: readonly string[]
}

async function readKnown(given: Given, folder: string): Promise<Known> {
  const notes: string[] = []
  const study = await readStudyFile(folder).catch(() => null)
  const data = study?.recipe.data ?? (await readRunData(folder))
  const results = existsSync(join(folder, 'results.json')) ? await readResults(folder) : null
  const isGiven = study
    ? await requireGiven(given, study.cache).then(
        () => true,
        () => false,
      )
    : false
  if (!isGiven) {
    notes.push(
      'The cache of this run was not given, or is not there: its quality rules, stain verdicts and nearest patches are not known. Give it to eosin serve with --cache.',
    )
  }
  return { data, results, cache: isGiven ? study!.cache : null, notes }
}

async function openRunSplits(given: Given, folder: string, { data, results }: Known): Promise<RunSplit[]> {
  const splits: RunSplit[] = []
  let start = 0
  try {
    for (const [key, spec] of Object.entries(data)) {
      const split = key as Split
      await requireGiven(given, spec.path)
      const set = await openSplitPatches(split, spec)
      await requireGivenSet(given, set)
      const isLimited = spec.limit !== undefined && spec.limit < set.count
      const chosen = isLimited ? await readLimited(folder, split, results, set) : allOf(set)
      const source = spec.part === undefined ? spec.path : `${spec.path}, part ${spec.part}`
      splits.push({ split, source, set, start, ...chosen })
      start += chosen.rows.length
    }
    return splits
  } catch (cause) {
    await closeAll(splits)
    throw cause
  }
}

function allOf(set: PatchSet) {
  const rows = allRows(set)
  return { rows, matrixRows: rows }
}

// Which patches were drawn for a split of limited size stands in the table of its rows.
async function readLimited(folder: string, split: Split, results: FoundResults | null, set: PatchSet) {
  const table = results?.rows[split]
  if (table === undefined || !existsSync(table)) {
    throw new DataError({
      where: `${folder} split ${split}`,
      expected: 'the table of the patches that were drawn for it',
      got: 'none: the study has not ended',
      hint: 'its patches can be looked at once it has',
    })
  }
  const { row, id } = await readCsvFile(table)
  const places = new Map(set.ids.map((name, place) => [name, place]))
  const rows = Uint32Array.from(id, (name) => places.get(name) ?? 0)
  return { rows, matrixRows: Uint32Array.from(row, Number) }
}

async function describe(
  given: Given,
  name: string,
  folder: string,
  known: Known,
  splits: readonly RunSplit[],
  count: number,
): Promise<Pick<OpenSet, 'columns' | 'probabilities'>> {
  const pick = <T>(column: (set: PatchSet) => ArrayLike<T> | null): (T | null)[] =>
    splits.flatMap(({ set, rows }) => {
      const values = column(set)
      return Array.from(rows, (row) => values?.[row] ?? null)
    })
  const centers = placesIn(
    pick((set) => set.centers),
    count,
  )
  const slides = placesIn(
    pick((set) => set.slides),
    count,
  )
  const predictions = await openRunPredictions(folder, splits, count)
  const rules = await readRules(given, folder, known, splits, count)
  const verdicts = await readAllVerdicts(given, known, splits, count)
  const [{ set: first }] = splits
  const columns: SetColumns = {
    id: `run-${name}`,
    title: `run ${name}`,
    run: name,
    origin: leastReal(splits.map(({ set }) => set.origin)),
    count,
    height: first.height,
    width: first.width,
    ids: pick((set) => set.ids).map(String),
    splitNames: splits.map(({ split }) => split),
    centerNames: centers.names,
    slideNames: slides.names,
    ...rules,
    ...verdicts,
    cells: predictions.cells,
    threshold: predictions.threshold,
    split: Uint8Array.from(splits.flatMap(({ rows }, place) => Array.from(rows, () => place))),
    center: centers.places,
    slide: slides.places,
    label: Uint8Array.from(
      pick((set) => set.labels),
      (label) => label ?? unknownLabel,
    ),
    notes: known.notes,
  }
  return { columns, probabilities: predictions.read }
}

// What cells predict, spread over the rows of the set; none while the run has no results.
async function openRunPredictions(folder: string, splits: readonly RunSplit[], count: number) {
  const results = await readResultsOf(folder).catch(() => null)
  const where = ['predictions.parquet', 'predictions.csv'].some((name) => existsSync(join(folder, name)))
  const none = { cells: [], threshold: null, read: async () => new Float32Array(count).fill(Number.NaN) }
  if (!results || !where) return none
  const predictions = await openPredictions(folder)
  const { chosen, cells } = results.metrics
  const rowOf = new Map<string, number>()
  for (const { split, set, rows, start } of splits)
    for (const [i, row] of rows.entries()) rowOf.set(`${split} ${set.ids[row]}`, start + i)
  const places = predictions.ids.map((id, i) => rowOf.get(`${predictions.splits[i]} ${id}`) ?? -1)
  const known = new Map<string, Promise<Float32Array>>()
  const read = async (cell: string) => {
    const values = await predictions.read(cell)
    const spread = new Float32Array(count).fill(Number.NaN)
    places.forEach((row, i) => {
      if (row >= 0) spread[row] = values[i]
    })
    return spread
  }
  const threshold = cells.find(({ id }) => id === chosen)?.val.threshold
  return {
    cells: [chosen, ...predictions.cells.filter((cell) => cell !== chosen)].filter((cell) =>
      predictions.cells.includes(cell),
    ),
    threshold: typeof threshold === 'number' ? threshold : null,
    read(cell: string) {
      if (!predictions.cells.includes(cell))
        throw new UnknownNameError(`cell of ${folder}`, cell, predictions.cells)
      const values = known.get(cell) ?? read(cell)
      known.set(cell, values)
      return values
    },
  }
}

// The quality filter's entry in the cache, as the run's list of tasks names it.
async function readRules(
  given: Given,
  folder: string,
  { cache }: Known,
  splits: readonly RunSplit[],
  count: number,
): Promise<Pick<SetColumns, 'rule' | 'ruleNames'>> {
  const names = ['']
  const rule = new Uint8Array(count)
  const tasks = cache === null ? [] : ((await readTaskList(folder).catch(() => null)) ?? [])
  for (const { split, matrixRows, start } of splits) {
    const task = tasks.find(({ kind, what }) => kind === 'filter' && what === split)
    const file = task && join(cache!, task.stage, task.key, 'rejections.json')
    if (!file || !existsSync(file)) continue
    await requireGiven(given, file)
    const rowOf = new Map(Array.from(matrixRows, (row, i) => [row, start + i]))
    for (const { row, rule: name } of await readJson<Rejection[]>(file)) {
      if (!names.includes(name)) names.push(name)
      const own = rowOf.get(row)
      if (own !== undefined) rule[own] = names.indexOf(name)
    }
  }
  return { rule, ruleNames: names }
}

async function readAllVerdicts(
  given: Given,
  { results, cache }: Known,
  splits: readonly RunSplit[],
  count: number,
): Promise<Pick<SetColumns, 'verdicts' | 'verdictNames' | 'stains'>> {
  const names = ['']
  const verdicts: Record<string, Uint8Array> = {}
  const named = cache && results ? Object.entries(results.embeddings) : []
  for (const { split, matrixRows, start } of splits) {
    const seen = new Set<string>()
    for (const [name, entry] of named) {
      const stain = name.split('/')[0]
      const folder = dirname(entry.file)
      if (entry.split !== split || seen.has(stain) || !existsSync(join(folder, 'verdicts.npy'))) continue
      await requireGiven(given, join(folder, 'verdicts.npy'))
      seen.add(stain)
      const all = decodeVerdicts(await readVerdicts(folder))
      verdicts[stain] ??= new Uint8Array(count)
      matrixRows.forEach((row, i) => {
        if (!names.includes(all[row])) names.push(all[row])
        verdicts[stain][start + i] = names.indexOf(all[row])
      })
    }
  }
  return { verdicts, verdictNames: names, stains: Object.keys(verdicts) }
}

// Those that the chosen cell stands on come first.
function listEmbeddings(
  { embeddings, missing }: FoundResults,
  splits: readonly RunSplit[],
  chosen: string | undefined,
): Embeddings[] {
  const there = Object.entries(embeddings).filter(([name, { file }]) => {
    return name.split('/').length === 3 && !missing.includes(file)
  })
  const pairs = [...new Set(there.map(([name]) => name.split('/').slice(0, 2).join('/')))]
  const parts = chosen?.split('/') ?? []
  const first = pairs.find((name) => name === `${parts[0]}/${parts.at(-2)}`)
  const ordered = first === undefined ? pairs : [first, ...pairs.filter((name) => name !== first)]
  return ordered.map((pair) => ({
    name: pair,
    files: Object.fromEntries(
      there.flatMap(([name, { split, file }]) => (name.startsWith(`${pair}/`) ? [[split, file]] : [])),
    ),
    placeOf(row) {
      const { split, matrixRows, start } = splits.findLast((own) => own.start <= row)!
      return { split, row: matrixRows[row - start] }
    },
    rowsOf(name) {
      const own = splits.find(({ split }) => split === name)
      if (!own) return new Int32Array()
      const last = own.matrixRows.reduce((most, row) => Math.max(most, row), -1)
      const rows = new Int32Array(last + 1).fill(-1)
      own.matrixRows.forEach((row, i) => {
        rows[row] = own.start + i
      })
      return rows
    },
  }))
}

// Rows of each split are read together, then put where they were asked for.
async function readRows(splits: readonly RunSplit[], wanted: readonly number[]): Promise<Pixels> {
  const parts: Pixels[] = []
  const places: number[] = []
  for (const { set, rows, start } of splits) {
    const own = wanted.flatMap((row, i) => (row >= start && row < start + rows.length ? [{ row, i }] : []))
    if (own.length === 0) continue
    parts.push(await set.read(own.map(({ row }) => rows[row - start])))
    places.push(...own.map(({ i }) => i))
  }
  const joined = joinPixels(parts)
  const size = joined.height * joined.width * 3
  const data = new Uint8Array(joined.data.length)
  places.forEach((place, i) => {
    data.set(joined.data.subarray(i * size, (i + 1) * size), place * size)
  })
  return { ...joined, data }
}
