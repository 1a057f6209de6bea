// Learned stains from the command line and in a study: trained once, kept, killed and resumed to the same bytes.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'
import { hashRun, killWhen } from './killing.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-stain-train-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tiny =
  'generator: { width: 2, blocks: 1 }, discriminator: { width: 2, layers: 1, spectral: false }, side: 16, epochs: 2, decay: 0, images: 4, scored: 4'
const set = [
  ...['generator.width=2', 'generator.blocks=1'],
  ...['discriminator={"width":2,"layers":1,"spectral":false}'],
  ...['side=16', 'epochs=2', 'decay=0', 'images=4', 'scored=4'],
]

beforeAll(async () => {
  const counts = { train: 60, val: 16, test: 16 }
  await makeSyntheticChallenge(join(folder, 'data'), { counts, size: 32, aberrantShare: 0 })
}, 120_000)

describe('eosin stain train', () => {
  const command = (out: string, ...more: string[]) => {
    const options = ['--method', 'cyclegan', '--center', '0', '--device', 'cpu', '--out', join(folder, out)]
    return ['stain', 'train', join(folder, 'data/train.h5'), ...options, '--set', ...set, ...more]
  }

  it('writes fit, networks, curves and previews, which stain apply takes', async () => {
    const { code, stdout, stderr } = await runCli(command('model'))
    expect(stderr).not.toContain('eosin:')
    expect(code).toBe(0)
    expect(stdout).toContain('3 to 0')
    expect(stdout).not.toContain('colour map')
    const files = Object.keys(hashRun(join(folder, 'model')))
    expect(files).toEqual(
      expect.arrayContaining(['fit.json', 'generator-0.safetensors', 'training/3/losses.jsonl']),
    )
    expect(files.some((file) => file.includes('checkpoint'))).toBe(false)
    const applied = ['stain', 'apply', join(folder, 'data/val.h5'), '--fit', join(folder, 'model'), '--json']
    const result = await runCli([...applied, '--out', join(folder, 'normalised.h5')])
    expect(result.code).toBe(0)
    const { verdicts, count } = JSON.parse(result.stdout)
    expect(count).toBe(16)
    expect(Object.keys(verdicts).every((verdict) => /fallback|passthrough|rejected/.test(verdict))).toBe(true)
  }, 120_000)

  it('prints how far distilled colour maps are from their generators', async () => {
    const distilled = await runCli([...command('distilled'), 'distill=4'])
    expect(distilled.code).toBe(0)
    const { fit } = JSON.parse(readFileSync(join(folder, 'distilled/fit.json'), 'utf8'))
    expect(Object.keys(fit.disagreement)).toEqual(['3', '4'])
    for (const [center, levels] of Object.entries<number>(fit.disagreement)) {
      expect(distilled.stdout).toMatch(new RegExp(`^${center} +${levels.toFixed(1)}$`, 'm'))
    }
  }, 120_000)

  it('killed in its second epoch and run again leaves the same bytes', async () => {
    const second = join(folder, 'killed.work/training/3/previews/epoch-0002.png')
    expect(await killWhen(command('killed'), () => existsSync(second))).toBe(true)
    expect(existsSync(join(folder, 'killed'))).toBe(false)
    expect((await runCli(command('killed'))).code).toBe(0)
    expect(hashRun(join(folder, 'killed'))).toEqual(hashRun(join(folder, 'model')))
  }, 120_000)

  it('names what it cannot do', async () => {
    const { code, stderr } = await runCli(command('odd', '--method', 'macenko'))
    expect(code).toBe(2)
    expect(stderr).toMatch(/--method: expected cyclegan or multistain, got macenko; use stain fit/)
    const sides = await runCli([...command('odd'), 'side=18'])
    expect(sides.code).toBe(2)
    expect(sides.stderr).toMatch(/a multiple of 4 up to the patches' 32, got 18/)
    const center = await runCli(command('odd', '--center', '9'))
    expect(center.code).toBe(2)
    expect(center.stderr).toMatch(/stain target: expected a center \(0, 3, 4\)/)
  }, 120_000)
})

describe('a study with learned stains', () => {
  const recipe = join(folder, 'recipe.yaml')
  const study = (out: string, ...more: string[]) => [
    'study',
    'run',
    recipe,
    '--out',
    join(folder, out),
    '--device',
    'cpu',
    ...more,
  ]

  it('trains what it needs once, keeps it, and its model predicts', async () => {
    writeFileSync(
      recipe,
      `name: gan
seeds: 1
data:
  train: { path: data/train.h5 }
  val: { path: data/val.h5 }
  test: { path: data/test.h5 }
stain:
  - { method: multistain, ${tiny} }
  - { method: cyclegan, ${tiny}, distill: 4, reference: { center: 0 } }
embed: [texture]
classify: [logistic]
`,
    )
    const whole = await runCli(study('whole'))
    expect(whole.stderr).not.toContain('eosin:')
    expect(whole.code).toBe(0)
    type Plan = { steps: { kind: string; cached: boolean }[] }
    const plan = JSON.parse((await runCli(study('whole', '--dry-run', '--json'))).stdout) as Plan
    expect(plan.steps.every(({ cached }) => cached)).toBe(true)
    const model = readdirSync(join(folder, 'whole/gan/model'))
    expect(model).toContain('generator-0.safetensors')
    const predicted = await runCli([
      ...['predict', join(folder, 'data/test.h5'), '--run', join(folder, 'whole/gan')],
      ...['--out', join(folder, 'predicted.csv')],
    ])
    expect(predicted.code).toBe(0)
    expect(readFileSync(join(folder, 'predicted.csv'), 'utf8').trim().split('\n')).toHaveLength(17)
    const [pooled, each] = JSON.parse(readFileSync(join(folder, 'whole/gan/training.json'), 'utf8'))
    expect(pooled).not.toHaveProperty('disagreement')
    expect(Object.keys(each.disagreement)).toEqual(['3', '4'])
    // the generators that were distilled are there for a study that wants them whole
    const teacher = join(folder, 'teacher.yaml')
    writeFileSync(teacher, readFileSync(recipe, 'utf8').replace(', distill: 4', ''))
    const command = study('whole', '--dry-run', '--json').map((word) => (word === recipe ? teacher : word))
    const { steps } = JSON.parse((await runCli(command)).stdout) as Plan
    expect(steps.filter(({ kind }) => kind === 'fit').every(({ cached }) => cached)).toBe(true)
    expect(steps.every(({ cached }) => cached)).toBe(false)
  }, 240_000)

  it('killed while a generator trains and run again ends in the same bytes', async () => {
    const cache = join(folder, 'killed-study/.cache/stain')
    const isTraining = () =>
      existsSync(cache) &&
      readdirSync(cache, { recursive: true, encoding: 'utf8' }).some((file) =>
        file.endsWith('epoch-0001.png'),
      )
    expect(await killWhen(study('killed-study'), isTraining)).toBe(true)
    expect((await runCli(study('killed-study'))).code).toBe(0)
    // an entry's seal names the file that says how long it took; the killed one left its hold on the cache
    const strip = (root: string) =>
      Object.fromEntries(
        Object.entries(hashRun(join(folder, root))).filter(
          ([file]) => !/fingerprints|holds|^\.cache.*files\.json$/.test(file),
        ),
      )
    expect(strip('killed-study')).toEqual(strip('whole'))
  }, 240_000)
})
