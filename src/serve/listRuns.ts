// The runs in the folder of runs, and what is wrong with those that cannot be read.

import { existsSync } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../base/index.ts'
import { checkManifest, checkMetrics } from '../report/index.ts'
import {
  type Cell,
  type Manifest,
  type Metrics,
  readFailures,
  readJson,
  readStudyFile,
} from '../runs/index.ts'
import { findHolder } from '../tasks/index.ts'
import type { RunEntry, RunState } from './api.ts'
import { type Given, requireGiven } from './given.ts'
import { partsOf, RefusedError } from './refused.ts'

/** What the output of a study that was started here is called, in its run folder. */
export const outputFile = 'output.log'

const signs = ['study.json', 'manifest.json', 'metrics.json', 'lock', outputFile]

/** Every run, by name; folders that hold nothing of a run are none. */
export async function listRuns(given: Given, version: string): Promise<RunEntry[]> {
  const entries = await readdir(given.runs, { withFileTypes: true }).catch(() => [])
  const runs: RunEntry[] = []
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!isRunName(name)) continue
    const folder = join(given.runs, name)
    if (!signs.some((sign) => existsSync(join(folder, sign)))) continue
    runs.push(await describeRun(given, name, version))
  }
  return runs
}

/** The folder of a run. Throws RefusedError: 404 where there is none, 403 where it is a link that leads out, or holds one. */
export async function runFolderOf(given: Given, name: string): Promise<string> {
  const folder = join(given.runs, name)
  const isThere = isRunName(name) && (await lstat(folder).catch(() => null))
  if (!isThere) {
    throw new RefusedError(404, {
      where: 'run',
      expected: `a run in ${given.runs}`,
      got: `'${name}'`,
      hint: 'the list of runs names them all',
    })
  }
  await requireGiven(given, folder)
  await refuseLinks(given, folder)
  return folder
}

// Links among its own files that lead out of what was given.
async function refuseLinks(given: Given, folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries) if (entry.isSymbolicLink()) await requireGiven(given, join(folder, entry.name))
}

// As recipes may call one: no name that leads elsewhere.
function isRunName(name: string): boolean {
  return /^\w[\w.-]{0,99}$/.test(name)
}

/** A run as the list has it; what cannot be read is its `problem`. */
export async function describeRun(given: Given, name: string, version: string): Promise<RunEntry> {
  const folder = join(given.runs, name)
  const blank: RunEntry = {
    name,
    state: 'damaged',
    when: await lastWritten(folder),
    version: null,
    origin: null,
    cells: null,
    chosen: null,
    accuracy: null,
    hasReport: existsSync(join(folder, 'report.html')),
    problem: null,
    notes: [],
  }
  try {
    await requireGiven(given, folder)
    await refuseLinks(given, folder)
    const state = await findState(folder)
    const results = await readResultsOf(folder)
    if (!results) return { ...blank, state, problem: await explainMissing(folder, state) }
    const { manifest, metrics } = results
    const chosen = metrics.cells.find(({ id }) => id === metrics.chosen)!
    return {
      ...blank,
      state,
      version: manifest.versions.eosin ?? null,
      origin: manifest.origin,
      cells: metrics.cells.length,
      chosen: metrics.chosen,
      accuracy: accuracyOf(chosen),
      problem: await findProblem(folder),
      notes: noteVersion(manifest, version),
    }
  } catch (cause) {
    return { ...blank, problem: partsOf(cause) }
  }
}

/** The results of a run; null where it has none yet. Throws DataError where they are damaged or half there. */
export async function readResultsOf(
  folder: string,
): Promise<{ readonly manifest: Manifest; readonly metrics: Metrics } | null> {
  const [manifestPath, metricsPath] = ['manifest.json', 'metrics.json'].map((name) => join(folder, name))
  if (!existsSync(manifestPath) && !existsSync(metricsPath)) return null
  const manifest = await readJson<Manifest>(manifestPath)
  checkManifest(manifestPath, manifest ?? {})
  const metrics = await readJson<Metrics>(metricsPath)
  checkMetrics(metricsPath, metrics ?? {})
  return { manifest, metrics }
}

/** What a run is at the moment, by who holds its folder and what lies in it. */
export async function findState(folder: string): Promise<RunState> {
  if (await findHolder(join(folder, 'lock'))) return 'running'
  const study = await timeOf(join(folder, 'study.json'))
  const metrics = await timeOf(join(folder, 'metrics.json'))
  const output = await timeOf(join(folder, outputFile))
  if (metrics !== null && (study === null || metrics >= study)) return 'done'
  if (study === null) return output !== null && Date.now() - output < startingMs ? 'starting' : 'failed'
  return (await readFailures(folder)).length > 0 ? 'failed' : 'stopped'
}

// A process that has said nothing for so long has not begun.
const startingMs = 20_000

async function timeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? null
}

async function lastWritten(folder: string): Promise<string> {
  const times = await Promise.all(
    [...signs, 'log.jsonl', 'report.html'].map((name) => timeOf(join(folder, name))),
  )
  return new Date(Math.max(0, ...times.map((time) => time ?? 0))).toISOString()
}

// A run without results: one that never came so far, or one whose study file is of another version.
async function explainMissing(folder: string, state: RunState) {
  const problem = await findProblem(folder)
  if (problem) return problem
  if (state === 'running' || state === 'starting') return null
  const hint = state === 'failed' ? 'its log says why' : 'go on with it: what is done is not done again'
  return partsOf(new DataError({ where: folder, expected: 'results', got: 'a run that did not end', hint }))
}

async function findProblem(folder: string) {
  if (!existsSync(join(folder, 'study.json'))) return null
  try {
    await readStudyFile(folder)
    return null
  } catch (cause) {
    return partsOf(cause)
  }
}

function accuracyOf({ test, heldOut, val }: Cell): RunEntry['accuracy'] {
  if (test) return { ...intervalOf(test.accuracy), on: 'test' }
  if (heldOut) return { ...intervalOf(heldOut.accuracy), on: 'held-out centers' }
  return { ...intervalOf(val.accuracy), on: 'val' }
}

/** The three numbers of an interval. */
export function intervalOf({ value, low, high }: { value: number; low: number; high: number }) {
  return { value, low, high }
}

function noteVersion({ versions }: Manifest, version: string): string[] {
  return versions.eosin === version
    ? []
    : [`Eosin ${versions.eosin ?? 'of an unknown version'} made this run; this is ${version}.`]
}
