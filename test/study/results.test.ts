// The parts of a study are found by their names in the recipe, and are what the study used.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv, readNpy } from '../../src/formats/index.ts'
import { readRecipe } from '../../src/recipe/index.ts'
import type { Manifest, Metrics } from '../../src/runs/index.ts'
import { readResults, runStudy } from '../../src/study/index.ts'
import { runCli } from '../cli/runCli.ts'
import { hasPython, runPython } from '../files/python.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-results-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = at('runs', 'small')
const observer = { step: () => ({ progress: () => {}, end: () => {} }) }
const options = { out: at('runs'), cache: at('elsewhere', 'cache'), device: 'cpu', threads: 1, observer }
const array = (path: string) => readNpy(readFileSync(path), path)

beforeAll(async () => {
  const made = await runCli([
    ...['patches', 'make', at('data'), '--train', '80', '--val', '40', '--test', '24', '--aberrant', '0.1'],
  ])
  expect(made).toMatchObject({ code: 0 })
  writeFileSync(
    at('recipe.yaml'),
    `name: small
seeds: 2
data: { train: { path: data/train.h5 }, val: { path: data/val.h5 }, test: { path: data/test.h5 } }
stain: [none, macenko]
augment: [none, { label: turned, flips: true, views: 2 }]
embed: [texture]
classify: [{ head: mlp, epochs: 2 }]
`,
  )
  await runStudy(await readRecipe(at('recipe.yaml')), options)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('what a run gives away', () => {
  it('is a report, its figures, a table in three formats and a model card', () => {
    const names = readdirSync(run)
    for (const name of ['report.html', 'figures', 'table.md', 'table.tex', 'table.csv', 'MODEL_CARD.md'])
      expect(names).toContain(name)
    expect(readFileSync(join(run, 'MODEL_CARD.md'), 'utf8')).toContain('train.h5 (challenge), 80 patches')
  })

  it('names no folder of the machine that made it', () => {
    const own = ['study.json', 'log.jsonl'] // for the processes of the machine
    const texts = readdirSync(run, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile() && !own.includes(entry.name) && !entry.name.endsWith('.png'))
      .map(({ parentPath, name }) => join(parentPath, name))
    expect(texts.length).toBeGreaterThan(30)
    for (const path of texts) expect(readFileSync(path, 'latin1').includes(folder), path).toBe(false)
  })

  it('is a recipe again that reads back as the one that was run', async () => {
    const { text: _, ...again } = await readRecipe(join(run, 'recipe.yaml'))
    const { text: __, ...recipe } = await readRecipe(at('recipe.yaml'))
    expect(again).toEqual(recipe)
  })
})

describe('the results of a study', () => {
  it('have the names of the recipe', async () => {
    const { embeddings, stains, cells, rows, missing } = await readResults(run)
    expect(missing).toEqual([])
    expect(Object.keys(rows)).toEqual(['train', 'val', 'test'])
    expect(Object.keys(stains)).toEqual(['none', 'macenko'])
    expect(Object.keys(embeddings).filter((name) => name.startsWith('macenko'))).toEqual([
      'macenko/texture/train',
      'macenko/texture/val',
      'macenko/texture/test',
      'macenko/turned/texture/train',
    ])
    const { cells: judged } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8')) as Metrics
    expect(Object.keys(cells)).toEqual(judged.map(({ id }) => id))
    for (const heads of Object.values(cells)) expect(heads.map(({ seed }) => seed)).toEqual([0, 1])
  })

  it('are rows of all patches, for each view; the tables name those that passed the filter', async () => {
    const { embeddings, rows } = await readResults(run)
    const { splits } = JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8')) as Manifest
    for (const [name, { split, file, views }] of Object.entries(embeddings)) {
      const table = readCsv(readFileSync(rows[split]!, 'utf8'), rows[split]!)
      expect(array(file).shape[0], name).toBe(views * splits[split]!.count)
      expect(table.id.length).toBe(splits[split]!.kept)
    }
    expect(embeddings['macenko/turned/texture/train'].views).toBe(2)
    const train = readCsv(readFileSync(rows.train!, 'utf8'), rows.train!)
    expect(train.id.length).toBeLessThan(80) // some were rejected
    const places = train.row.map(Number)
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
    expect(places.length).toBeLessThan(places.at(-1)! + 1) // a rejected one lies between
  })

  it('hold the probabilities that were evaluated', async () => {
    const { cells, rows } = await readResults(run)
    const { cells: judged } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8')) as Metrics
    const labels = readCsv(readFileSync(rows.val!, 'utf8'), rows.val!).label
    for (const { id, seeds } of judged) {
      for (const [i, { probabilities }] of cells[id].entries()) {
        const { data } = array(probabilities.val!)
        const right = labels.filter((label, row) => Number(data[row]) >= 0.5 === (label === '1')).length
        expect(right / labels.length).toBeCloseTo(seeds[i].valAccuracy, 12)
      }
    }
  })

  it('are named with what is missing, and made anew by the study', async () => {
    const { stains } = await readResults(run)
    rmSync(dirname(stains.macenko.fit), { recursive: true })
    const { code, stdout } = await runCli(['study', 'results', run])
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('1 of these are missing; run the study again'),
    ])
    expect(stdout).toMatch(/fit +macenko +\S+fit\.json {2}\(missing\)/)
    await runStudy(await readRecipe(at('recipe.yaml')), options)
    expect((await readResults(run)).missing).toEqual([])
    expect(await runCli(['study', 'results', run, '--json'])).toMatchObject({ code: 0 })
  })

  it('are refused of a folder that holds none', async () => {
    expect(await runCli(['study', 'results', at('data')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a folder without results.json'),
    })
  })

  it('are read by Python as the page says', ({ skip }) => {
    if (!hasPython('numpy')) skip('python3-numpy is not installed')
    const page = readFileSync('docs/study.md', 'utf8')
    const [, code] = /```python\n([\s\S]*?)```/.exec(page)!
    const printed = runPython(code.replace('runs/my-study', run))
    const { cells } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8')) as Metrics
    const { seeds } = cells.find(({ id }) => id === 'macenko/texture/mlp')!
    expect(Number(printed)).toBeCloseTo(seeds[0].valAccuracy, 6)
  })
})
