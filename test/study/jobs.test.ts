// The tasks of a study, done by several processes: the same bytes whoever does them, in whatever order; a failure is a gap.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Metrics } from '../../src/runs/index.ts'
import type { StudyPlan } from '../../src/study/index.ts'
import { hashRun } from '../cli/killing.ts'
import { runCli, startCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-jobs-'))
const inFolder = (...parts: string[]) => join(folder, ...parts)
const usual = 'stain: [none, macenko]\nembed: [texture]\nclassify: [{ head: mlp, epochs: 4 }, logistic]\n'

function writeRecipe(name: string, axes = usual, seed = 0): string {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  writeFileSync(
    inFolder(`${name}.yaml`),
    `name: ${name}\nseed: ${seed}\nseeds: 2\ndata:\n${data.join('\n')}\n${axes}`,
  )
  return inFolder(`${name}.yaml`)
}
const args = (recipe: string, out: string, ...more: string[]) => [
  'study',
  'run',
  recipe,
  '--out',
  inFolder(out),
  '--device',
  'cpu',
  ...more,
]
const readMetrics = (...run: string[]) =>
  JSON.parse(readFileSync(inFolder(...run, 'metrics.json'), 'utf8')) as Metrics

let recipe: string
let alone: Record<string, string>
beforeAll(async () => {
  const sizes = ['--train', '120', '--val', '50', '--test', '50', '--aberrant', '0.05']
  expect(await runCli(['patches', 'make', inFolder('data'), ...sizes])).toMatchObject({ code: 0 })
  recipe = writeRecipe('plain')
  expect(await runCli(args(recipe, 'alone', '--jobs', '1'))).toMatchObject({ code: 0 })
  alone = hashRun(inFolder('alone', 'plain'))
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a study with several jobs', () => {
  it.each([
    ['2', '2'],
    ['4', '1'],
    ['3', '8'],
  ])(
    'ends in the bytes of one job: %s jobs on %s threads',
    async (jobs, threads) => {
      const out = `jobs-${jobs}`
      const { code, stderr } = await runCli(args(recipe, out, '--jobs', jobs, '--threads', threads))
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('eosin:')])
      expect(hashRun(inFolder(out, 'plain'))).toEqual(alone)
    },
    120_000,
  )

  it('names the task whose process was killed, and goes on with the rest', async () => {
    const { child, done } = startCli(args(recipe, 'killed', '--jobs', '2'))
    const isEmbedding = () =>
      existsSync(inFolder('killed/.cache/embed')) &&
      readdirSync(inFolder('killed/.cache/embed')).some((name) => name.endsWith('.work'))
    while (!isEmbedding()) await new Promise((resolve) => setTimeout(resolve, 2))
    const [victim] = execFileSync('ps', ['-o', 'pid=', '--ppid', `${child.pid}`])
      .toString()
      .trim()
      .split(/\s+/)
    process.kill(Number(victim), 'SIGKILL')
    const { code, stderr } = await done
    // Either a task was in that process, and failed with all that rests on it, or none was.
    if (code !== 0) {
      expect(stderr).toMatch(/✗ .*ended by SIGKILL; the system ends processes where memory is full/)
      expect([1, 3]).toContain(code)
    }
    expect(await runCli(args(recipe, 'killed', '--jobs', '2'))).toMatchObject({ code: 0 })
    expect(hashRun(inFolder('killed', 'plain'))).toEqual(alone)
  }, 120_000)

  it('ends when its hours are over, with code 3, and goes on when it is called again', async () => {
    for (const [jobs, hours] of [
      ['1', '0.0004'],
      ['2', '0.0008'],
    ]) {
      const out = `hours-${jobs}`
      const { code, stderr } = await runCli(args(recipe, out, '--jobs', jobs, '--max-hours', hours))
      expect([code, stderr]).toEqual([
        3,
        expect.stringMatching(/\d+ tasks left after .* h, as --max-hours asked; run it again/),
      ])
      expect(existsSync(inFolder(out, 'plain', 'metrics.json'))).toBe(false)
      expect(await runCli(args(recipe, out, '--jobs', jobs))).toMatchObject({ code: 0 })
      expect(hashRun(inFolder(out, 'plain'))).toEqual(alone)
    }
  }, 120_000)
})

describe('a task that fails', () => {
  // No patch has stains so far apart, so that none can be fitted.
  const broken =
    'stain: [none, { method: macenko, label: broken, minAngle: 90 }]\nembed: [texture]\nclassify: [logistic]\n'

  it.each(['1', '2'])('is a gap with a reason; all else is done, with code 3 (%s jobs)', async (jobs) => {
    const out = `gap-${jobs}`
    const path = writeRecipe('gap', broken)
    const { code, stdout, stderr } = await runCli(args(path, out, '--jobs', jobs))
    expect([code, stdout]).toEqual([3, expect.stringContaining('Not made: stain broken: ')])
    expect(stderr).toMatch(/✗ stain +broken: /)
    const { cells, failures } = readMetrics(out, 'gap')
    expect(cells.map(({ id }) => id)).toEqual(['none/texture/logistic'])
    expect(failures).toEqual([
      {
        task: 'stain broken',
        reason: expect.stringContaining('tissue'),
        skipped: expect.arrayContaining(['embed broken/texture train', 'evaluate broken/texture/logistic']),
      },
    ])
    const report = readFileSync(inFolder(out, 'gap', 'report.html'), 'utf8')
    expect(report).toContain('INCOMPLETE')
    expect(report).toContain('embed broken/texture train')
    expect(existsSync(inFolder(out, 'gap', 'model', 'model.json'))).toBe(true)
  }, 120_000)

  it('is the error of the study where no cell is left', async () => {
    const path = writeRecipe(
      'none',
      'stain: [{ method: macenko, reference: { ids: [IDS] } }]\nembed: [texture]\nclassify: [logistic]\n'.replace(
        'IDS',
        'nobody',
      ),
    )
    expect(await runCli(args(path, 'none'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nobody'),
    })
  }, 60_000)
})

describe('eosin task run', () => {
  it('does the tasks of a run by key, each in a process of its own, and the run finds all of them done', async () => {
    const begun = await runCli(args(recipe, 'hand', '--max-hours', '0.00001'))
    expect(begun).toMatchObject({ code: 3 })
    const run = inFolder('hand', 'plain')
    const plan = async () =>
      (JSON.parse((await runCli(['study', 'plan', join(run, 'study.json'), '--json'])).stdout) as StudyPlan)
        .steps
    const due = (await plan()).filter((step) => step.due)
    const last = due.at(-1)!
    const early = await runCli(['task', 'run', last.key, '--study', run])
    expect(early).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/expected what it is made from: .*; do it first: eosin task run/),
    })
    const levels: (typeof due)[] = []
    const level = new Map<string, number>()
    for (const step of due) {
      const own = Math.max(
        0,
        ...[...step.needs, ...(step.after ?? [])].map((key) => 1 + (level.get(key) ?? -1)),
      )
      level.set(step.key, own)
      levels[own] = [...(levels[own] ?? []), step]
    }
    for (const steps of levels) {
      const done = await runCli(['task', 'run', ...steps.map(({ key }) => key), '--study', run])
      expect(done).toMatchObject({ code: 0 })
    }
    expect((await plan()).filter((step) => step.due)).toEqual([])
    const { code, stderr } = await runCli(['study', 'run', join(run, 'study.json')])
    expect([code, stderr]).toEqual([0, expect.stringContaining('cached')])
    expect(hashRun(run)).toEqual(alone)
  }, 180_000)

  it.each([
    ['neither keys nor a list', [], 2, /expected keys of tasks, or --lots, got neither/],
    [
      'a key of no task',
      ['0123456789abcdef0123456789abcdef'],
      1,
      /expected a task of the study as its files are now/,
    ],
  ])(
    'refuses %s in one line',
    async (_, keys, code, line) => {
      const ended = await runCli(['task', 'run', ...keys, '--study', inFolder('alone', 'plain')])
      expect([ended.code, ended.stderr + ended.stdout]).toEqual([code, expect.stringMatching(line)])
    },
    60_000,
  )

  it('refuses a folder that is no run', async () => {
    const ended = await runCli(['task', 'run', 'x', '--study', folder])
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expected study.json of a run folder'),
    })
  })
})

describe('a recipe that changes while it runs', () => {
  it('is run as it was when the study began', async () => {
    const path = writeRecipe('moving')
    const { done } = startCli(args(path, 'moving', '--jobs', '2'))
    while (!existsSync(inFolder('moving', 'moving', 'study.json')))
      await new Promise((resolve) => setTimeout(resolve, 2))
    writeRecipe('moving', usual, 7)
    const { code } = await done
    expect(code).toBe(0)
    const fresh = writeRecipe('moving')
    expect(await runCli(args(fresh, 'still', '--jobs', '1'))).toMatchObject({ code: 0 })
    expect(hashRun(inFolder('moving', 'moving'))).toEqual(hashRun(inFolder('still', 'moving')))
  }, 120_000)
})
