// A study on a real Slurm of two emulated nodes (.ci/slurm.sh starts it), one of which dies: the bytes of one machine.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StudyStatus } from '../../src/cli/studyStatus.ts'
import { hashRun } from '../cli/killing.ts'
import { runCli, startCli } from '../cli/runCli.ts'

const trial = process.env.SLURM_TRIAL
if (!trial)
  throw new Error('no Slurm: call it by .ci/slurm.sh -- npx vitest run --config vitest.slurm.config.ts')

const folder = mkdtempSync(join(tmpdir(), 'eosin-two-nodes-'))
const inFolder = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(async () => {
  process.env.EOSIN_RATES = 'off' // so that every task has a lot of its own
  const sizes = ['--train', '120', '--val', '50', '--test', '50', '--aberrant', '0.05']
  expect(await runCli(['patches', 'make', inFolder('data'), ...sizes])).toMatchObject({ code: 0 })
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  const axes = 'stain: [none, macenko]\nembed: [texture]\nclassify: [{ head: mlp, epochs: 4 }, logistic]\n'
  writeFileSync(inFolder('trial.yaml'), `name: trial\nseed: 0\nseeds: 2\ndata:\n${data.join('\n')}\n${axes}`)
})

const run = (out: string, ...more: string[]) => [
  'study',
  'run',
  inFolder('trial.yaml'),
  '--out',
  inFolder(out),
  '--device',
  'cpu',
  ...more,
]

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // gone meanwhile
  }
}
const isOfNode = (pid: number, node: string) =>
  read(`/proc/${pid}/environ`).split('\0').includes(`SLURMD_NODENAME=${node}`)
const parentOf = (pid: number) => Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1])

// The leases of tasks in work, with their holders.
function listLeases(cache: string): { readonly path: string; readonly process: number }[] {
  const stages = ['embed', 'classify'].map((stage) => join(cache, stage)).filter((stage) => existsSync(stage))
  return stages
    .flatMap((stage) => readdirSync(stage).map((name) => join(stage, name)))
    .filter((path) => path.endsWith('.lease'))
    .flatMap((path) => {
      const text = read(path)
      return text.endsWith('}') ? [{ path, process: (JSON.parse(text) as { process: number }).process }] : []
    })
}

// Stops a worker of the node in the middle of a task; null where none is at one now.
function catchWorker(cache: string, node: string): string | null {
  for (const { path, process: pid } of listLeases(cache)) {
    if (!isOfNode(pid, node)) continue
    process.kill(pid, 'SIGSTOP')
    if (existsSync(path)) return path
    process.kill(pid, 'SIGCONT')
  }
  return null
}

// The daemon first, so that nobody tells Slurm of the rest.
function killNode(node: string): void {
  process.kill(Number(read(join(trial!, `slurmd-${node}.pid`))), 'SIGKILL')
  const workers = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => isOfNode(pid, node))
  for (const pid of [...new Set(workers.map(parentOf)), ...workers]) {
    const isStep = read(`/proc/${pid}/comm`).startsWith('slurmstepd')
    if (isStep || workers.includes(pid)) process.kill(pid, 'SIGKILL')
  }
}

it('ends in the bytes of a run on one machine, though a node dies while tasks of it run', async () => {
  expect(await runCli(run('here', '--jobs', '1'))).toMatchObject({ code: 0 })
  const words = ['--on', 'slurm', '--partition', 'main', '--memory', '500M', '--wait']
  const { child, done } = startCli(run('there', ...words))
  let lost: string | null = null
  while (lost === null && child.exitCode === null) {
    lost = catchWorker(inFolder('there', '.cache'), 'n2')
    await setTimeout(2)
  }
  expect(lost, 'a task of n2 in work').not.toBeNull()
  killNode('n2')
  const answer = await runCli(['study', 'status', inFolder('there', 'trial'), '--json'])
  const status = JSON.parse(answer.stdout) as StudyStatus
  const task = status.tasks.find(({ key }) => lost!.includes(key))!
  expect(['waiting', 'running']).toContain(task.state) // another may have taken over by now
  const { code, stdout, stderr } = await done
  expect([code, stderr]).toEqual([0, expect.stringContaining('all jobs have ended')])
  expect(stdout).toContain('none/texture/mlp')
  const all = Object.entries(hashRun(inFolder('there', 'trial')))
  expect(Object.fromEntries(all.filter(([file]) => !file.startsWith('cluster/')))).toEqual(
    hashRun(inFolder('here', 'trial')),
  )
  const nodes = execFileSync('sinfo', ['--noheader', '--Node', '--format=%N %T'], { encoding: 'utf8' })
  expect(nodes).toMatch(/^n2 down/m)
})
