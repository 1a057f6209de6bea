// Killing a study at any moment and running it again ends in the same bytes as never having been killed.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from '../../src/formats/index.ts'
import { hashRun, killDuring } from '../cli/killing.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-resume-'))
const recipe = join(folder, 'recipe.yaml')
let uninterrupted: Record<string, string>

function studyArgs(out: string): string[] {
  return ['study', 'run', recipe, '--out', join(folder, out), '--device', 'cpu']
}

beforeAll(async () => {
  const made = await runCli([
    'patches',
    'make',
    join(folder, 'data'),
    '--train',
    '160',
    '--val',
    '60',
    '--test',
    '60',
    '--aberrant',
    '0.05',
  ])
  expect(made).toMatchObject({ code: 0 })
  writeFileSync(
    recipe,
    `name: small
seeds: 2
data:
  train: { path: data/train.h5 }
  val: { path: data/val.h5 }
  test: { path: data/test.h5 }
stain: [macenko]
augment: [none, { stain: restain, flips: true, rotation: 20, views: 2 }]
embed: [texture]
classify: [{ head: mlp, epochs: 8 }]
`,
  )
  const run = await runCli(studyArgs('whole'))
  expect(run.stderr).not.toContain('eosin:')
  expect(run.code).toBe(0)
  uninterrupted = hashRun(join(folder, 'whole', 'small'))
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a study', () => {
  it('writes every file of a run folder', () => {
    expect(Object.keys(uninterrupted)).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'metrics.json',
        'predictions.csv',
        'predictions.parquet',
        'recipe.yaml',
        'submission.csv',
        'gallery.json',
        'model/model.json',
      ]),
    )
    expect(existsSync(join(folder, 'whole', 'small', 'report.html'))).toBe(true)
  })

  it('gives the same bytes in another folder with an empty cache', async () => {
    expect((await runCli(studyArgs('again'))).code).toBe(0)
    expect(hashRun(join(folder, 'again', 'small'))).toEqual(uninterrupted)
  }, 120_000)

  it.each([
    'quality',
    'stain',
    'embed',
    'classify',
    'evaluate',
  ])('killed during %s and run again ends in the same bytes', async (stage) => {
    const out = `killed-${stage}`
    expect(await killDuring(studyArgs(out), join(folder, out, '.cache', stage))).toBe(true)
    expect(existsSync(join(folder, out, 'small', 'metrics.json'))).toBe(false)
    expect((await runCli(studyArgs(out))).code).toBe(0)
    expect(hashRun(join(folder, out, 'small'))).toEqual(uninterrupted)
  }, 120_000)

  it('leaves a model that predicts what the study predicted', async () => {
    const run = join(folder, 'whole', 'small')
    const out = join(folder, 'predicted.csv')
    const { code } = await runCli(['predict', join(folder, 'data', 'test.h5'), '--run', run, '--out', out])
    expect(code).toBe(0)
    const { chosen } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8')) as { chosen: string }
    const study = readCsv(readFileSync(join(run, 'predictions.csv'), 'utf8'), 'predictions.csv')
    const expected = new Map(study.id.map((id, i) => [`${study.split[i]} ${id}`, Number(study[chosen][i])]))
    const predicted = readCsv(readFileSync(out, 'utf8'), out)
    expect(predicted.id).toHaveLength(60)
    const errors = predicted.id.map((id, i) =>
      Math.abs(Number(predicted.probability[i]) - expected.get(`test ${id}`)!),
    )
    expect(Math.max(...errors)).toBeLessThan(1e-6)
  })

  it('run again does nothing twice', async () => {
    const plan = await runCli([...studyArgs('whole'), '--dry-run', '--json'])
    const { steps } = JSON.parse(plan.stdout) as { steps: { cached: boolean }[] }
    expect(steps.length).toBeGreaterThan(8)
    expect(steps.every((step) => step.cached)).toBe(true)
  })
})
