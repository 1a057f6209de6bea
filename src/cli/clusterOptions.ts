// The options of `eosin study run` that are for clusters, and what they come to: which belong to which engine is said here.

import { type Command, Option } from 'commander'
import { UsageError } from '../base/index.ts'
import type { KubernetesOptions, SubmitOptions } from '../cluster/index.ts'
import { wholeNumber } from './command.ts'

/** Where tasks are sent; `lots`: nowhere, their lists are written for another engine. */
export type ClusterEngine = 'slurm' | 'kubernetes' | 'lots'

/** What may be given beside `--on`, as commander parses it. */
export interface ClusterOptions {
  readonly on?: ClusterEngine
  readonly cpus?: number
  readonly memory?: string
  readonly array?: number
  readonly partition?: string
  readonly gres?: string
  readonly time?: string
  readonly account?: string
  readonly qos?: string
  readonly slurmOption?: readonly string[]
  readonly replace?: boolean
  readonly wait?: boolean
  readonly image?: string
  readonly claim?: string
  readonly mount?: string
  readonly namespace?: string
  readonly gpus?: number
}

/** Adds them to a command. */
export function addClusterOptions(command: Command): Command {
  const text = (flags: string, about: string) => new Option(flags, about)
  const number = (flags: string, about: string) => new Option(flags, about).argParser(wholeNumber(1, 100_000))
  return [
    text('--on <engine>', 'send the tasks to a cluster (docs/scale.md)').choices([
      'slurm',
      'kubernetes',
      'lots',
    ]),
    number('--cpus <n>', 'with --on: processors of each lot of tasks (default: 1)'),
    text('--memory <size>', 'with --on: memory of each lot, e.g. 16G (Kubernetes: 16Gi)'),
    number('--array <n>', 'with --on: lots at the same time, at most'),
    text('--partition <name>', 'Slurm: where jobs run'),
    text('--gres <resource>', 'Slurm: asked for by tasks that use a device, e.g. gpu:1'),
    text('--time <limit>', 'Slurm: the longest that a lot may take, e.g. 4:00:00'),
    text('--account <name>', 'Slurm: who pays'),
    text('--qos <name>', 'Slurm: quality of service'),
    text(
      '--slurm-option <key=value>',
      'Slurm: any other option of sbatch; may be given several times',
    ).argParser((given: string, before: readonly string[] | undefined) => [...(before ?? []), given]),
    text('--replace', 'Slurm: cancel the jobs of an earlier submission that are still in the queue'),
    text('--wait', 'Slurm: wait for the end, and print the outcome'),
    text('--image <image>', 'Kubernetes: an image in which `eosin` is on the PATH'),
    text('--claim <name>', 'Kubernetes: the PersistentVolumeClaim of the shared disk'),
    text('--mount <path>', 'Kubernetes: where the shared disk lies, in containers as here'),
    text('--namespace <name>', 'Kubernetes: the namespace of the jobs'),
    number('--gpus <n>', 'Kubernetes: GPUs of each lot that uses a device'),
  ].reduce((all, option) => all.addOption(option), command)
}

const enginesOf: Readonly<Partial<Record<keyof ClusterOptions, readonly ClusterEngine[]>>> = {
  cpus: ['slurm', 'kubernetes', 'lots'],
  memory: ['slurm', 'kubernetes'],
  array: ['slurm', 'kubernetes'],
  partition: ['slurm'],
  gres: ['slurm'],
  time: ['slurm'],
  account: ['slurm'],
  qos: ['slurm'],
  slurmOption: ['slurm'],
  replace: ['slurm'],
  wait: ['slurm'],
  image: ['kubernetes'],
  claim: ['kubernetes'],
  mount: ['kubernetes'],
  namespace: ['kubernetes'],
  gpus: ['kubernetes'],
}
// What a run on this machine is asked.
const forHere = ['jobs', 'threads', 'maxHours'] as const

/** Throws UsageError where an option was given without the engine that it is for. */
export function checkClusterOptions(
  options: ClusterOptions & { readonly [Name in (typeof forHere)[number]]?: number },
): void {
  const { on } = options
  for (const [name, engines] of Object.entries(enginesOf)) {
    if (options[name as keyof ClusterOptions] === undefined || (on && engines.includes(on))) continue
    throw new UsageError({
      where: `option ${flagOf(name)}`,
      expected: `${engines.map((engine) => `--on ${engine}`).join(' or ')} beside it`,
      got: on === undefined ? 'a run on this machine' : `--on ${on}`,
    })
  }
  const here = on && forHere.find((name) => options[name] !== undefined)
  if (here)
    throw new UsageError({
      where: `option ${flagOf(here)}`,
      expected: 'a run on this machine',
      got: `--on ${on}`,
      hint: 'say with --cpus what each lot has',
    })
}

const flagOf = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** What Slurm is asked. */
export function slurmOptions(options: ClusterOptions): SubmitOptions {
  const { partition, gres, time, cpus, memory, account, qos, array, slurmOption: more, replace } = options
  return { partition, gres, time, cpusPerTask: cpus, memory, account, qos, atOnce: array, more, replace }
}

/** What Kubernetes is asked. Throws UsageError where something is missing. */
export function kubernetesOptions(options: ClusterOptions): KubernetesOptions {
  const { image, claim, mount, namespace, cpus, memory, gpus, array } = options
  const missing = Object.entries({ image, claim, mount }).find(([, value]) => value === undefined)
  if (missing)
    throw new UsageError({
      where: 'study run --on kubernetes',
      expected: `--${missing[0]}`,
      got: 'a call without it',
    })
  return { image: image!, claim: claim!, mountPath: mount!, namespace, cpus, memory, gpus, atOnce: array }
}
