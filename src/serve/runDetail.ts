// A run in full: its cells with their metrics, how far it is, and two runs beside each other.

import { join } from 'node:path'
import { compareRuns } from '../report/index.ts'
import {
  type Cell,
  type CostReader,
  listWarnings,
  measurePace,
  openCosts,
  readLastLines,
  readLogTail,
  readRunStatus,
  readStudyFile,
} from '../runs/index.ts'
import { findLocalHolder } from '../tasks/index.ts'
import type { CellRow, ComparedRuns, RunDetail, RunProgress } from './api.ts'
import { type Given, requireGiven } from './given.ts'
import { describeRun, findState, intervalOf, outputFile, readResultsOf, runFolderOf } from './listRuns.ts'
import { partsOf, RefusedError } from './refused.ts'

/** A run with its table; empty where it has no results. */
export async function readRunDetail(given: Given, name: string, version: string): Promise<RunDetail> {
  const folder = await runFolderOf(given, name)
  const entry = await describeRun(given, name, version)
  const results = entry.problem && entry.cells === null ? null : await readResultsOf(folder)
  if (!results) return { ...entry, seeds: 0, chosenBy: '', table: [], warnings: [] }
  const { manifest, metrics } = results
  return {
    ...entry,
    seeds: manifest.seeds.length,
    chosenBy: metrics.chosenBy,
    table: metrics.cells.map((cell) => describeCell(cell, metrics.chosen)),
    warnings: [
      ...listWarnings({
        overlaps: manifest.overlaps ?? [],
        within: metrics.within,
        orders: metrics.orders ?? [],
        exposures: metrics.exposures ?? {},
      }),
      ...(metrics.failures ?? []).map(({ task, reason }) => `Not made: ${task}: ${reason}`),
    ],
  }
}

function describeCell(cell: Cell, chosen: string): CellRow {
  const { id, stain, embed, classify, heldOut, val, test } = cell
  return {
    id,
    stain,
    embed,
    classify,
    isChosen: id === chosen,
    heldOut: heldOut ? intervalOf(heldOut.accuracy) : null,
    val: intervalOf(val.accuracy),
    test: test ? intervalOf(test.accuracy) : null,
    valAuroc: val.auroc && intervalOf(val.auroc),
    testAuroc: test?.auroc ? intervalOf(test.auroc) : null,
  }
}

const noCounts = { done: 0, running: 0, failed: 0, skipped: 0, waiting: 0 }

/** Tells how far runs are; it remembers what finished tasks cost. */
export function openProgress(given: Given): (name: string) => Promise<RunProgress> {
  const costs = new Map<string, CostReader>()
  return async (name) => {
    const folder = await runFolderOf(given, name)
    const state = await findState(folder)
    const log = await readLog(folder)
    const canCancel = (await findLocalHolder(join(folder, 'lock'))) !== null
    const plain = { name, state, log, canCancel, counts: noCounts, stages: [], running: [], failed: [] }
    const silent: RunProgress = { ...plain, secondsLeft: null, unknownStages: [], problem: null }
    try {
      if (state === 'starting' || (state === 'failed' && !(await hasStudy(folder)))) return silent
      const { cache } = await readStudyFile(folder)
      await requireGiven(given, cache)
      if (!costs.has(cache)) costs.set(cache, openCosts(cache))
      return { ...silent, ...(await readProgress(folder, costs.get(cache)!)) }
    } catch (cause) {
      return { ...silent, problem: partsOf(cause) }
    }
  }
}

async function readProgress(folder: string, costs: CostReader) {
  const status = await readRunStatus(folder)
  const { stages, running, secondsLeft, unknownStages } = await measurePace(status, costs)
  const sinceOf = new Map(running.map(({ key, since }) => [key, since]))
  const { 'not needed': _, ...counts } = status.counts
  return {
    counts,
    stages,
    secondsLeft,
    unknownStages,
    running: status.tasks.flatMap(({ key, stage, what, items, state, where }) =>
      state === 'running' ? [{ stage, what, items, since: sinceOf.get(key) ?? null, host: where!.host }] : [],
    ),
    failed: status.tasks.flatMap(({ stage, what, state, reason }) =>
      state === 'failed' ? [{ stage, what, reason: reason ?? '' }] : [],
    ),
  }
}

const hasStudy = (folder: string) =>
  readStudyFile(folder).then(
    () => true,
    () => false,
  )

// What the study noted, then what its process printed, of which nothing is dated.
async function readLog(folder: string): Promise<RunProgress['log']> {
  const printed = await readLastLines(join(folder, outputFile))
  return [
    ...(await readLogTail(folder)),
    ...printed.slice(-40).map((text) => ({ at: null, level: 'info' as const, text: stripColours(text) })),
  ]
}

function stripColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals take for colours begins with one
  return text.replaceAll(/\u001b\[[\d;]*m/g, '')
}

/** Compares the second run with the first. Throws RefusedError for a run that is none, DataError where they cannot be compared. */
export async function compareTwo(given: Given, a: string, b: string): Promise<ComparedRuns> {
  if (a === b) throw new RefusedError(400, { where: 'compare', expected: 'two runs', got: `'${a}' twice` })
  const folders = [await runFolderOf(given, a), await runFolderOf(given, b)]
  const { runs, comparisons, notes } = await compareRuns(folders)
  return {
    runs: runs.map(({ folder: _, ...run }) => run),
    comparisons: comparisons.map(({ run: _, first, other, ...comparison }) => {
      return { ...comparison, first: intervalOf(first), other: intervalOf(other) }
    }),
    notes,
  }
}
