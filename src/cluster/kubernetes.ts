// A study as Indexed Jobs of Kubernetes: one Job a wave, and one that collects. Kubernetes has no order among Jobs, so the
// plan says in commands how each is applied once the one before has ended, however it ended.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { UsageError } from '../base/index.ts'
import { type ClusterPlan, clusterFolder, type PlannedFile, planWaves } from './plan.ts'
import { type ClusterStudy, checkStudy, plainName, quoteWord } from './waves.ts'

/** What is asked of Kubernetes. */
export interface KubernetesOptions {
  /** The container image, with Node and Eosin in it where `command` of the study says. */
  readonly image: string
  /** A PersistentVolumeClaim (ReadWriteMany) with the shared disk. */
  readonly claim: string
  /** Where the shared disk lies, in the containers as here: all paths of the study and its data are below it. */
  readonly mountPath: string
  readonly namespace?: string
  /** Of each lot: processors, and memory, e.g. `16Gi`. */
  readonly cpus?: number
  readonly memory?: string
  /** GPUs for each lot of a wave that uses a device, as the resource `gpuResource` (default `nvidia.com/gpu`). */
  readonly gpus?: number
  readonly gpuResource?: string
  /** How many lots of a wave run at the same time, at most; all of them where not given. */
  readonly atOnce?: number
  /** How often a lot that failed is tried again (default 2). */
  readonly retries?: number
}

/** A Job of batch/v1, as far as Eosin says anything of it. Plain JSON. */
export interface KubernetesJob {
  readonly apiVersion: 'batch/v1'
  readonly kind: 'Job'
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly completionMode: 'Indexed'
    readonly completions: number
    readonly parallelism: number
    readonly backoffLimitPerIndex: number
    readonly podFailurePolicy: { readonly rules: readonly KubernetesRule[] }
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> }
      readonly spec: {
        readonly restartPolicy: 'Never'
        readonly containers: readonly KubernetesContainer[]
        readonly volumes: readonly {
          readonly name: string
          readonly persistentVolumeClaim: { readonly claimName: string }
        }[]
      }
    }
  }
}

interface KubernetesRule {
  readonly action: 'Ignore' | 'FailIndex'
  readonly onPodConditions?: readonly { readonly type: string; readonly status: string }[]
  readonly onExitCodes?: {
    readonly containerName: string
    readonly operator: 'In'
    readonly values: readonly number[]
  }
}

interface KubernetesContainer {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>
    readonly limits: Readonly<Record<string, string>>
  }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

const instanceLabel = 'app.kubernetes.io/instance'

// More completions than this are refused together with a limit per index.
const largestJob = 100_000

/** The Jobs of a study in their order, the one that collects last. Throws UsageError where an option cannot be. */
export function kubernetesJobs(study: ClusterStudy, options: KubernetesOptions): KubernetesJob[] {
  checkOptions(study, options)
  const waves = planWaves(study, largestJob).map(({ stem, lots, lotsFile, usesDevice }) =>
    describeJob(study, options, stem, lots.length, usesDevice, [...study.worker, lotsFile.path]),
  )
  return [...waves, describeJob(study, options, 'finish', 1, false, study.finish)]
}

/** The files of a study for Kubernetes, lists of lots and a manifest for each Job, and the commands that run them in order. */
export function planKubernetes(study: ClusterStudy, options: KubernetesOptions): ClusterPlan {
  const jobs = kubernetesJobs(study, options)
  const waves = planWaves(study, largestJob)
  const stems = [...waves.map(({ stem }) => stem), 'finish']
  const manifests = jobs.map((job, index): PlannedFile => {
    const path = join(clusterFolder(study), `${stems[index]}.job.json`)
    return { path, text: `${JSON.stringify(job, null, 1)}\n` }
  })
  const files = manifests.flatMap((manifest, index) =>
    index < waves.length ? [waves[index].lotsFile, manifest] : [manifest],
  )
  const within = options.namespace === undefined ? '' : ` --namespace ${options.namespace}`
  const label = `${instanceLabel}=${jobName(study, '')}`
  // What a Job does cannot be changed: those of an earlier time make room.
  const clear = `kubectl delete job${within} --ignore-not-found --selector ${label}`
  const apply = jobs.flatMap(({ metadata }, index) => [
    `kubectl apply${within} -f ${quoteWord(manifests[index].path)}`,
    // `kubectl wait --for=condition=complete` would never end for a Job of which a lot failed.
    `until kubectl get job${within} ${metadata.name} -o jsonpath='{.status.conditions[?(@.status=="True")].type}' | grep -qwE 'Complete|Failed'; do sleep 10; done`,
  ])
  return { files, commands: [clear, ...apply] }
}

function checkOptions(study: ClusterStudy, options: KubernetesOptions): void {
  checkStudy(study)
  const { namespace, claim, image, mountPath, cpus, gpus, atOnce, retries } = options
  const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
  for (const [where, name] of Object.entries({ namespace, claim }))
    if (name !== undefined && !label.test(name))
      throw new UsageError({
        where,
        expected: 'a name of small letters, digits and dashes',
        got: `'${name}'`,
      })
  if (image.trim() === '') throw new UsageError({ where: 'image', expected: 'a container image', got: "''" })
  const isBelow = study.folder === mountPath || study.folder.startsWith(`${mountPath.replace(/\/$/, '')}/`)
  if (!isBelow)
    throw new UsageError({
      where: study.folder,
      expected: `a folder below ${mountPath}, where the shared disk lies`,
      got: 'another',
    })
  for (const [where, value, least] of [
    ['cpus', cpus, 1],
    ['gpus', gpus, 1],
    ['atOnce', atOnce, 1],
    ['retries', retries, 0],
  ] as const)
    if (value !== undefined && !(Number.isInteger(value) && value >= least))
      throw new UsageError({ where, expected: `a whole number from ${least}`, got: String(value) })
}

function describeJob(
  study: ClusterStudy,
  options: KubernetesOptions,
  stem: string,
  lots: number,
  usesDevice: boolean,
  words: readonly string[],
): KubernetesJob {
  const { image, claim, mountPath, namespace, cpus, memory, gpus, atOnce = lots, retries = 2 } = options
  const labels = { 'app.kubernetes.io/name': 'eosin', [instanceLabel]: jobName(study, '') }
  const requests = {
    ...(cpus === undefined ? {} : { cpu: String(cpus) }),
    ...(memory === undefined ? {} : { memory }),
  }
  const device =
    usesDevice && gpus !== undefined ? { [options.gpuResource ?? 'nvidia.com/gpu']: String(gpus) } : {}
  const volume = 'shared'
  const container: KubernetesContainer = {
    name: 'eosin',
    image,
    command: [...study.command, ...words].map(escapeReference),
    env: cpus === undefined ? [] : [{ name: 'OMP_NUM_THREADS', value: String(cpus) }],
    resources: { requests: { ...requests, ...device }, limits: { ...requests, ...device } },
    volumeMounts: [{ name: volume, mountPath }],
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobName(study, stem), ...(namespace === undefined ? {} : { namespace }), labels },
    spec: {
      completionMode: 'Indexed',
      completions: lots,
      parallelism: Math.min(lots, atOnce),
      backoffLimitPerIndex: retries,
      podFailurePolicy: {
        rules: [
          // A command line that cannot be carried out is no better the next time.
          {
            action: 'FailIndex',
            onExitCodes: { containerName: container.name, operator: 'In', values: [2] },
          },
          // A machine that goes away is not the lot's fault.
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          containers: [container],
          volumes: [{ name: volume, persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  }
}

// Names of Jobs may hold small letters, digits and dashes, and with the index 63 of them: the hash tells names apart that
// look alike then, and runs of one name in different folders.
function jobName({ name, folder }: ClusterStudy, stem: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([name, folder]))
    .digest('hex')
    .slice(0, 8)
  const plain = (text: string, length: number) =>
    plainName(text)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, length)
      .replaceAll(/^-|-$/g, '')
  return ['eosin', plain(name, 20), hash, ...(stem ? [plain(stem, 18)] : [])].filter(Boolean).join('-')
}

// $(NAME) in a command is filled in by Kubernetes.
function escapeReference(word: string): string {
  return word.replaceAll('$(', '$$$$(')
}
