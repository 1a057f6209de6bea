// What Slurm says of a study's jobs. It forgets jobs some minutes after their end, so that what has been made is
// for the study's own cache to say.

import { DataError, describeCause } from '../base/index.ts'
import { jobsFile, readJobs, type SubmittedJob } from './record.ts'
import { findRows } from './slurm.ts'
import type { QueueRow } from './slurmCommands.ts'
import { sortState } from './slurmStates.ts'
import type { ClusterStudy } from './waves.ts'

/** One array index of a job, or the job that collects. */
export interface IndexStatus {
  /** Null for the job that collects. */
  readonly index: number | null
  /** Slurm's word, e.g. `RUNNING` or `NODE_FAIL`; null where Slurm no longer knows it. */
  readonly state: string | null
  /** The machine; empty where there is none. */
  readonly node: string
  /** Why it waits or ended, in Slurm's word; empty where there is none. */
  readonly reason: string
}

/** A job of a study: which of its indices wait, run and have ended. */
export interface WaveStatus extends SubmittedJob {
  readonly pending: readonly IndexStatus[]
  readonly running: readonly IndexStatus[]
  readonly ended: readonly IndexStatus[]
}

/** A study on Slurm. */
export interface SlurmStatus {
  /** Whether its submission came to its end; else its jobs are held, and the next submission takes them back. */
  readonly isComplete: boolean
  /** In the order of the jobs, that which collects last. */
  readonly waves: readonly WaveStatus[]
}

/**
 * What Slurm says of the jobs that a study was submitted as. Throws DataError where it never was, UsageError where Slurm is not
 * there and EngineError where it does not answer.
 */
export async function readSlurmStatus(study: Pick<ClusterStudy, 'folder'>): Promise<SlurmStatus> {
  const record = await readJobs(study)
  if (!record)
    throw new DataError({
      where: jobsFile(study),
      expected: 'the jobs of a study that was sent to Slurm',
      got: 'no such file',
    })
  const rows = await findRows(record)
  return { isComplete: record.isComplete, waves: record.jobs.map((job) => sortRows(job, rows)) }
}

/** As `readSlurmStatus`; null where a study was never sent, and in a sentence why Slurm says nothing. Throws nothing. */
export async function trySlurmStatus(
  study: Pick<ClusterStudy, 'folder'>,
): Promise<SlurmStatus | { readonly silent: string } | null> {
  try {
    return (await readJobs(study)) && (await readSlurmStatus(study))
  } catch (cause) {
    return { silent: describeCause(cause) }
  }
}

function sortRows(job: SubmittedJob, rows: readonly QueueRow[]): WaveStatus {
  const known = new Map(rows.filter((row) => row.job === job.id).map((row) => [row.index, row]))
  const indices = job.indices === null ? [null] : Array.from({ length: job.indices }, (_, index) => index)
  const found = indices.map((index): IndexStatus => {
    const row = known.get(index)
    return { index, state: row?.state ?? null, node: row?.node ?? '', reason: row?.reason ?? '' }
  })
  const of = (kind: ReturnType<typeof sortState>) =>
    found.filter(({ state }) => (state === null ? 'ended' : sortState(state)) === kind)
  return { ...job, pending: of('pending'), running: of('running'), ended: of('ended') }
}
