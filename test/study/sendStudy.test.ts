// A study sent to Slurm, and how far a run is, by the command line; Slurm is a fake on PATH.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readStudyStatus, type StudyStatus } from '../../src/cli/studyStatus.ts'
import { readJobs } from '../../src/cluster/index.ts'
import { waitForStudy } from '../../src/study/index.ts'
import { takeLease } from '../../src/tasks/index.ts'
import { runCli } from '../cli/runCli.ts'
import { makeFakeSlurm } from '../cluster/fakeSlurm.ts'

const slurm = makeFakeSlurm()
const folder = mkdtempSync(join(tmpdir(), 'eosin-send-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const inFolder = (...parts: string[]) => join(folder, ...parts)

const rates = process.env.EOSIN_RATES
const driver = process.env.VK_ICD_FILENAMES
beforeAll(async () => {
  process.env.EOSIN_RATES = 'off' // so that every task has a lot of its own
  const sizes = ['--train', '60', '--val', '30', '--test', '30']
  expect(await runCli(['patches', 'make', inFolder('data'), ...sizes])).toMatchObject({ code: 0 })
}, 60_000)
afterAll(() => {
  if (rates === undefined) delete process.env.EOSIN_RATES
  else process.env.EOSIN_RATES = rates
})

function writeRecipe(name: string, stain = '[none, macenko]'): string {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  const axes = `stain: ${stain}\nembed: [texture]\nclassify: [logistic]\n`
  writeFileSync(
    inFolder(`${name}.yaml`),
    `name: ${name}\nseed: 0\nseeds: 2\ndata:\n${data.join('\n')}\n${axes}`,
  )
  return inFolder(`${name}.yaml`)
}
const run = (recipe: string, ...more: string[]) =>
  runCli(['study', 'run', recipe, '--out', inFolder('runs'), '--device', 'cpu', ...more])
const send = (recipe: string, ...more: string[]) => run(recipe, '--on', 'slurm', ...more)
const submissions = () => slurm.calls().filter((call) => call.startsWith('sbatch'))

describe('a study', () => {
  it('is cut into waves by what its tasks need; a dry run shows them and sends nothing', async () => {
    const { code, stdout } = await send(writeRecipe('dry'), '--cpus', '2', '--dry-run', '--json')
    expect(code).toBe(0)
    const { files, commands } = JSON.parse(stdout) as {
      files: { path: string; text: string }[]
      commands: string[]
    }
    const lots = files
      .filter(({ path }) => path.endsWith('.lots.json'))
      .map(({ text }) => JSON.parse(text) as { wave: string; lots: string[][] })
    expect(lots.map(({ wave, lots }) => [wave, lots.map((lot) => lot.length)])).toEqual([
      ['quality', [1, 1, 1]], // a filter of each split
      ['stain', [1, 1, 1, 1, 1]], // two fits, and macenko's groups of three splits
      ['embed-stain', [1, 1, 1, 1, 1, 1, 1, 1]], // two stains on three splits, and what the two do to patches
      ['classify-evaluate', [1, 1, 1, 1]], // a head of each stain, whatever the seed, and two signatures of centers
      ['evaluate', [1, 1]],
    ])
    const study = inFolder('runs', 'dry', 'study.json')
    const first = files.find(({ path }) => path.endsWith('1-quality.sh'))!.text
    expect(first).toMatch(
      new RegExp(`main\\.js task run --study ${study} --threads 2 --lots .*/cluster/1-quality.lots.json\n$`),
    )
    expect(first).toContain('#SBATCH --cpus-per-task=2\n')
    expect(files.at(-1)!.text).toMatch(new RegExp(`study run ${study} --jobs 2 --threads 2\n$`))
    expect(commands).toHaveLength(6)
    expect(existsSync(inFolder('runs', 'dry'))).toBe(false)
    expect(submissions()).toEqual([])
  }, 60_000)

  it('is sent, and known as waiting; again only when asked to replace what is in the queue', async () => {
    const recipe = writeRecipe('sent')
    const { code, stdout } = await send(recipe, '--partition', 'main')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^quality +1 +3$/m)])
    expect(stdout).toContain('to stop it     scancel 6 5 4 3 2 1')
    const place = inFolder('runs', 'sent')
    const status = await readStudyStatus(place)
    expect(status.counts).toEqual({
      done: 6, // patches are hashed and compared by whoever sends
      running: 0,
      failed: 0,
      skipped: 0,
      waiting: 22,
      'not needed': 0,
    })
    const text = (await runCli(['study', 'status', place])).stdout
    expect(text).toMatch(/^28 tasks: 6 done, 22 waiting\.$/m)
    expect(text).toMatch(/^quality +1 +3 +0 +0 +\(Dependency\)$/m)

    expect(await send(recipe)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected no jobs of this study in the queue, got jobs 1 2 3 4 5 6'),
    })
    expect(await send(recipe, '--replace')).toMatchObject({ code: 0 })
    expect(slurm.calls().filter((call) => call.startsWith('scancel'))).toHaveLength(6)
    expect((await readJobs({ folder: place }))!.jobs.map(({ id }) => id)).toEqual([
      '7',
      '8',
      '9',
      '10',
      '11',
      '12',
    ])
  }, 120_000)

  it('that was cancelled half-way goes on here or there: only what is due is sent', async () => {
    const recipe = writeRecipe('half')
    const place = inFolder('runs', 'half')
    expect(await send(recipe)).toMatchObject({ code: 0 })
    for (const index of ['0', '1', '2']) {
      process.env.EOSIN_TASK_INDEX = index
      const words = ['task', 'run', '--study', join(place, 'study.json')]
      const lot = await runCli([...words, '--lots', join(place, 'cluster', '1-quality.lots.json')])
      expect(lot).toMatchObject({ code: 0 })
    }
    delete process.env.EOSIN_TASK_INDEX
    slurm.set('queue', '') // cancelled, and forgotten by Slurm
    const again = await runCli(['study', 'run', join(place, 'study.json'), '--on', 'slurm'])
    expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^wave .*\n(\S+ .*\n){5}\n/)])
    expect(again.stdout).toMatch(/^stain +7 +5$/m)
    slurm.set('queue', '')
    expect(await runCli(['study', 'run', join(place, 'study.json'), '--jobs', '1'])).toMatchObject({
      code: 0,
    })
    const last = await send(recipe)
    expect([last.code, last.stdout]).toEqual([0, expect.stringMatching(/^wave .*\nfinish +12 +-\n\n/)])
  }, 120_000)

  it.each([
    [
      'a partition that is not there',
      () => slurm.set('refuse', '1'),
      ['--partition', 'nix'],
      /^eosin: sbatch: got invalid partition specified: nix; .*; the partitions here are gpu, main$/m,
    ],
    [
      'a machine without Slurm',
      () => slurm.remove(),
      [],
      /^eosin: squeue: expected Slurm's programs, got none on this machine; call it where jobs are submitted/m,
    ],
    [
      'an option of another engine',
      () => {},
      ['--image', 'x'],
      /^eosin: option --image: expected --on kubernetes/m,
    ],
    [
      'what a run here is asked',
      () => {},
      ['--jobs', '2'],
      /^eosin: option --jobs: expected a run on this machine/m,
    ],
  ])(
    'is refused for %s in one line',
    async (_, prepare, words, line) => {
      prepare()
      const { code, stderr } = await send(writeRecipe('refused'), ...words)
      expect([code, stderr]).toEqual([2, expect.stringMatching(line)])
      expect(existsSync(inFolder('runs', 'refused', 'cluster', 'jobs.json'))).toBe(false)
    },
    60_000,
  )

  it.each([
    [['--partition', 'main'], 'option --partition: expected --on slurm beside it, got a run on this machine'],
    [['--claim', 'disk'], 'option --claim: expected --on kubernetes beside it, got a run on this machine'],
    [['--slurm-option', 'a=b'], 'option --slurm-option: expected --on slurm beside it'],
    [['--cpus', '2'], 'option --cpus: expected --on slurm or --on kubernetes or --on lots beside it'],
    [
      ['--on', 'kubernetes', '--image', 'x'],
      'study run --on kubernetes: expected --claim, got a call without it',
    ],
  ])('is refused with %j', async (words, line) => {
    expect(await run(writeRecipe('refused'), ...words)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`eosin: ${line}`),
    })
  })

  it('becomes lists of lots for any other engine, which the commands do', async () => {
    const recipe = writeRecipe('lists', '[grayscale]')
    const { code, stdout } = await run(recipe, '--on', 'lots', '--cache', inFolder('runs', 'lists-cache'))
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^written {2}\/.*\/1-quality\.lots\.json$/m)])
    const commands = stdout.slice(stdout.indexOf('# then'))
    const env = { ...process.env, PATH: '/usr/bin:/bin' }
    execFileSync('/bin/sh', ['-e', '-c', commands], { env, stdio: 'pipe' })
    const { counts } = await readStudyStatus(inFolder('runs', 'lists'))
    expect(counts).toMatchObject({ waiting: 0, failed: 0 })
    expect(existsSync(inFolder('runs', 'lists', 'report.html'))).toBe(true)
  }, 180_000)

  it('sent with a device ends where that is not, as far as nothing left uses it', async () => {
    const recipe = writeRecipe('device', '[none]')
    process.env.VK_ICD_FILENAMES = inFolder('no-driver.json')
    const words = ['study', 'run', recipe, '--out', inFolder('runs'), '--device', 'webgpu']
    expect(await runCli(words)).toMatchObject({ code: 1, stderr: expect.stringContaining('--device webgpu') })
    expect(await runCli([...words, '--on', 'slurm'])).toMatchObject({ code: 0 })
    const finish = await runCli(['study', 'run', inFolder('runs', 'device', 'study.json'), '--jobs', '1'])
    expect(finish).toMatchObject({ code: 0 })
    if (driver === undefined) delete process.env.VK_ICD_FILENAMES
    else process.env.VK_ICD_FILENAMES = driver
  }, 120_000)

  it('becomes manifests for Kubernetes, shown or written', async () => {
    const recipe = writeRecipe('manifests')
    const place = ['--mount', tmpdir(), '--cache', inFolder('runs', 'empty')]
    const words = ['--on', 'kubernetes', '--image', 'lab/eosin', '--claim', 'disk', ...place]
    const shown = await run(recipe, ...words, '--dry-run')
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('"image": "lab/eosin"')])
    expect(existsSync(inFolder('runs', 'manifests'))).toBe(false)
    const { code, stdout } = await run(recipe, ...words)
    expect([code, stdout]).toEqual([0, expect.stringContaining('kubectl apply -f ')])
    const path = inFolder('runs', 'manifests', 'cluster', '1-quality.job.json')
    const job = JSON.parse(readFileSync(path, 'utf8')) as {
      spec: { completions: number; template: { spec: { containers: { command: string[] }[] } } }
    }
    expect(job.spec.completions).toBe(3)
    expect(job.spec.template.spec.containers[0].command.slice(0, 3)).toEqual(['eosin', 'task', 'run'])
    expect((await readStudyStatus(inFolder('runs', 'manifests'))).counts.waiting).toBe(22)
  }, 60_000)
})

describe('waiting for a study', () => {
  const place = inFolder('waited')
  const finish = { wave: 'finish', id: '7', indices: null, log: join(place, 'cluster', 'finish.%j.log') }
  const record = { token: 'abcd', isComplete: true, jobs: [finish] }
  beforeEach(() => {
    mkdirSync(join(place, 'cluster'), { recursive: true })
    writeFileSync(join(place, 'cluster', 'jobs.json'), JSON.stringify({ format: 'eosin jobs 1', ...record }))
  })

  it('ends with the last words of a last job that wrote nothing', async () => {
    slurm.set('queue', '7|N/A|FAILED|n1|NonZeroExitCode|eosin-x-finish-abcd\n')
    writeFileSync(join(place, 'cluster', 'finish.7.log'), 'begin\neosin: disk: full\n')
    await expect(waitForStudy(place, record, { note: () => {}, pollMs: 5 })).rejects.toThrow(
      `${join(place, 'cluster', 'finish.7.log')}: expected the report of the study, got eosin: disk: full`,
    )
  })

  it('outlasts a Slurm that does not answer, and says how far it is', async () => {
    slurm.set('down', '')
    const told: string[] = []
    const ended = waitForStudy(place, record, {
      pollMs: 5,
      note(sentence) {
        told.push(sentence)
        if (sentence.includes('Unable to contact')) {
          slurm.set('queue', '7|N/A|RUNNING|n1|None|eosin-x-finish-abcd\n')
          rmSync(join(slurm.folder, 'state', 'down'))
        } else if (sentence.includes('1 running')) {
          slurm.set('queue', '7|N/A|CANCELLED||None|eosin-x-finish-abcd\n')
        }
      },
    })
    await expect(ended).rejects.toThrow(/expected the report of the study, got /)
    expect(told).toEqual([
      expect.stringContaining('Unable to contact slurm controller'),
      'finish: 0 lots ended, 1 running, 0 waiting',
      'all jobs have ended',
    ])
  })
})

describe('eosin study status', () => {
  const stateOf = ({ tasks }: StudyStatus, name: string) =>
    tasks.find(({ stage, what }) => `${stage} ${what}` === name)

  it('tells of a run on this machine what is done, failed and skipped, and who is at what', async () => {
    // No patch has stains so far apart, so that none can be fitted.
    const recipe = writeRecipe('local', '[none, { method: macenko, label: broken, minAngle: 90 }]')
    expect(await run(recipe, '--jobs', '2')).toMatchObject({ code: 3 })
    const place = inFolder('runs', 'local')
    const after = await readStudyStatus(place)
    expect(after.counts).toMatchObject({ running: 0, failed: 1, waiting: 0 })
    expect(stateOf(after, 'stain broken')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('tissue'),
    })
    expect(stateOf(after, 'embed broken/texture val')!.state).toBe('skipped')
    expect(stateOf(after, 'evaluate broken/texture/logistic')!.state).toBe('skipped')
    expect(stateOf(after, 'evaluate none/texture/logistic')!.state).toBe('done')
    expect(after.slurm).toBeNull()
    const { code, stdout } = await runCli(['study', 'status', place])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Not made: stain broken: .*tissue/m)])

    // One entry is gone and another process makes it.
    const gone = stateOf(after, 'embed none/texture test')!
    const entry = inFolder('runs', '.cache', gone.stage, gone.key)
    rmSync(entry, { recursive: true })
    expect(stateOf(await readStudyStatus(place), 'embed none/texture test')!.state).toBe('waiting')
    const lease = await takeLease(`${entry}.lease`)
    const running = stateOf(await readStudyStatus(place), 'embed none/texture test')
    expect(running).toMatchObject({ state: 'running', where: { host: hostname(), process: process.pid } })
    expect((await runCli(['study', 'status', place])).stdout).toMatch(
      new RegExp(`^embed +none/texture test +process ${process.pid} on ${hostname()}$`, 'm'),
    )
    await lease.release()
  }, 120_000)

  it('says so where a run is not laid out yet, and where there is none', async () => {
    const place = inFolder('young')
    mkdirSync(place)
    expect(await runCli(['study', 'status', place])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('expected study.json of a run folder, got no such file'),
    })
    writeFileSync(
      join(place, 'study.json'),
      JSON.stringify({ format: 'eosin study 1', recipe: {}, cache: '../.cache', device: 'cpu' }),
    )
    expect(await runCli(['study', 'status', place])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing is known of its tasks yet'),
    })
  })

  it('reads a study of many tasks from its list alone', async () => {
    const place = inFolder('many')
    mkdirSync(place)
    const study = { format: 'eosin study 1', recipe: {}, cache: '.cache', device: 'cpu' }
    writeFileSync(join(place, 'study.json'), JSON.stringify(study))
    const tasks = Array.from({ length: 500 }, (_, i) => ({
      key: String(i).padStart(32, '0'),
      stage: 'embed',
      kind: 'embed',
      what: `${i}`,
      needs: i === 0 ? [] : [String(i - 1).padStart(32, '0')],
      after: [],
      items: 1,
      ...(i > 0 && i < 499 && { isMeans: true }),
    }))
    writeFileSync(join(place, 'tasks.json'), JSON.stringify({ format: 'eosin tasks 1', tasks }))
    expect((await readStudyStatus(place)).counts).toMatchObject({ waiting: 500 })
    mkdirSync(join(place, '.cache', 'embed', tasks[499].key), { recursive: true })
    const seal = { format: 'eosin files 1', files: {} }
    writeFileSync(join(place, '.cache', 'embed', tasks[499].key, 'files.json'), JSON.stringify(seal))
    expect((await readStudyStatus(place)).counts).toMatchObject({ done: 1, waiting: 1, 'not needed': 498 })
  })
})
