// cluster/jobs.json: which jobs a study was submitted as. It is written before the first of them and after each one, so that
// a submission that was cut off is known as such.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, describeCause } from '../base/index.ts'
import { readTextFile, writeFileAtomic } from '../files/index.ts'
import { clusterFolder } from './plan.ts'
import type { ClusterStudy } from './waves.ts'

const format = 'eosin jobs 1'

/** A job that was submitted. */
export interface SubmittedJob {
  /** The wave's name, `finish` for the job that collects. */
  readonly wave: string
  /** Slurm's id. */
  readonly id: string
  /** How many array indices it has, from 0; null for the job that collects. */
  readonly indices: number | null
  /** Where its output goes, with `%a` for the index. */
  readonly log: string
}

/** The jobs of one submission. */
export interface JobsRecord {
  /** Ends the name of each of its jobs, by which they are found in the queue. */
  readonly token: string
  /** Whether all jobs were submitted and let go; else it was cut off, and the next submission takes back what is left. */
  readonly isComplete: boolean
  readonly jobs: readonly SubmittedJob[]
}

/** Where the jobs of a study are written down. */
export function jobsFile(study: Pick<ClusterStudy, 'folder'>): string {
  return join(clusterFolder(study), 'jobs.json')
}

/** Writes the record, whole. */
export async function writeJobs(
  study: Pick<ClusterStudy, 'folder'>,
  { token, isComplete, jobs }: JobsRecord,
): Promise<void> {
  await writeFileAtomic(jobsFile(study), `${JSON.stringify({ format, token, isComplete, jobs }, null, 1)}\n`)
}

/** The jobs that a study was last submitted as; null where it never was. Throws DataError where the file is no such record. */
export async function readJobs(study: Pick<ClusterStudy, 'folder'>): Promise<JobsRecord | null> {
  const path = jobsFile(study)
  if (!existsSync(path)) return null
  const found = parse(path, await readTextFile(path))
  const hint = 'remove it once none of its jobs is in the queue'
  if (found?.format !== format)
    throw new DataError({ where: path, expected: `format '${format}'`, got: String(found?.format), hint })
  const { token, isComplete, jobs } = found
  if (typeof token !== 'string' || !Array.isArray(jobs))
    throw new DataError({ where: path, expected: 'a token and a list of jobs', got: 'something else', hint })
  return { token, isComplete: isComplete === true, jobs }
}

/** Removes the record. */
export async function removeJobs(study: Pick<ClusterStudy, 'folder'>): Promise<void> {
  await rm(jobsFile(study), { force: true })
}

function parse(path: string, text: string): (Partial<JobsRecord> & { format?: unknown }) | null {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DataError({ where: path, expected: 'JSON', got: describeCause(cause) }, cause)
  }
}
