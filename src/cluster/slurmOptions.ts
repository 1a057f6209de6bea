// What may be asked of Slurm, and how it is said to sbatch.

import { UsageError } from '../base/index.ts'
import { hasControl } from './waves.ts'

/** What is asked of Slurm for each job; what is not given is left to the cluster. */
export interface SlurmOptions {
  readonly partition?: string
  /** Generic resources, e.g. `gpu:1`; asked for by waves that use a device only. */
  readonly gres?: string
  /** The longest that one lot may take, e.g. `4:00:00`. */
  readonly time?: string
  readonly cpusPerTask?: number
  /** For each lot, e.g. `16G`. */
  readonly memory?: string
  readonly account?: string
  readonly qos?: string
  /** How many lots of a wave run at the same time, at most. */
  readonly atOnce?: number
  /** Any other options of sbatch, each `KEY=VALUE`, or `KEY` where it takes no value. */
  readonly more?: readonly string[]
}

// Said by Eosin itself: what runs, when, and where its output goes.
const reserved = [
  'array',
  'dependency',
  'error',
  'hold',
  'job-name',
  'no-requeue',
  'open-mode',
  'output',
  'parsable',
  'requeue',
  'test-only',
  'wait',
  'wrap',
]

/**
 * The options of sbatch for one job, as `--key=value`. Throws UsageError where one is given twice, is Eosin's own or is no
 * option at all; whether the cluster knows a value, Slurm says when it is submitted.
 */
export function slurmArguments(options: SlurmOptions, usesDevice: boolean): string[] {
  const { partition, gres, time, cpusPerTask, memory, account, qos, more = [] } = options
  const named = Object.entries({
    partition,
    gres: usesDevice ? gres : undefined,
    time,
    'cpus-per-task': checkWhole('cpusPerTask', cpusPerTask),
    mem: memory,
    account,
    qos,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  checkWhole('atOnce', options.atOnce)
  const all = [...named, ...more.map(splitOption)]
  const keys = all.map(([key]) => key)
  const twice = keys.find((key, index) => keys.indexOf(key) < index)
  if (twice) throw new UsageError({ where: `Slurm option ${twice}`, expected: 'it once', got: 'it twice' })
  for (const [key, value] of all)
    if (value !== null && (value === '' || hasControl(value)))
      throw new UsageError({
        where: `Slurm option ${key}`,
        expected: 'a value on one line',
        got: `'${value}'`,
      })
  return all.map(([key, value]) => (value === null ? `--${key}` : `--${key}=${value}`))
}

function splitOption(option: string): [string, string | null] {
  const [, key, value] = /^(?:--)?([a-z][a-z-]+)(?:=(.*))?$/s.exec(option) ?? []
  if (!key)
    throw new UsageError({
      where: 'Slurm option',
      expected: 'KEY=VALUE as sbatch knows it, e.g. constraint=a100',
      got: `'${option}'`,
    })
  if (reserved.includes(key))
    throw new UsageError({
      where: `Slurm option ${key}`,
      expected: 'an option that Eosin does not set itself',
      got: `'${option}'`,
      hint: `leave it out; also ${reserved.filter((other) => other !== key).join(', ')} are set by Eosin`,
    })
  return [key, value ?? null]
}

function checkWhole(where: string, value: number | undefined): string | undefined {
  if (value === undefined || (Number.isInteger(value) && value > 0)) return value?.toString()
  throw new UsageError({ where, expected: 'a whole number above 0', got: String(value) })
}
