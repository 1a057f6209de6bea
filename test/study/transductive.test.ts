// Stains that are fitted on unlabelled patches of the test split: allowed by the recipe alone, marked wherever their
// results stand, and blind to the test labels.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { readOnnx } from '../../src/formats/index.ts'
import { openPatchSet } from '../../src/patches/index.ts'
import type { Manifest, Metrics } from '../../src/runs/index.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-transductive-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tiny = `generator: { width: 2, blocks: 1 }, discriminator: { width: 2, layers: 1 }, side: 16,
      epochs: 1, decay: 0, images: 4, batch: 2, scored: 4, previews: 0, limit: 6`
const stains = `
  - none
  - { method: macenko, label: macenko-train }
  - { method: macenko, label: macenko-test, reference: { split: test, count: 8 } }
  - { method: cyclegan, preset: paper-code, ${tiny} }`

function writeRecipe(name: string, test: string, more = 'transductive: true'): string {
  const path = join(folder, `${name}.yaml`)
  const text = `name: ${name}
seeds: 1
data:
  train: { path: data/train.h5 }
  val: { path: data/val.h5 }
  test: { path: ${test} }
${more}
stain:${stains}
embed: [texture]
classify: [logistic]
`
  writeFileSync(path, text)
  return path
}

// The test patches as pictures with labels, which `labelOf` gives by row.
async function writeTest(name: string, labelOf: (row: number) => number): Promise<string> {
  const set = await openPatchSet(join(folder, 'data/test.h5'))
  const batch = await set.read(Array.from({ length: set.count }, (_, row) => row))
  mkdirSync(join(folder, name))
  const lines = ['path,label,center,slide']
  for (let row = 0; row < set.count; row++) {
    writeFileSync(join(folder, name, `${row}.png`), await encodePng(pixelsAt(batch, row)))
    lines.push(`${row}.png,${labelOf(row)},2,s${row % 5}`)
  }
  writeFileSync(join(folder, name, 'test.csv'), `${lines.join('\n')}\n`)
  await set.close()
  return `${name}/test.csv`
}

const readRun = <Value>(run: string, file: string) =>
  JSON.parse(readFileSync(join(folder, 'runs', run, file), 'utf8')) as Value

// Every file of the fits and of the model, as bytes; of the predictions the columns of probabilities.
function readFits(run: string): Record<string, string> {
  const root = join(folder, `cache-${run}`, 'stain')
  const fits = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(fit\.json|\.safetensors)$/.test(name))
    .map((name) => readFileSync(join(root, name), 'base64'))
  return { fits: fits.sort().join(' ') }
}

function readProbabilities(run: string): string {
  const [head, ...lines] = readFileSync(join(folder, 'runs', run, 'predictions.csv'), 'utf8')
    .trim()
    .split('\n')
  const columns = head.split(',').flatMap((name, i) => (name.includes('/') ? [i] : []))
  expect(columns.length).toBeGreaterThan(3)
  return lines.map((line) => columns.map((i) => line.split(',')[i]).join()).join('\n')
}

const study = (recipe: string, name: string) =>
  runCli([
    ...['study', 'run', recipe, '--out', join(folder, 'runs'), '--cache', join(folder, `cache-${name}`)],
    ...['--device', 'cpu', '--threads', '1', '--json'],
  ])

let printed: { stdout: string; stderr: string; code: number | null }
beforeAll(async () => {
  const sizes = ['--train', '60', '--val', '24', '--test', '24']
  expect(await runCli(['patches', 'make', join(folder, 'data'), ...sizes])).toMatchObject({ code: 0 })
  const [first, second] = [
    await writeTest('first', (row) => row % 2),
    await writeTest('second', (row) => (row + 1) % 2),
  ]
  printed = await study(writeRecipe('first', first), 'first')
  expect(printed.stderr).not.toContain('eosin:')
  expect(printed.code).toBe(0)
  expect(await study(writeRecipe('second', second), 'second')).toMatchObject({ code: 0 })
}, 600_000)

describe('a stain fitted on the test split', () => {
  it('is refused where the recipe does not allow it, with how to', async () => {
    const { code, stderr } = await study(writeRecipe('refused', 'first/test.csv', ''), 'refused')
    expect(code).toBe(2)
    expect(stderr).toMatch(/stain macenko-test: .*got the test split; write transductive: true/)
  })

  it('comes out the same to the byte with the test labels inverted, and so does every probability', () => {
    expect(readFits('second')).toEqual(readFits('first'))
    expect(readProbabilities('second')).toBe(readProbabilities('first'))
    const [a, b] = ['first', 'second'].map((run) => readRun<Metrics>(run, 'metrics.json').cells[0].test!)
    expect(b.accuracy.value).toBeCloseTo(1 - a.accuracy.value, 6)
  })

  it('is marked in the manifest, in its cells and in what the study prints, and no other is', () => {
    const made = ['macenko-test', 'cyclegan-paper-code']
    expect(readRun<Manifest>('first', 'manifest.json').transductive).toEqual(made)
    const { cells } = readRun<Metrics>('first', 'metrics.json')
    expect(cells.filter(({ transductive }) => transductive).map(({ stain }) => stain)).toEqual(made)
    expect(JSON.parse(printed.stdout).metrics.cells).toEqual(cells)
    expect(JSON.parse(printed.stdout).manifest.transductive).toEqual(made)
    expect(readRun<unknown>('first', 'training.json')).toMatchObject([
      { stain: 'cyclegan-paper-code', target: '2', transductive: true },
    ])
  })

  it('is marked in the plan', async () => {
    const args = ['--out', join(folder, 'runs'), '--cache', join(folder, 'cache-first'), '--device', 'cpu']
    const plan = await runCli(['study', 'plan', join(folder, 'first.yaml'), ...args, '--json'])
    const { steps } = JSON.parse(plan.stdout) as {
      steps: { stage: string; what: string; transductive?: true }[]
    }
    const isMade = ({ what }: { what: string }) => /macenko-test|paper-code/.test(what)
    expect(steps.filter(isMade)).not.toHaveLength(0)
    for (const step of steps)
      expect([step.what, step.transductive]).toEqual([step.what, isMade(step) || undefined])
    const text = (await runCli(['study', 'plan', join(folder, 'first.yaml'), ...args])).stdout
    expect(text).toContain('macenko-test (t)')
    expect(text).toContain('(t) Transductive: unlabelled patches of the center that is predicted')
  })

  it('is marked in the report: summary, table and stain section', () => {
    const report = readFileSync(join(folder, 'runs/first/report.html'), 'utf8')
    expect(report).toContain('TRANSDUCTIVE')
    expect(report).toContain('It concerns what the recipe calls macenko-test and cyclegan-paper-code.')
    expect(report.match(/>transductive<\/span>/g)!.length).toBeGreaterThanOrEqual(6)
    expect(report).not.toContain('was not used before the choice')
  })
})

describe('a model whose stain was fitted on the test split', () => {
  const run = join(folder, 'runs/alone')
  beforeAll(async () => {
    const model = `${process.cwd()}/fixtures/onnx/vit_timm_11.onnx`
    const text = readFileSync(join(folder, 'first.yaml'), 'utf8')
      .replace('name: first', 'name: alone')
      .replace(stains, ' [{ method: macenko, reference: { split: test }, fallback: none }]')
      .replace(
        'embed: [texture]',
        `embed: [{ extractor: 'onnx:${model}', resize: 28, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }]`,
      )
    writeFileSync(join(folder, 'alone.yaml'), text)
    const { code, stderr } = await study(join(folder, 'alone.yaml'), 'first')
    expect([code, stderr.includes('eosin:')]).toEqual([0, false])
  }, 300_000)

  it('says so in model.json, in the report and whenever it predicts', async () => {
    expect(readRun('alone', 'model/model.json')).toMatchObject({ transductive: true })
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('whose unlabelled patches it uses')
    const predict = ['predict', join(folder, 'data/val.h5'), '--run', run, '--device', 'cpu']
    const out = join(folder, 'predictions.csv')
    const json = await runCli([...predict, '--out', out, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ transductive: true })
    expect((await runCli([...predict, '--out', out, '--overwrite'])).stdout).toContain('Transductive: ')
  })

  it('says so in what is exported, and when that predicts', async () => {
    const out = join(folder, 'pipeline.onnx')
    const exported = await runCli(['export', '--run', run, '--out', out, '--device', 'cpu', '--json'])
    expect(exported.stderr).not.toContain('eosin:')
    expect(JSON.parse(exported.stdout)).toMatchObject({ transductive: true })
    const said = readOnnx(readFileSync(out), out).metadataProps.map(({ key }) => key)
    expect(said).toContain('transductive')
    const predict = ['predict', join(folder, 'data/val.h5'), '--onnx', out, '--device', 'cpu', '--json']
    const { stdout } = await runCli([...predict, '--out', join(folder, 'onnx.csv')])
    expect(JSON.parse(stdout)).toMatchObject({ transductive: true })
  }, 60_000)
})
