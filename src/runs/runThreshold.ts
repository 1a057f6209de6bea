// The threshold of a run, for tables that lie in its folder.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Metrics } from './record.ts'
import { readJson } from './runFolder.ts'

/** The probability from which a run calls tumour, 0 to 1, and the run's folder. */
export interface RunThreshold {
  readonly run: string
  readonly threshold: number
}

/** The threshold of the run in whose folder the file at `path` lies; null where that is no run's. Throws as readJson. */
export async function readRunThreshold(path: string): Promise<RunThreshold | null> {
  const run = dirname(path)
  const metrics = join(run, 'metrics.json')
  if (!existsSync(metrics)) return null
  const { cells } = await readJson<Partial<Metrics>>(metrics)
  const threshold = cells?.[0]?.val?.threshold // one for all cells
  return threshold === undefined ? null : { run, threshold }
}
