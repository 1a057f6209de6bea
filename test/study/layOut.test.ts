// The list of a study's tasks: it names what the cache then holds, no more and no less, and its keys know the engine.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecipe } from '../../src/recipe/index.ts'
import { layOutGrid } from '../../src/study/grid.ts'
import { planStudy } from '../../src/study/index.ts'
import { layOut } from '../../src/study/layOut.ts'
import { closeSplits, openSplits } from '../../src/study/splits.ts'
import type { Task } from '../../src/study/task.ts'
import { keyOf, openCache } from '../../src/tasks/index.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-tasks-'))
const cache = join(folder, 'cache')

const tiny = `generator: { width: 2, blocks: 1 }, discriminator: { width: 2, layers: 1 }, side: 16,
      epochs: 1, decay: 0, images: 4, batch: 2, scored: 4, previews: 0, limit: 6`

function writeRecipe(name: string, axes: string): string {
  const path = join(folder, `${name}.yaml`)
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  writeFileSync(path, `name: ${name}\nseeds: 2\ndata:\n${data.join('\n')}\n${axes}\n`)
  return path
}

beforeAll(async () => {
  const sizes = ['--train', '90', '--val', '30', '--test', '30']
  expect(await runCli(['patches', 'make', join(folder, 'data'), ...sizes])).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The entries of the cache, as stage/key.
function listEntries(): string[] {
  const stages = readdirSync(cache).filter((stage) => stage !== 'fingerprints')
  return stages.flatMap((stage) =>
    readdirSync(join(cache, stage))
      .filter((key) => existsSync(join(cache, stage, key, 'entry.json')))
      .map((key) => `${stage}/${key}`),
  )
}

describe('the list of tasks', () => {
  it('names every entry that a run makes, and nothing else', async () => {
    const path = writeRecipe(
      'all',
      `stain:
  - none
  - macenko
  - { method: macenko, label: by-center, fallback: center }
  - { method: cyclegan, ${tiny}, distill: 4 }
augment: [none, { stain: restain, views: 2 }]
embed: [texture]
classify: [logistic, { head: mlp, epochs: 2 }]`,
    )
    const plan = async () =>
      (await planStudy(await readRecipe(path), cache, { device: 'cpu' })).steps.map((step) => ({
        ...step,
        name: `${step.stage}/${step.key}`,
      }))
    const before = await plan()
    const told = before.filter(({ cached }) => cached).map(({ kind }) => kind)
    expect(told).toEqual(['hash', 'hash', 'hash', 'compare', 'compare', 'compare'])
    const args = ['--out', join(folder, 'runs'), '--cache', cache, '--device', 'cpu', '--threads', '1']
    const { code, stderr } = await runCli(['study', 'run', path, ...args])
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('eosin:')])
    expect(before.map(({ name }) => name).sort()).toEqual(listEntries().sort())
    expect((await plan()).every(({ cached }) => cached)).toBe(true)
    expect(before.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['cyclegan teacher', 'macenko groups of test']),
    )
    const teacher = before.find(({ what }) => what === 'cyclegan teacher')!
    expect(teacher).toMatchObject({ due: true, isMeans: true })
    rmSync(join(cache, teacher.name), { recursive: true })
    const gone = (await plan()).filter(({ cached }) => !cached)
    expect(gone).toEqual([{ ...teacher, due: false }])
    expect(await runCli(['study', 'run', path, ...args])).toMatchObject({ code: 0 })
    expect(existsSync(join(cache, teacher.name))).toBe(false)
    const distilled = before.find(({ needs }) => needs.includes(teacher.key))!
    rmSync(join(cache, distilled.name), { recursive: true })
    const due = (await plan()).filter((step) => step.due).map(({ what }) => what)
    expect(due).toEqual(['cyclegan teacher', 'cyclegan'])
    const known = new Set<string>()
    for (const { key, needs } of before) {
      expect(needs.filter((need) => !known.has(need))).toEqual([])
      known.add(key)
    }
    expect(JSON.parse(JSON.stringify(before))).toEqual(before)
  }, 300_000)
})

describe('keys', () => {
  const axes = `stain:
  - macenko
  - { method: cyclegan, ${tiny} }
embed: [texture, dinov2-small, { extractor: dinov2-small, trunk: 2, label: tokens }]
classify: [logistic, { head: finetune }]`

  async function layOutWith(engines: { device: string; processor: string }): Promise<Task[]> {
    const recipe = await readRecipe(writeRecipe('keys', `${axes}\n`))
    const splits = await openSplits(recipe, openCache(cache))
    try {
      const keys = { texture: 'a', 'dinov2-small': 'b', tokens: 'c' }
      return layOut(recipe, splits, layOutGrid(recipe, splits, keys, engines), {
        engines,
        dimensionsOf: () => 384,
      })
    } finally {
      await closeSplits(splits)
    }
  }
  const compare = (tasks: readonly Task[], others: readonly Task[]) => {
    expect(others.map(({ what }) => what)).toEqual(tasks.map(({ what }) => what))
    const isNew = (i: number) => keyOf(tasks[i].inputs) !== keyOf(others[i].inputs)
    return tasks.filter((_, i) => isNew(i)).map(({ kind, what }) => `${kind} ${what}`)
  }
  const usual = { device: 'onnxruntime 1.30.0 cpu', processor: 'onnxruntime 1.30.0 cpu' }

  it('know the version of the engine where it has a part, and stay as they are elsewhere', async () => {
    const tasks = await layOutWith(usual)
    const upgraded = 'onnxruntime 1.31.0 cpu'
    const changed = compare(tasks, await layOutWith({ device: upgraded, processor: upgraded }))
    const kept = tasks.map(({ kind, what }) => `${kind} ${what}`).filter((task) => !changed.includes(task))
    const splits = ['train', 'val', 'test']
    expect(kept).toEqual([
      ...splits.map((split) => `hash ${split}`),
      ...['train and val', 'train and test', 'val and test'].map((pair) => `compare ${pair}`),
      ...splits.map((split) => `filter ${split}`),
      'fit macenko',
      ...splits.map((split) => `groups macenko groups of ${split}`),
      ...splits.map((split) => `embed macenko/texture ${split}`),
      'effect macenko on structure and colour',
      'signature macenko/texture of centers',
    ])
  })

  it('know the device of networks, and of no head that stays on the processor', async () => {
    const [tasks, onGpu] = [
      await layOutWith(usual),
      await layOutWith({ ...usual, device: 'onnxruntime 1.30.0 cuda' }),
    ]
    const changed = compare(tasks, onGpu)
    expect(changed).toContain('fit cyclegan')
    expect(changed).toContain('embed macenko/dinov2-small test')
    expect(changed).not.toContain('head macenko/texture/logistic seed 0')
    const engines = onGpu.flatMap(({ kind, what, inputs }) =>
      kind === 'head' ? [`${what.split('/').at(-1)}: ${inputs.engine}`] : [],
    )
    expect(new Set(engines)).toEqual(
      new Set([
        'logistic seed 0: onnxruntime 1.30.0 cpu',
        ...[0, 1].map((seed) => `finetune seed ${seed}: onnxruntime 1.30.0 cuda`),
      ]),
    )
  })
})
