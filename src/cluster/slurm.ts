// Sends a study to Slurm. Each wave waits until the one before has ended, however it ended: a task that failed must not
// cancel what does not depend on it, and a worker sees for itself whether what its tasks need is there.
//
// The first job is held and let go once all jobs are written down, so that a submission that is cut off has run nothing; the
// next one takes back what is left of it. The names of a submission's jobs end with one token, so that one that
// was submitted but not written down is found too.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { EngineError, UsageError } from '../base/index.ts'
import { makeFolder } from '../files/index.ts'
import { withLease } from '../tasks/index.ts'
import { type ClusterPlan, clusterFolder, writePlan } from './plan.ts'
import { type JobsRecord, jobsFile, readJobs, removeJobs, type SubmittedJob, writeJobs } from './record.ts'
import {
  cancelJobs,
  type QueueRow,
  readMaxArraySize,
  readQueue,
  releaseJob,
  sbatch,
} from './slurmCommands.ts'
import type { SlurmOptions } from './slurmOptions.ts'
import { planJobs, type SlurmJob } from './slurmScript.ts'
import { isEnded } from './slurmStates.ts'
import { type ClusterStudy, quoteWords } from './waves.ts'

/** How a study is sent to Slurm. */
export interface SubmitOptions extends SlurmOptions {
  /** Cancels the jobs of an earlier submission that are still in the queue, instead of refusing. */
  readonly replace?: boolean
  /** How long to wait for cancelled jobs to end, in milliseconds. */
  readonly patienceMs?: number
}

/**
 * What `submitToSlurm` would write and call, for a dry run; submits nothing. Throws UsageError where an option cannot be
 * given.
 */
export async function planSlurm(study: ClusterStudy, options: SlurmOptions): Promise<ClusterPlan> {
  return describeJobs(planJobs(study, options, await readMaxArraySize()))
}

/**
 * Submits a study: one array job a wave, and a last one that collects. Returns them as they are written down in
 * `cluster/jobs.json`. Throws UsageError where Slurm is not there or refuses, with its own words, and where jobs of an
 * earlier submission are still in the queue; then nothing is submitted.
 */
export async function submitToSlurm(study: ClusterStudy, options: SubmitOptions): Promise<JobsRecord> {
  const jobs = planJobs(study, options, await readMaxArraySize())
  const folder = clusterFolder(study)
  await makeFolder(folder)
  return withLease(join(folder, 'submit.lease'), {}, async () => {
    await clearEarlier(study, options)
    await writePlan(study, describeJobs(jobs))
    const token = randomBytes(4).toString('hex')
    const submitted: SubmittedJob[] = []
    await writeJobs(study, { token, isComplete: false, jobs: submitted })
    try {
      for (const job of jobs) {
        const before = submitted.at(-1)
        const id = await sbatch(submitWords(job, token, before?.id), job.script.path)
        submitted.push({ wave: job.wave, id, indices: job.indices, log: job.log })
        await writeJobs(study, { token, isComplete: false, jobs: submitted })
      }
      await releaseJob(submitted[0].id)
    } catch (cause) {
      const takenBack = cancelJobs(submitted.map(({ id }) => id).reverse()).then(() => removeJobs(study))
      await takenBack.catch(() => {}) // the next submission tries again
      throw cause
    }
    const record = { token, isComplete: true, jobs: submitted }
    await writeJobs(study, record)
    return record
  })
}

/**
 * Says beforehand what a submission would be refused for: throws UsageError where Slurm is not there or jobs of an earlier
 * submission are still in the queue, EngineError where it does not answer. With `replace`, those jobs are cancelled now.
 */
export async function prepareSlurm(
  study: Pick<ClusterStudy, 'folder'>,
  options: Pick<SubmitOptions, 'replace' | 'patienceMs'>,
): Promise<void> {
  await readQueue()
  if (!(await readJobs(study))) return
  await withLease(join(clusterFolder(study), 'submit.lease'), {}, () => clearEarlier(study, options))
}

/** Cancels all jobs of a study that are in the queue, and returns their ids. */
export async function cancelOnSlurm(study: Pick<ClusterStudy, 'folder'>): Promise<string[]> {
  const record = await readJobs(study)
  const ids = record ? livingIds(await findRows(record)) : []
  await cancelJobs(ids)
  return ids
}

/** Rows of the queue that belong to a submission. Slurm gives its numbers anew after some time, so names decide. */
export async function findRows({ token }: Pick<JobsRecord, 'token'>): Promise<QueueRow[]> {
  return (await readQueue()).filter(({ name }) => name.endsWith(`-${token}`))
}

// The last first: one that waits for another would start when that other is cancelled.
function livingIds(rows: readonly QueueRow[]): string[] {
  const living = rows.filter(({ state }) => !isEnded(state)).map(({ job }) => job)
  return [...new Set(living)].sort((a, b) => Number(b) - Number(a))
}

async function clearEarlier(
  study: Pick<ClusterStudy, 'folder'>,
  { replace = false, patienceMs = 60_000 }: Pick<SubmitOptions, 'replace' | 'patienceMs'>,
): Promise<void> {
  const record = await readJobs(study)
  if (!record) return
  const ids = livingIds(await findRows(record))
  if (ids.length > 0) {
    if (record.isComplete && !replace) throw stillThere(study, ids)
    await cancelJobs(ids)
    await waitForEnd(record, patienceMs)
  }
  await removeJobs(study)
}

function stillThere(study: Pick<ClusterStudy, 'folder'>, ids: readonly string[]): UsageError {
  const shown = [...ids].reverse().join(' ')
  return new UsageError({
    where: jobsFile(study),
    expected: 'no jobs of this study in the queue',
    got: `${ids.length === 1 ? 'job' : 'jobs'} ${shown}`,
    hint: `wait until they have ended, or stop them: scancel ${ids.join(' ')}`,
  })
}

async function waitForEnd(record: JobsRecord, patienceMs: number): Promise<void> {
  const pollMs = 500
  for (let waited = 0; ; waited += pollMs) {
    const ids = livingIds(await findRows(record))
    if (ids.length === 0) return
    if (waited >= patienceMs)
      throw new EngineError({
        where: 'scancel',
        expected: 'jobs that end',
        got: `${ids.join(' ')} still in the queue`,
        hint: 'run again when they have ended',
      })
    await setTimeout(pollMs)
  }
}

// Only the first is held; the others wait for the one before.
function submitWords({ name, words }: SlurmJob, token: string, before: string | undefined): string[] {
  const order = before === undefined ? '--hold' : `--dependency=afterany:${before}`
  return [`--job-name=${name}-${token}`, order, ...words]
}

function describeJobs(jobs: readonly SlurmJob[]): ClusterPlan {
  const commands = jobs.map(({ script }, index) => {
    const order = index === 0 ? [] : [`--dependency=afterany:$JOB${index}`]
    return `JOB${index + 1}=$(sbatch --parsable ${[...order, quoteWords([script.path])].join(' ')})`
  })
  const files = jobs.flatMap(({ lots, script }) => (lots ? [lots, script] : [script]))
  return { files, commands }
}
