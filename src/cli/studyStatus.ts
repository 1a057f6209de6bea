// How far a run is, for people: counts, what runs where, what failed and why, and Slurm's queue beside it.

import type { SlurmStatus } from '../cluster/index.ts'
import type { RunStatus } from '../runs/index.ts'
import { formatCount, formatTable, red, yellow } from './terminal.ts'

/** How far a run is, with what Slurm says of its jobs: null where it was never sent there. */
export interface StudyStatus extends RunStatus {
  readonly slurm: SlurmStatus | { readonly silent: string } | null
}

/** Reads how far the run in a folder is. Loads little, so that it may be asked often. Throws DataError where it is no run's. */
export async function readStudyStatus(run: string): Promise<StudyStatus> {
  const { readRunStatus } = await import('../runs/index.ts')
  const { trySlurmStatus } = await import('../cluster/index.ts')
  const status = await readRunStatus(run)
  return { ...status, slurm: await trySlurmStatus(status) }
}

/** A study's status in plain text. */
export function describeStatus({ counts, tasks, slurm }: StudyStatus): string {
  if (tasks.length === 0)
    return 'Nothing is known of its tasks yet: its patches are being hashed, or it was stopped then.'
  const states = ['done', 'running', 'waiting', 'failed', 'skipped', 'not needed'] as const
  const said = states
    .filter((state) => counts[state] > 0)
    .map((state) => `${formatCount(counts[state])} ${state}`)
  const running = tasks
    .filter(({ state }) => state === 'running')
    .map(({ stage, what, where }) => [stage, what, `process ${where!.process} on ${where!.host}`])
  const failed = tasks
    .filter(({ state }) => state === 'failed')
    .map(({ stage, what, reason }) => red(`Not made: ${stage} ${what}: ${reason}`))
  return [
    `${formatCount(tasks.length)} tasks: ${said.join(', ')}.`,
    ...(running.length > 0 ? ['', formatTable(['running', 'what', 'where'], running)] : []),
    ...(failed.length > 0 ? ['', ...failed] : []),
    ...(slurm ? ['', describeSlurm(slurm)] : []),
  ].join('\n')
}

function describeSlurm(slurm: NonNullable<StudyStatus['slurm']>): string {
  if ('silent' in slurm) return yellow(`Slurm does not say more: ${slurm.silent}`)
  const rows = slurm.waves.map(({ wave, id, pending, running, ended }) => {
    const nodes = [...new Set(running.map(({ node }) => node).filter(Boolean))].sort()
    const reasons = [...new Set(pending.map(({ reason }) => reason).filter(Boolean))].sort()
    const note = [...nodes, ...reasons.map((reason) => `(${reason})`)].join(' ')
    return [wave, id, ...[pending, running, ended].map((lots) => String(lots.length)), note]
  })
  const table = formatTable(['Slurm', 'job', 'waiting', 'running', 'ended', 'where, or why not'], rows)
  const cut = 'The submission was cut off: send the study again, and what is left of it is taken back.'
  return slurm.isComplete ? table : `${table}\n${yellow(cut)}`
}
