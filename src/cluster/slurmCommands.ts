// Calls Slurm's programs and says in one line what went wrong, in their own words.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describeCause, EngineError, systemCode, UsageError } from '../base/index.ts'

const run = promisify(execFile)

/** What Slurm's program printed on stderr when it failed, as one line, and the error itself. */
class SlurmFailure extends Error {
  readonly words: string
  constructor(words: string, cause: unknown) {
    super(words, { cause })
    this.words = words
  }
}

/** One job of the queue, or one index of an array job. */
export interface QueueRow {
  readonly job: string
  /** Null where the job has no array. */
  readonly index: number | null
  /** Slurm's word: `PENDING`, `RUNNING`, `COMPLETED`, `NODE_FAIL` ... */
  readonly state: string
  /** The machine; empty while it waits. */
  readonly node: string
  /** Why it waits or ended; empty where there is none. */
  readonly reason: string
  readonly name: string
}

/**
 * Submits a script and returns the job's id. Throws UsageError with Slurm's own words where it refuses or is not there.
 */
export async function sbatch(words: readonly string[], script: string): Promise<string> {
  try {
    const answer = await call('sbatch', ['--parsable', ...words, script])
    const [, id] = /^(\d+)(?:;|$)/m.exec(answer.trim()) ?? [] // `id` or `id;cluster`
    if (id) return id
    throw new EngineError({ where: 'sbatch', expected: "a job's id", got: `'${answer.trim()}'` })
  } catch (cause) {
    if (!(cause instanceof SlurmFailure)) throw cause
    throw new UsageError({ where: 'sbatch', got: cause.words, hint: await adviseOn(cause.words) }, cause)
  }
}

/** Jobs of this user that Slurm knows, also ended ones for some minutes; one row for each index of an array. */
export async function readQueue(): Promise<QueueRow[]> {
  const user = String(process.getuid?.() ?? '')
  const format = '%F|%K|%T|%N|%r|%j' // names come last: they may hold the bar
  const text = await ask('squeue', [
    '--noheader',
    '--array',
    '--states=all',
    `--user=${user}`,
    `--format=${format}`,
  ])
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [job, index, state, node, reason, ...name] = line.trim().split('|')
      if (name.length === 0) throw new EngineError({ where: 'squeue', expected: format, got: `'${line}'` })
      return {
        job,
        index: /^\d+$/.test(index) ? Number(index) : null,
        state,
        node,
        reason: reason === 'None' ? '' : reason,
        name: name.join('|'),
      }
    })
}

/** Lets held jobs go. */
export async function releaseJob(id: string): Promise<void> {
  await ask('scontrol', ['release', id])
}

/** Cancels jobs; those that are gone already do not matter. */
export async function cancelJobs(ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await call('scancel', [id]).catch((cause) => {
      const isGone = cause instanceof SlurmFailure && /invalid job id/i.test(cause.words)
      if (!isGone) throw explain('scancel', cause)
    })
}

/** How many indices an array job may have here; Slurm's own default where it cannot be asked. */
export async function readMaxArraySize(): Promise<number> {
  const text = await call('scontrol', ['show', 'config']).catch(() => '')
  const [, size] = /^MaxArraySize\s*=\s*(\d+)\s*$/m.exec(text) ?? []
  return Math.max(1, Number(size ?? 1001))
}

async function adviseOn(words: string): Promise<string | undefined> {
  if (/unable to contact|connection|configuration source/i.test(words)) return controllerHint
  if (!/partition/i.test(words)) return undefined
  const text = await call('sinfo', ['--noheader', '--format=%R']).catch(() => '')
  const partitions = [...new Set(text.split(/\s+/).filter(Boolean))].sort()
  return partitions.length > 0 ? `the partitions here are ${partitions.join(', ')}` : undefined
}

const controllerHint = 'is its controller running, and does SLURM_CONF name its configuration?'

// For programs that only ask: what goes wrong is the cluster's fault, not that of who asks.
async function ask(program: string, words: readonly string[]): Promise<string> {
  return call(program, words).catch((cause) => Promise.reject(explain(program, cause)))
}

function explain(program: string, cause: unknown): unknown {
  if (!(cause instanceof SlurmFailure)) return cause
  return new EngineError({ where: program, got: cause.words, hint: controllerHint }, cause)
}

async function call(program: string, words: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(program, [...words], { maxBuffer: 1 << 28 })
    return stdout
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT')
      throw new UsageError(
        {
          where: program,
          expected: "Slurm's programs",
          got: 'none on this machine',
          hint: 'call it where jobs are submitted, such as a login node of the cluster',
        },
        cause,
      )
    const { stderr } = cause as { readonly stderr?: string }
    throw new SlurmFailure(stderr?.trim() ? tidy(stderr) : describeCause(cause), cause)
  }
}

// `sbatch: error: a` and `sbatch: error: b` as `a; b`.
function tidy(stderr: string): string {
  const lines = stderr.trim().split('\n')
  return lines.map((line) => line.replace(/^\w+: (error|fatal): /, '').trim()).join('; ')
}
