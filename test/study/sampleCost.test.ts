// What is measured for a forecast: every class that can be tried, on training patches alone, and remembered.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { parseRecipe } from '../../src/recipe/index.ts'
import { layOutGrid } from '../../src/study/grid.ts'
import { layOut } from '../../src/study/layOut.ts'
import { sampleCosts } from '../../src/study/sampleCost.ts'
import { closeSplits, openSplits } from '../../src/study/splits.ts'
import { type CostedTask, forecastTasks, keyOf, openCache, readRates } from '../../src/tasks/index.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-sample-'))
const engines = { device: 'onnxruntime 1.30.0 cpu', processor: 'onnxruntime 1.30.0 cpu' }

beforeAll(async () => {
  const sizes = ['--train', '90', '--val', '30', '--test', '30']
  expect(await runCli(['patches', 'make', join(folder, 'data'), ...sizes])).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

// The tasks of a study with these axes, all due, and what they are sampled from; nobody may read the test split.
async function openStudy(axes: string, seconds: number) {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  const text = `name: sampled\nseeds: 2\ndata:\n${data.join('\n')}\n${axes}`
  const recipe = parseRecipe(text, { where: 'recipe', folder })
  const splits = await openSplits(recipe, openCache(join(folder, 'cache')))
  const { test } = splits
  const read = vi.fn()
  const guarded = { ...splits, test: { ...test!, set: { ...test!.set, read } } }
  const facts = { key: 'a', dimensions: 266 }
  const extractors = { texture: facts, 'texture-views': facts }
  const grid = layOutGrid(recipe, guarded, { texture: 'a', 'texture-views': 'b' }, engines)
  const tasks = layOut(recipe, guarded, grid, { engines, dimensionsOf: () => 266 }).map(
    (task): CostedTask & { readonly kind: string } => ({ ...task, key: keyOf(task.inputs), due: true }),
  )
  const study = { recipe, splits: guarded, extractors, engines, device: 'cpu', threads: 1, seconds }
  return { study, tasks, read, close: () => closeSplits(splits) }
}

const axes = `stain:
  - none
  - macenko
  - vahadane
  - { method: cyclegan, epochs: 1, decay: 0 }
augment: [none, { stain: hed, flips: true, views: 2 }]
embed: [texture]
classify: [logistic, knn, { head: mlp, patience: 4 }]`

describe('what is sampled', () => {
  it('is each class but trained stains and hashes, on no patch of test, and is remembered', async () => {
    const rates = join(folder, 'rates.jsonl')
    vi.stubEnv('EOSIN_RATES', rates)
    const { study, tasks, read, close } = await openStudy(axes, 60)
    try {
      const found = await sampleCosts(tasks, [], study)
      expect(await readRates(rates)).toMatchObject(found.map(({ at: _, ...rate }) => rate))
      expect(found.every(({ sampled, peakRssMb }) => sampled && peakRssMb > 0)).toBe(true)
      const { tasks: forecasts } = forecastTasks(tasks, found, { jobs: 1, threads: 1 })
      const listed = (known: string) =>
        [...new Set(forecasts.filter((task) => task.known === known).map((task) => task.class))].sort()
      expect(listed('sampled')).toEqual([
        'effect macenko',
        'effect none',
        'effect vahadane',
        'embed texture | macenko',
        'embed texture | macenko | views hed flips',
        'embed texture | none',
        'embed texture | none | views hed flips',
        'embed texture | stained',
        'embed texture | stained | views hed flips',
        'embed texture | vahadane',
        'evaluation',
        expect.stringMatching(/^filter challenge/),
        'fit macenko',
        'fit none',
        'fit vahadane',
        'groups macenko',
        'groups vahadane',
        'head knn',
        'head logistic',
        'head mlp patience=4',
        'pixels vahadane',
        'signature',
      ])
      expect(listed('unknown')).toEqual([
        'compare',
        'effect cyclegan',
        'embed texture | cyclegan',
        'fit cyclegan | cpu',
        expect.stringMatching(/^hash challenge/),
        'pixels cyclegan | cpu',
      ])
      const isWork = new Map(tasks.map(({ key, cost }) => [key, cost.items > 0]))
      const free = forecasts.filter(
        ({ key, known, seconds }) => known === 'sampled' && isWork.get(key) && !seconds,
      )
      expect(free).toEqual([])
      expect(read).not.toHaveBeenCalled()
      const again = await sampleCosts(tasks, await readRates(rates), study)
      expect(again).toEqual([])
    } finally {
      await close()
    }
  }, 120_000)

  it('tells patches in eight views from patches as they are', async () => {
    const both = axes.replace('[texture]', '[texture, { extractor: texture, views: 8 }]')
    const { study, tasks, close } = await openStudy(both, 60)
    try {
      const plain = tasks.filter(({ cost }) => /^embed texture (views=8 )?\| none$/.test(cost.class))
      const found = await sampleCosts(plain, [], study)
      expect([...new Set(found.map((rate) => rate.class))].sort()).toEqual([
        'embed texture views=8 | none',
        'embed texture | none',
      ])
    } finally {
      await close()
    }
  })

  it('is nothing once the time is over, and nothing of what fails', async () => {
    const { study, tasks, close } = await openStudy(axes, 0)
    try {
      expect(await sampleCosts(tasks, [], study)).toEqual([])
      const only = tasks.filter(({ cost }) => cost.class.startsWith('embed texture | none'))
      const set = { ...study.splits.train.set, read: () => Promise.reject(new Error('no disk')) }
      const splits = { ...study.splits, train: { ...study.splits.train, set } }
      expect(await sampleCosts(only, [], { ...study, splits, seconds: 60 })).toEqual([])
    } finally {
      await close()
    }
  })
})
