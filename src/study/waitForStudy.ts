// Waiting for a study that was sent to Slurm, and what its last job left.

import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describeCause, EngineError } from '../base/index.ts'
import { type JobsRecord, jobsFile, readSlurmStatus, type WaveStatus } from '../cluster/index.ts'
import {
  describeCertainty,
  describeDecision,
  describeShareLoss,
  listSeen,
  type Manifest,
  type Metrics,
  readJson,
} from '../runs/index.ts'
import type { StudyResult } from './study.ts'

/** How a study on Slurm is waited for. */
export interface WaitOptions {
  /** Told in a sentence how far it is, whenever that has changed. */
  note(sentence: string): void
  /** Milliseconds between questions. */
  readonly pollMs?: number
}

/**
 * Waits until the last job of a study has ended, and reads what it wrote into the run folder. A Slurm that does not answer is
 * asked again. Throws EngineError, with the job's last words, where it wrote nothing.
 */
export async function waitForStudy(
  folder: string,
  { jobs }: JobsRecord,
  { note, pollMs = 5_000 }: WaitOptions,
): Promise<StudyResult> {
  const last = jobs.at(-1)!
  let told = ''
  for (;;) {
    const waves = await readSlurmStatus({ folder }).then(
      (status) => status.waves,
      (cause) => describeCause(cause),
    )
    const sentence = typeof waves === 'string' ? waves : describeWaves(waves)
    if (sentence !== told) note(sentence)
    told = sentence
    const finish = typeof waves === 'string' ? undefined : waves.find(({ id }) => id === last.id)
    if (finish && finish.ended.length > 0) return readOutcome(folder, finish)
    await setTimeout(pollMs)
  }
}

function describeWaves(waves: readonly WaveStatus[]): string {
  const busy = waves.find(({ pending, running }) => pending.length + running.length > 0)
  if (!busy) return 'all jobs have ended'
  const { wave, ended, running, pending } = busy
  return `${wave}: ${ended.length} lots ended, ${running.length} running, ${pending.length} waiting`
}

async function readOutcome(folder: string, { id, log, ended }: WaveStatus): Promise<StudyResult> {
  const path = (name: string) => join(folder, name)
  const timeOf = async (file: string) => (await stat(file).catch(() => null))?.mtimeMs ?? 0
  // What an earlier run wrote is older than the submission, by the clock of their one file system.
  const isWritten = (await timeOf(path('report.html'))) >= (await timeOf(jobsFile({ folder })))
  if (!isWritten) {
    const written = log.replaceAll('%j', id).replaceAll('%%', '%')
    const words = (await readFile(written, 'utf8').catch(() => '')).trimEnd().split('\n').at(-1)
    const got = words || (ended[0].state ?? 'none, and Slurm no longer knows why')
    throw new EngineError({ where: written, expected: 'the report of the study', got })
  }
  const submission = path('submission.csv')
  const metrics = await readJson<Metrics>(path('metrics.json'))
  return {
    folder,
    report: path('report.html'),
    submission: existsSync(submission) ? submission : null,
    manifest: await readJson<Manifest>(path('manifest.json')),
    metrics,
    certainty: describeCertainty(metrics.selection),
    decision: describeDecision(metrics.cells.find(({ id }) => id === metrics.chosen)!),
    shares: describeShareLoss(metrics),
    seen: listSeen(metrics),
  }
}
