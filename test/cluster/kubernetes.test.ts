// Manifests for Kubernetes, held to its own schema: each is compiled as a value of the type that kubernetes-types (made from
// the OpenAPI schema of Kubernetes 1.30) gives a Job, which finds unknown fields and values of a wrong kind.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  describePlan,
  type KubernetesOptions,
  kubernetesJobs,
  planKubernetes,
  writePlan,
} from '../../src/cluster/index.ts'
import { makeTemporaryFolder } from '../patches/fixtures.ts'
import { makeStudy } from './studies.ts'

const inFolder = makeTemporaryFolder()
const options: KubernetesOptions = { image: 'eosin:1', claim: 'patches', mountPath: '/shared' }
const full: KubernetesOptions = {
  ...options,
  namespace: 'pathology',
  cpus: 4,
  memory: '16Gi',
  gpus: 1,
  atOnce: 2,
  retries: 1,
}
const study = makeStudy('/shared/runs/demo')

/** What the compiler says of these as Jobs; empty where they are some. */
function findFaults(jobs: readonly unknown[]): string {
  const folder = mkdtempSync(inFolder('types-'))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const values = jobs.map((job, index) => `export const job${index}: Job = ${JSON.stringify(job)}`)
  const source = [`import type { Job } from 'kubernetes-types/batch/v1'`, ...values].join('\n')
  writeFileSync(join(folder, 'jobs.ts'), source)
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'NodeNext', '--types', '']
  try {
    execFileSync(resolve('node_modules/.bin/tsc'), [...flags, 'jobs.ts'], { cwd: folder, encoding: 'utf8' })
    return ''
  } catch (cause) {
    return (cause as { stdout: string }).stdout
  }
}

describe('manifests', () => {
  it('are Jobs as Kubernetes has them', () => {
    const jobs = [...kubernetesJobs(study, options), ...kubernetesJobs(study, full)]
    expect(jobs).toHaveLength(6)
    expect(findFaults(jobs)).toBe('')
  })

  it.each([
    ['an unknown field', { spec: { backoffLimitPerIndexes: 1 } }, /backoffLimitPerIndexes/],
    ['a text for a number', { spec: { completions: '3' } }, /'string' is not assignable to type 'number'/],
    ['another kind', { kind: 'CronJob' }, /"CronJob"' is not assignable/],
    ['no template', { spec: { template: undefined } }, /'template' is missing/],
  ])('with %s are found', (_, change, message) => {
    const [job] = kubernetesJobs(study, options)
    const spec = { ...job.spec, ...('spec' in change ? change.spec : {}) }
    expect(findFaults([{ ...job, ...change, spec }])).toMatch(message)
  })

  it('say what was asked for: an index for each lot, a device only where a wave uses it', () => {
    const [embed, head, finish] = kubernetesJobs(study, full)
    expect(embed.metadata).toMatchObject({ name: expect.stringMatching(/^eosin-demo-[0-9a-f]{8}-1-embed$/) })
    expect(embed.metadata.namespace).toBe('pathology')
    expect(embed.spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 1,
    })
    const [container] = embed.spec.template.spec.containers
    expect(container.command).toEqual([
      '/usr/bin/node',
      '/opt/eosin.js',
      'task',
      'run',
      '--lots',
      '/shared/runs/demo/cluster/1-embed.lots.json',
    ])
    expect(container.resources.limits).toEqual({ cpu: '4', memory: '16Gi', 'nvidia.com/gpu': '1' })
    expect(container.env).toEqual([{ name: 'OMP_NUM_THREADS', value: '4' }])
    expect(container.volumeMounts).toEqual([{ name: 'shared', mountPath: '/shared' }])
    expect([head.spec.completions, head.spec.parallelism]).toEqual([3, 2])
    expect(head.spec.template.spec.containers[0].resources.limits).toEqual({ cpu: '4', memory: '16Gi' })
    expect([finish.spec.completions, finish.spec.template.spec.containers[0].command]).toEqual([
      1,
      ['/usr/bin/node', '/opt/eosin.js', 'study', 'run', 'recipe.yaml'],
    ])
  })

  it('have names that Kubernetes takes, different ones for runs that differ', () => {
    const long = 'Étude: Ünïcode/with_a very very long name that goes on'
    const [job] = kubernetesJobs(
      makeStudy('/shared/x', { name: long, waves: [{ name: long, lots: [['a']], usesDevice: false }] }),
      options,
    )
    const { name } = job.metadata
    expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])$/)
    expect(`${name}-99999`.length).toBeLessThanOrEqual(63) // the host name of a Pod of it
    const [other] = kubernetesJobs(makeStudy('/shared/runs/other'), options)
    expect(other.metadata.name).not.toBe(kubernetesJobs(study, options)[0].metadata.name)
  })

  it('leave $(NAME) in a word as it is', () => {
    const [job] = kubernetesJobs(makeStudy('/shared/x', { worker: ['$(HOME)', '$HOME'] }), options)
    expect(job.spec.template.spec.containers[0].command.slice(2, 4)).toEqual(['$$(HOME)', '$HOME'])
  })

  it.each([
    [{ mountPath: '/other' }, /\/shared\/runs\/demo: expected a folder below \/other/],
    [{ mountPath: '/shared/runs/dem' }, /expected a folder below \/shared\/runs\/dem,/],
    [{ claim: 'My Disk' }, /claim: expected a name of small letters, digits and dashes, got 'My Disk'/],
    [{ namespace: 'a;b' }, /namespace: expected a name/],
    [{ image: ' ' }, /image: expected a container image/],
    [{ cpus: 0 }, /cpus: expected a whole number from 1, got 0/],
    [{ retries: -1 }, /retries: expected a whole number from 0, got -1/],
  ])('are not made with %o', (change, message) => {
    expect(() => kubernetesJobs(study, { ...options, ...change })).toThrow(message)
  })
})

describe('the plan', () => {
  it('applies each Job when the one before has ended, however it ended', () => {
    const { commands } = planKubernetes(study, full)
    const names = kubernetesJobs(study, full).map(({ metadata }) => metadata.name)
    expect(commands).toHaveLength(7)
    expect(commands[0]).toMatch(
      /^kubectl delete job --namespace pathology --ignore-not-found --selector app\.kubernetes\.io\/instance=eosin-demo-[0-9a-f]{8}$/,
    )
    names.forEach((name, index) => {
      expect(commands[1 + 2 * index]).toMatch(
        /^kubectl apply --namespace pathology -f \/shared\/.*\.job\.json$/,
      )
      expect(commands[2 + 2 * index]).toContain(`kubectl get job --namespace pathology ${name} `)
    })
  })

  it.each([
    ['Complete', true],
    ['Failed', true],
    ['SuccessCriteriaMet Complete', true],
    ['FailureTarget', false],
    ['Suspended', false],
    ['', false],
  ])('takes the conditions "%s" for an end: %s', (conditions, isEnd) => {
    const [, , wait] = planKubernetes(study, options).commands
    const kubectl = `kubectl() { echo '${conditions}'; }; sleep() { exit 9; }`
    let code = 0
    try {
      execFileSync('bash', ['-c', `${kubectl}; ${wait}`])
    } catch (cause) {
      code = (cause as { status: number }).status
    }
    expect(code).toBe(isEnd ? 0 : 9)
  })

  it('is written as files that kubectl takes, each beside its list of lots', async () => {
    const folder = mkdtempSync(inFolder('run-'))
    const here = makeStudy(folder)
    const plan = planKubernetes(here, { ...options, mountPath: inFolder() })
    await writePlan(here, plan)
    for (const { path, text } of plan.files) expect(readFileSync(path, 'utf8')).toBe(text)
    expect(plan.files.map(({ path }) => path.slice(folder.length))).toEqual([
      '/cluster/1-embed.lots.json',
      '/cluster/1-embed.job.json',
      '/cluster/2-head.lots.json',
      '/cluster/2-head.job.json',
      '/cluster/finish.job.json',
    ])
    expect(JSON.parse(plan.files[1].text).kind).toBe('Job')
    expect(describePlan(plan)).toContain(`\n# then\nkubectl delete job `)
  })
})
