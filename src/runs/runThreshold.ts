// The threshold of a run, for tables that lie in its folder.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Threshold } from '../evaluate/centerThresholds.ts'
import type { Metrics } from './record.ts'
import { readJson } from './runFolder.ts'

/** The probability from which a run predicts tumour, 0 to 1, or that of each center, and the run's folder. */
export interface RunThreshold {
  readonly run: string
  readonly threshold: Threshold
}

/** Which predictions of a run. */
export interface RunColumn {
  /** Id of the cell, or `refit`; by default the chosen cell. */
  readonly column?: string
  /** By default test. */
  readonly split?: string | null
}

/** The threshold of the run in whose folder the file at `path` lies; null where that is no run's. Throws as readJson. */
export async function readRunThreshold(
  path: string,
  { column, split }: RunColumn = {},
): Promise<RunThreshold | null> {
  const run = dirname(path)
  const file = join(run, 'metrics.json')
  if (!existsSync(file)) return null
  const { cells = [], chosen, refit } = await readJson<Partial<Metrics>>(file)
  const cell = cells.find(({ id }) => id === column) ?? cells.find(({ id }) => id === chosen) ?? cells[0]
  const ofVal = cell?.val?.threshold
  const ofTest = (column === 'refit' ? refit?.threshold : undefined) ?? cell?.decision?.test ?? ofVal
  const threshold = split === 'val' ? ofVal : ofTest
  return threshold === undefined ? null : { run, threshold }
}
