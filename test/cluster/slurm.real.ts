// The same as slurm.test.ts, with a real Slurm of two emulated nodes: .ci/slurm.sh starts one. What becomes of a node that
// dies, test/study/sendStudy.real.ts says.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type ClusterStudy,
  cancelOnSlurm,
  readJobs,
  readLots,
  readSlurmStatus,
  submitToSlurm,
} from '../../src/cluster/index.ts'

const trial = process.env.SLURM_TRIAL
if (!trial)
  throw new Error('no Slurm: call it by .ci/slurm.sh -- npx vitest run --config vitest.slurm.config.ts')

const base = mkdtempSync(join(tmpdir(), `eosin "real" 100%j O'`))
afterAll(() => rmSync(base, { recursive: true, force: true }))

// Lots of tasks by wave, each task named for what it does (worker.mjs).
function makeStudy(waves: Readonly<Record<string, string[][]>>): ClusterStudy {
  const folder = mkdtempSync(join(base, 'run-'))
  return {
    name: 'real trial',
    folder,
    command: [process.execPath, resolve('test/cluster/worker.mjs'), folder],
    worker: ['lots'],
    finish: ['finish'],
    waves: Object.entries(waves).map(([name, lots]) => ({ name, lots, usesDevice: false })),
  }
}

interface Mark {
  readonly at: number
  readonly node: string
  readonly process: number
  readonly parent: number
  readonly restarts: number
}
const pathOf = ({ folder }: ClusterStudy, name: string) => join(folder, 'marks', name)
const has = (study: ClusterStudy, name: string) => existsSync(pathOf(study, name))
const read = (study: ClusterStudy, name: string) =>
  JSON.parse(readFileSync(pathOf(study, name), 'utf8')) as Mark
const go = ({ folder }: ClusterStudy) => writeFileSync(join(folder, 'go'), '')

async function until(what: string, isTrue: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await setTimeout(100))
    if (await isTrue()) return
  throw new Error(`waited ${seconds} s in vain for ${what}`)
}
const untilMark = (study: ClusterStudy, name: string, seconds?: number) =>
  until(name, () => has(study, name), seconds)
const untilGone = (study: ClusterStudy) =>
  until('the end of all jobs', async () =>
    (await readSlurmStatus(study)).waves.every(
      ({ pending, running }) => pending.length + running.length === 0,
    ),
  )

describe('on a real Slurm', () => {
  it('waves run in their order, and a lot that fails cancels nothing else', async () => {
    const study = makeStudy({
      one: [['ok-1', 'ok-2'], ['fail-1', 'ok-never'], ['ok-3']],
      two: [['ok-4'], ['ok-5']],
    })
    await submitToSlurm(study, { partition: 'main', time: '10', cpusPerTask: 1, memory: '500M', atOnce: 2 })
    await untilMark(study, 'finish.done')
    const ends = (names: string[]) => names.map((name) => read(study, `${name}.done`).at)
    expect(has(study, 'ok-never.begin')).toBe(false)
    const [begin4, begin5] = [read(study, 'ok-4.begin').at, read(study, 'ok-5.begin').at]
    expect(Math.min(begin4, begin5)).toBeGreaterThan(
      Math.max(...ends(['ok-1', 'ok-2', 'ok-3']), read(study, 'fail-1.begin').at),
    )
    expect(read(study, 'finish.done').at).toBeGreaterThan(Math.max(...ends(['ok-4', 'ok-5'])))
    await untilGone(study)
    const [one, two] = (await readSlurmStatus(study)).waves
    expect(one.ended.map(({ state }) => state)).toEqual(['COMPLETED', 'FAILED', 'COMPLETED'])
    expect(one.ended[1].reason).toBe('NonZeroExitCode')
    expect(two.ended.map(({ node }) => node).every((node) => /^n[12]$/.test(node))).toBe(true)
    expect(readdirSync(join(study.folder, 'cluster', 'logs'))).toHaveLength(6)
  })

  it('more lots than an array may have are folded, and all are done', async () => {
    const lots = Array.from({ length: 20 }, (_, index) => [`ok-${index}`])
    const study = makeStudy({ many: lots })
    const { jobs } = await submitToSlurm(study, {})
    expect(jobs[0].indices).toBe(16) // MaxArraySize of this trial
    expect((await readLots(join(study.folder, 'cluster', '1-many.lots.json'))).lots).toHaveLength(16)
    await untilMark(study, 'finish.done', 120)
    expect(lots.flat().filter((name) => !has(study, `${name}.done`))).toEqual([])
  })

  it('the status tells what runs where and what waits; another submission is refused until it is asked to replace', async () => {
    const study = makeStudy({ one: [['wait-1'], ['ok-1']], two: [['ok-2']] })
    const first = await submitToSlurm(study, {})
    await untilMark(study, 'wait-1.begin')
    await untilMark(study, 'ok-1.done')
    await until('ok-1 to end', async () => (await readSlurmStatus(study)).waves[0].ended.length === 1)
    const { waves } = await readSlurmStatus(study)
    expect(waves[0].running).toEqual([
      { index: 0, state: 'RUNNING', node: read(study, 'wait-1.begin').node, reason: '' },
    ])
    expect(waves[1].pending).toEqual([{ index: 0, state: 'PENDING', node: '', reason: 'Dependency' }])
    expect(waves[2].pending).toEqual([{ index: null, state: 'PENDING', node: '', reason: 'Dependency' }])

    const ids = first.jobs.map(({ id }) => id)
    await expect(submitToSlurm(study, {})).rejects.toThrow(
      `got jobs ${ids.join(' ')}; wait until they have ended, or stop them: scancel ${[...ids].reverse().join(' ')}`,
    )
    await submitToSlurm(study, { replace: true })
    expect(read(study, 'wait-1.term').process).toBe(read(study, 'wait-1.begin').process)
    go(study)
    await untilMark(study, 'finish.done')
    expect(has(study, 'wait-1.done') && has(study, 'ok-2.done')).toBe(true)
  })

  it('scancel reaches the worker as SIGTERM, and what waits for it never starts', async () => {
    const study = makeStudy({ one: [['wait-1']], two: [['ok-1']] })
    await submitToSlurm(study, {})
    await untilMark(study, 'wait-1.begin')
    expect(await cancelOnSlurm(study)).toHaveLength(3)
    await untilMark(study, 'wait-1.term')
    await untilGone(study)
    await setTimeout(1000)
    expect(has(study, 'ok-1.begin') || has(study, 'finish.done')).toBe(false)
  })

  it("a partition that is not there is refused in Slurm's words, with those that are", async () => {
    const study = makeStudy({ one: [['ok-1']] })
    await expect(submitToSlurm(study, { partition: 'nix' })).rejects.toThrow(
      /^sbatch: got invalid partition specified: nix; Batch job submission failed: Invalid partition name specified; the partitions here are main$/,
    )
    expect(await readJobs(study)).toBeNull()
  })

  it('a submission that is killed has run nothing, and the next takes it back', async () => {
    const waves = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`w${index}`, [[`ok-${index}`]]]),
    )
    const study = makeStudy(waves)
    const script = `import { submitToSlurm } from ${JSON.stringify(`file://${resolve('dist/cluster/index.js')}`)}
      await submitToSlurm(${JSON.stringify(study)}, {})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    const ended = new Promise((resolve) => child.once('close', resolve))
    await until('some jobs', async () => ((await readJobs(study))?.jobs.length ?? 0) >= 3)
    child.kill('SIGKILL')
    await ended
    const left = (await readJobs(study))!
    expect(left.isComplete).toBe(false)
    await setTimeout(2000)
    expect((await readSlurmStatus(study)).waves[0].pending[0].reason).toBe('JobHeldUser')
    expect(existsSync(join(study.folder, 'marks'))).toBe(false)

    const short = { ...study, waves: study.waves.slice(0, 1) }
    const { token } = await submitToSlurm(short, {})
    expect(token).not.toBe(left.token)
    await untilMark(study, 'finish.done')
    expect(readdirSync(join(study.folder, 'marks')).sort()).toEqual([
      'finish.done',
      'ok-0.begin',
      'ok-0.done',
    ])
  })
})
