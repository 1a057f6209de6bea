// One sbatch script a wave: an array job whose indices each do one lot, and a last one that collects.

import { join } from 'node:path'
import { clusterFolder, type PlannedFile, type PlannedWave, planWaves } from './plan.ts'
import { type SlurmOptions, slurmArguments } from './slurmOptions.ts'
import { type ClusterStudy, checkStudy, plainName, quoteWord, quoteWords } from './waves.ts'

/** A job that is about to be submitted. */
export interface SlurmJob {
  /** The wave's name, or `finish`. */
  readonly wave: string
  /** Of the job, before the token. */
  readonly name: string
  /** How many array indices it has, from 0; null where it is no array. */
  readonly indices: number | null
  readonly log: string
  /** Options of sbatch. They stand in the script, and are given to sbatch too: SBATCH_... variables override the script alone. */
  readonly words: readonly string[]
  readonly script: PlannedFile
  /** The wave's list of lots; null for the last job. */
  readonly lots: PlannedFile | null
}

/**
 * The jobs of a study in the order they are submitted, arrays of at most `maxArraySize`. Throws UsageError where options or the
 * study cannot be said in a script.
 */
export function planJobs(study: ClusterStudy, options: SlurmOptions, maxArraySize: number): SlurmJob[] {
  checkStudy(study)
  const waves = planWaves(study, maxArraySize)
  return [...waves.map((wave) => planWave(study, options, wave, waves.length)), planFinish(study, options)]
}

function planWave(study: ClusterStudy, options: SlurmOptions, wave: PlannedWave, waves: number): SlurmJob {
  const { stem, lots, lotsFile, number } = wave
  const atOnce = options.atOnce === undefined ? '' : `%${options.atOnce}`
  return planJob(study, {
    wave: wave.name,
    stem,
    indices: lots.length,
    words: [`--array=0-${lots.length - 1}${atOnce}`, ...slurmArguments(options, wave.usesDevice)],
    log: `${stem}.%A_%a.log`,
    lots: lotsFile,
    about: `Wave ${number} of ${waves}: each array index does one lot of ${lotsFile.path}.`,
    prepare: ['export EOSIN_TASK_INDEX="$SLURM_ARRAY_TASK_ID"'],
    command: [...study.command, ...study.worker, lotsFile.path],
  })
}

function planFinish(study: ClusterStudy, options: SlurmOptions): SlurmJob {
  return planJob(study, {
    wave: 'finish',
    stem: 'finish',
    indices: null,
    words: slurmArguments(options, false),
    log: 'finish.%j.log',
    lots: null,
    about: 'Collects what the waves made.',
    prepare: ['unset EOSIN_TASK_INDEX'],
    command: [...study.command, ...study.finish],
  })
}

interface JobParts extends Pick<SlurmJob, 'wave' | 'indices' | 'words' | 'log' | 'lots'> {
  readonly stem: string
  readonly about: string
  readonly prepare: readonly string[]
  readonly command: readonly string[]
}

function planJob(study: ClusterStudy, parts: JobParts): SlurmJob {
  const { wave, stem, indices, lots } = parts
  const folder = clusterFolder(study)
  const log = join(escapePercent(join(folder, 'logs')), parts.log)
  const words = [...parts.words, `--output=${log}`, '--open-mode=append', '--requeue']
  const name = `eosin-${plainName(study.name)}-${plainName(wave)}`
  // exec, so that a signal to the job reaches Eosin itself.
  const text = [
    '#!/bin/bash',
    `# ${parts.about}`,
    ...[`--job-name=${name}`, ...words].map((word) => `#SBATCH ${quoteOption(word)}`),
    'set -u',
    ...parts.prepare,
    'export OMP_NUM_THREADS="$SLURM_CPUS_ON_NODE"',
    `exec ${quoteWords(parts.command)}`,
    '',
  ].join('\n')
  return { wave, name, indices, log, words, lots, script: { path: join(folder, `${stem}.sh`), text } }
}

// Slurm reads quotes as a shell does, but for a value only.
function quoteOption(word: string): string {
  const [, key, value] = /^(--[a-z-]+=)(.*)$/s.exec(word) ?? []
  return key ? key + quoteWord(value) : word
}

// In the name of a log, %j and its like are filled in by Slurm.
function escapePercent(path: string): string {
  return path.replaceAll('%', '%%')
}
