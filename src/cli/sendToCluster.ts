// `eosin study run --on ...`: the tasks of a study go to a cluster instead of processes of this machine.

import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ClusterPlan, ClusterStudy, JobsRecord } from '../cluster/index.ts'
import type { Recipe } from '../recipe/index.ts'
import type { StudyResult } from '../study/index.ts'
import { type ClusterOptions, kubernetesOptions, slurmOptions } from './clusterOptions.ts'
import { printResult } from './command.ts'
import { formatTable, observeOnTerminal, sayNote } from './terminal.ts'

/** A study that is to be sent. */
export interface Sending {
  readonly recipe: Recipe
  readonly out: string
  readonly cache: string
  readonly device: string
}

/** Sends a study, or says what would be sent. Returns its outcome where that was waited for. */
export async function sendToCluster(
  { recipe, ...place }: Sending,
  options: ClusterOptions & { readonly json?: boolean; readonly dryRun?: boolean },
): Promise<StudyResult | null> {
  const cluster = await import('../cluster/index.ts')
  const { planSending, sendStudy, waitForStudy } = await import('../study/index.ts')
  const { on } = options
  const folder = resolve(join(place.out, recipe.name))
  const sending = {
    ...place,
    command: on === 'kubernetes' ? ['eosin'] : [process.execPath, realpathSync(process.argv[1])],
    cpus: options.cpus ?? 1,
    observer: observeOnTerminal(),
  }
  const slurm = slurmOptions(options)
  const kubernetes = on === 'kubernetes' ? kubernetesOptions(options) : null
  const plan = async (study: ClusterStudy): Promise<ClusterPlan> => {
    if (kubernetes) return cluster.planKubernetes(study, kubernetes)
    return on === 'slurm' ? cluster.planSlurm(study, slurm) : cluster.planLots(study)
  }
  if (options.dryRun) {
    printResult(options, await plan(await planSending(recipe, sending)), cluster.describePlan)
    return null
  }
  if (on !== 'slurm') {
    const written = await sendStudy(recipe, sending, async (study) => {
      const files = await plan(study)
      await cluster.writePlan(study, files)
      return files
    })
    printResult(options, written, describeWritten)
    return null
  }
  await cluster.prepareSlurm({ folder }, slurm)
  const record = await sendStudy(recipe, sending, (study) => cluster.submitToSlurm(study, slurm))
  if (options.wait) return waitForStudy(folder, record, { note: sayNote })
  printResult(options, record, (sent) => describeJobs(sent, folder))
  return null
}

function describeJobs({ jobs }: JobsRecord, folder: string): string {
  const rows = jobs.map(({ wave, id, indices }) => [wave, id, indices === null ? '-' : String(indices)])
  const ids = jobs.map(({ id }) => id).reverse()
  return [
    formatTable(['wave', 'job', 'lots'], rows),
    '',
    `how far it is  eosin study status ${folder}`,
    `to stop it     scancel ${ids.join(' ')}`,
  ].join('\n')
}

function describeWritten({ files, commands }: ClusterPlan): string {
  return [...files.map(({ path }) => `written  ${path}`), '', '# then', ...commands].join('\n')
}
