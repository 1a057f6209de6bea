// What is written for Slurm and how it is submitted, with programs that only play Slurm. test/cluster/slurm.real.ts holds
// the same to a real one.

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  cancelOnSlurm,
  describePlan,
  planSlurm,
  readJobs,
  readLots,
  readSlurmStatus,
  type SubmitOptions,
  submitToSlurm,
} from '../../src/cluster/index.ts'
import { makeFakeSlurm } from './fakeSlurm.ts'
import { makeStudy } from './studies.ts'

const slurm = makeFakeSlurm()
const newFolder = () => mkdtempSync(join(slurm.folder, 'run-'))
const submissions = () => slurm.calls().filter((call) => call.startsWith('sbatch'))

describe('the scripts', () => {
  const read = (folder: string, name: string) => readFileSync(join(folder, 'cluster', name), 'utf8')

  it('ask for what was asked for, the device only where a wave uses it', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {
      partition: 'gpu',
      gres: 'gpu:1',
      time: '4:00:00',
      cpusPerTask: 8,
      memory: '16G',
      account: 'path',
      qos: 'long',
      atOnce: 2,
      more: ['constraint=a100', '--exclusive'],
    })
    expect(read(folder, '1-embed.sh')).toBe(`#!/bin/bash
# Wave 1 of 2: each array index does one lot of ${folder}/cluster/1-embed.lots.json.
#SBATCH --job-name=eosin-demo-embed
#SBATCH --array=0-1%2
#SBATCH --partition=gpu
#SBATCH --gres=gpu:1
#SBATCH --time=4:00:00
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --account=path
#SBATCH --qos=long
#SBATCH --constraint=a100
#SBATCH --exclusive
#SBATCH --output=${folder}/cluster/logs/1-embed.%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
set -u
export EOSIN_TASK_INDEX="$SLURM_ARRAY_TASK_ID"
export OMP_NUM_THREADS="$SLURM_CPUS_ON_NODE"
exec /usr/bin/node /opt/eosin.js task run --lots ${folder}/cluster/1-embed.lots.json
`)
    expect(read(folder, '2-head.sh')).toMatch(/--array=0-2%2\n(?!.*gres)/s)
    expect(read(folder, 'finish.sh')).toMatch(
      /\nexec \/usr\/bin\/node \/opt\/eosin\.js study run recipe\.yaml\n$/,
    )
    expect(read(folder, 'finish.sh')).not.toMatch(/gres|array|EOSIN_TASK_INDEX=/)
    expect((await readLots(join(folder, 'cluster', '2-head.lots.json'))).lots).toEqual([['d'], ['e'], ['f']])
    expect(existsSync(join(folder, 'cluster', 'logs'))).toBe(true)
  })

  it('are shell, whatever stands in paths and words', async () => {
    const folder = join(newFolder(), `O'Neil's 100% "runs" $HOME`)
    mkdirSync(folder)
    const words = ['a b', "it's", '$HOME', '`id`', '"', '*', '']
    const command = ['/usr/bin/printf', '%s\\n']
    await submitToSlurm(makeStudy(folder, { name: 'Étude\n1/2', command, worker: words }), {})
    const path = join(folder, 'cluster', '1-embed.sh')
    const env = { SLURM_ARRAY_TASK_ID: '0', SLURM_CPUS_ON_NODE: '2' }
    const printed = execFileSync('/bin/bash', [path], { env, encoding: 'utf8' })
    expect(printed).toBe([...words, join(folder, 'cluster', '1-embed.lots.json'), ''].join('\n'))
    expect(readFileSync(path, 'utf8')).toMatch(/^#SBATCH --job-name=eosin-Etude-1-2-embed$/m)
    expect(submissions()[0]).toContain(`O'Neil's 100%% "runs" $HOME/cluster/logs/1-embed.%A_%a.log`)
  })

  it('fold lots together where an array would be too long', async () => {
    const folder = newFolder()
    const lots = Array.from({ length: 1002 }, (_, index) => [`t${index}`])
    await submitToSlurm(makeStudy(folder, { waves: [{ name: 'head', lots, usesDevice: false }] }), {})
    const folded = (await readLots(join(folder, 'cluster', '1-head.lots.json'))).lots
    expect(folded).toHaveLength(1001)
    expect(folded.flat()).toEqual(lots.flat())
    expect(read(folder, '1-head.sh')).toContain('--array=0-1000\n')
  })

  it('go where a later plan has no such wave; empty waves have none', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {})
    slurm.set('queue', '')
    writeFileSync(join(folder, 'cluster', 'notes.txt'), 'mine')
    const waves = [
      { name: 'embed', lots: [[]], usesDevice: true },
      { name: 'head', lots: [['f']], usesDevice: false },
    ]
    await submitToSlurm(makeStudy(folder, { waves }), {})
    expect(readdirSync(join(folder, 'cluster')).sort()).toEqual([
      '1-head.lots.json',
      '1-head.sh',
      'finish.sh',
      'jobs.json',
      'logs',
      'notes.txt',
    ])
  })

  it.each([
    [{ cpusPerTask: 0 }, /cpusPerTask: expected a whole number above 0, got 0/],
    [{ atOnce: 1.5 }, /atOnce: expected a whole number above 0/],
    [{ more: ['array=0-5'] }, /Slurm option array: expected an option that Eosin does not set itself/],
    [{ more: ['Fancy Stuff'] }, /Slurm option: expected KEY=VALUE as sbatch knows it.*got 'Fancy Stuff'/],
    [{ partition: 'a', more: ['partition=b'] }, /Slurm option partition: expected it once, got it twice/],
    [{ partition: 'a\n#SBATCH --wrap=b' }, /Slurm option partition: expected a value on one line/],
    [{ time: '' }, /Slurm option time: expected a value on one line, got ''/],
  ] satisfies [SubmitOptions, RegExp][])('refuse %o', async (options, message) => {
    await expect(submitToSlurm(makeStudy(newFolder()), options)).rejects.toThrow(message)
    expect(submissions()).toEqual([])
  })

  it.each([
    [{ folder: 'runs/x' }, /expected an absolute path, got runs\/x/],
    [{ folder: '/tmp/a\\b' }, /expected a path without backslashes/],
    [{ finish: ['a\nb'] }, /expected a path or word on one line/],
  ])('refuse a study with %o', async (facts, message) => {
    await expect(planSlurm(makeStudy(newFolder(), facts), {})).rejects.toThrow(message)
  })
})

describe('a dry run', () => {
  it('shows every file and the commands, and writes and submits nothing', async () => {
    const folder = newFolder()
    const text = describePlan(await planSlurm(makeStudy(folder), { partition: 'main' }))
    expect(text).toContain(`# ${folder}/cluster/1-embed.lots.json\n{`)
    expect(text).toContain('#SBATCH --partition=main\n')
    expect(text).toContain(
      [
        `JOB1=$(sbatch --parsable ${folder}/cluster/1-embed.sh)`,
        `JOB2=$(sbatch --parsable --dependency=afterany:$JOB1 ${folder}/cluster/2-head.sh)`,
        `JOB3=$(sbatch --parsable --dependency=afterany:$JOB2 ${folder}/cluster/finish.sh)`,
      ].join('\n'),
    )
    expect(readdirSync(folder)).toEqual([])
    expect(submissions()).toEqual([])
  })

  it('needs no Slurm', async () => {
    slurm.remove()
    expect((await planSlurm(makeStudy(newFolder()), {})).commands).toHaveLength(3)
  })
})

describe('a submission', () => {
  it('holds the first job until all are written down; each waits for the one before, however that ended', async () => {
    const folder = newFolder()
    const { token, isComplete, jobs } = await submitToSlurm(makeStudy(folder), {})
    expect(isComplete).toBe(true)
    expect(jobs.map(({ wave, id, indices }) => [wave, id, indices])).toEqual([
      ['embed', '1', 2],
      ['head', '2', 3],
      ['finish', '3', null],
    ])
    expect(submissions()[0]).toContain(`--parsable --job-name=eosin-demo-embed-${token} --hold --array=0-1 `)
    expect(submissions()[1]).toContain(' --dependency=afterany:1 ')
    expect(submissions()[2]).toContain(' --dependency=afterany:2 ')
    expect(slurm.calls().at(-1)).toBe('scontrol release 1')
    expect(await readJobs({ folder })).toEqual({ token, isComplete, jobs })
  })

  it('is refused while jobs of an earlier one are in the queue', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {})
    const [before, calls] = [await readJobs({ folder }), submissions().length]
    await expect(submitToSlurm(makeStudy(folder), {})).rejects.toThrow(
      `${folder}/cluster/jobs.json: expected no jobs of this study in the queue, got jobs 1 2 3; wait until they have ended, or stop them: scancel 3 2 1`,
    )
    expect(submissions()).toHaveLength(calls)
    expect(await readJobs({ folder })).toEqual(before)
  })

  it('takes the place of an earlier one where that is asked for, the last job cancelled first', async () => {
    const folder = newFolder()
    const { token } = await submitToSlurm(makeStudy(folder), {})
    const after = await submitToSlurm(makeStudy(folder), { replace: true })
    expect(slurm.calls().filter((call) => call.startsWith('scancel'))).toEqual([
      'scancel 3',
      'scancel 2',
      'scancel 1',
    ])
    expect(after.jobs.map(({ id }) => id)).toEqual(['4', '5', '6'])
    expect(after.token).not.toBe(token)
  })

  it('does not take jobs of others for its own, even where Slurm gives their numbers anew', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {})
    slurm.set('queue', '1|0|RUNNING|n1|None|train|today\n2|N/A|PENDING||Priority|eosin-demo-head-00000000\n')
    expect((await submitToSlurm(makeStudy(folder), {})).isComplete).toBe(true)
    expect(slurm.calls().filter((call) => call.startsWith('scancel'))).toEqual([])
  })

  it('that is refused half-way takes back what it submitted, and says why and which partitions there are', async () => {
    const folder = newFolder()
    slurm.set('refuse', '2')
    await expect(submitToSlurm(makeStudy(folder), { partition: 'nix' })).rejects.toThrow(
      /^sbatch: got invalid partition specified: nix; Batch job submission failed: Invalid partition name specified; the partitions here are gpu, main$/,
    )
    expect(slurm.queue().map((row) => row.split('|').slice(0, 3).join('|'))).toEqual([
      '1|0|CANCELLED',
      '1|1|CANCELLED',
    ])
    expect(slurm.calls().some((call) => call.startsWith('scontrol release'))).toBe(false)
    expect(await readJobs({ folder })).toBeNull()
  })

  it('that is killed between two jobs has run nothing; the next takes back what is left, also what was not written down', async () => {
    const folder = newFolder()
    slurm.set('hang', '2')
    const door = JSON.stringify(`file://${process.cwd()}/dist/cluster/index.js`)
    const script = `import { submitToSlurm } from ${door}; await submitToSlurm(${JSON.stringify(makeStudy(folder))}, {})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    const ended = new Promise((resolve) => child.once('close', resolve))
    while (!slurm.queue().some((row) => row.startsWith('2|'))) await setTimeout(20)
    child.kill('SIGKILL')
    await ended
    const left = (await readJobs({ folder }))!
    expect([left.isComplete, left.jobs.map(({ id }) => id)]).toEqual([false, ['1']])
    expect(slurm.calls().some((call) => call.startsWith('scontrol release'))).toBe(false)

    const { isComplete, jobs } = await submitToSlurm(makeStudy(folder), {})
    expect(slurm.calls().filter((call) => call.startsWith('scancel'))).toEqual(['scancel 2', 'scancel 1'])
    expect([isComplete, jobs.map(({ id }) => id)]).toEqual([true, ['3', '4', '5']])
  })

  it('goes on where a job is gone from the queue before it can be cancelled', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {})
    expect(await cancelOnSlurm({ folder })).toEqual(['3', '2', '1'])
    expect(await cancelOnSlurm({ folder })).toEqual([])
  })

  it('waits for cancelled jobs, and gives up where they do not end', async () => {
    const folder = newFolder()
    const { token } = await submitToSlurm(makeStudy(folder), {})
    slurm.set('queue', `1|0|COMPLETING|n1|None|eosin-demo-embed-${token}\n`)
    const cancelled = submitToSlurm(makeStudy(folder), { replace: true, patienceMs: 0 })
    await expect(cancelled).resolves.toMatchObject({ isComplete: true }) // the fake cancels at once
    slurm.set('queue', `9|0|COMPLETING|n1|None|x-${(await readJobs({ folder }))!.token}\n`)
    slurm.set('stubborn', '')
    await expect(submitToSlurm(makeStudy(folder), { replace: true, patienceMs: 0 })).rejects.toThrow(
      /scancel: expected jobs that end, got 9 still in the queue; run again when they have ended/,
    )
  })

  it('says so where there is no Slurm, or none that answers', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {})
    slurm.set('down', '')
    await expect(submitToSlurm(makeStudy(folder), {})).rejects.toThrow(
      /squeue: got slurm_load_jobs error: Unable to contact slurm controller.*SLURM_CONF/,
    )
    slurm.remove()
    await expect(submitToSlurm(makeStudy(newFolder()), {})).rejects.toThrow(
      /sbatch: expected Slurm's programs, got none on this machine; call it where jobs are submitted/,
    )
  })

  it('refuses a damaged record instead of guessing', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {})
    writeFileSync(join(folder, 'cluster', 'jobs.json'), '{"format":"other"}')
    await expect(submitToSlurm(makeStudy(folder), {})).rejects.toThrow(
      /jobs\.json: expected format 'eosin jobs 1', got other; remove it once none of its jobs is in the queue/,
    )
  })
})

describe('the status', () => {
  it('sorts indices by state, with machines and reasons; what Slurm forgot has ended', async () => {
    const folder = newFolder()
    const { token } = await submitToSlurm(makeStudy(folder), {})
    slurm.set(
      'queue',
      [
        `1|0|NODE_FAIL|n2|NodeFail|eosin-demo-embed-${token}`,
        `2|0|RUNNING|n1|None|eosin-demo-head-${token}`,
        `2|1|COMPLETING|n1|None|eosin-demo-head-${token}`,
        `2|2|PENDING||Priority|eosin-demo-head-${token}`,
        `3|N/A|PENDING||Dependency|eosin-demo-finish-${token}`,
        '',
      ].join('\n'),
    )
    const { isComplete, waves } = await readSlurmStatus({ folder })
    expect(isComplete).toBe(true)
    expect(waves.map(({ wave, pending, running, ended }) => ({ wave, pending, running, ended }))).toEqual([
      {
        wave: 'embed',
        pending: [],
        running: [],
        ended: [
          { index: 0, state: 'NODE_FAIL', node: 'n2', reason: 'NodeFail' },
          { index: 1, state: null, node: '', reason: '' },
        ],
      },
      {
        wave: 'head',
        pending: [{ index: 2, state: 'PENDING', node: '', reason: 'Priority' }],
        running: [
          { index: 0, state: 'RUNNING', node: 'n1', reason: '' },
          { index: 1, state: 'COMPLETING', node: 'n1', reason: '' },
        ],
        ended: [],
      },
      {
        wave: 'finish',
        pending: [{ index: null, state: 'PENDING', node: '', reason: 'Dependency' }],
        running: [],
        ended: [],
      },
    ])
  })

  it('says so where a study was never sent', async () => {
    await expect(readSlurmStatus({ folder: newFolder() })).rejects.toThrow(
      /jobs\.json: expected the jobs of a study that was sent to Slurm, got no such file/,
    )
  })

  it('says so where squeue answers something else', async () => {
    const folder = newFolder()
    await submitToSlurm(makeStudy(folder), {})
    slurm.set('queue', 'JOBID PARTITION\n')
    await expect(readSlurmStatus({ folder })).rejects.toThrow(/squeue: expected %F\|%K/)
  })
})
