// eosin export, as a user runs it: the file gives the run's probabilities in a process that has nothing but the file.

import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportRun, type OpenPipeline, openPipeline } from '../../src/export/index.ts'
import { readCsv, readOnnx } from '../../src/formats/index.ts'
import { flipPatches, openPatchSet } from '../../src/patches/index.ts'
import { readRecipe } from '../../src/recipe/index.ts'
import { openModel, runStudy } from '../../src/study/index.ts'
import { sealFolder } from '../../src/tasks/index.ts'
import { runCli } from '../cli/runCli.ts'
import { tinyCard, tinyWeights } from '../embed/tinyVit.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-export-'))
const at = (name: string) => join(folder, name)
const tiny = '{ extractor: "vit:tiny.json", weights: weights.safetensors }'
const pixelsAsTheyAre = 'mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]'

// One cell each, so that it is the one that is chosen: stain, extractor, head.
const runs: Readonly<Record<string, readonly [string, string, string]>> = {
  vit: ['grayscale', tiny, '{ head: mlp, epochs: 4 }'],
  near: ['macenko', tiny, '{ head: knn, k: 9 }'],
  far: ['ruifrok', tiny, '{ head: knn, k: 9, metric: euclidean, weighting: uniform, standardize: false }'],
  tuned: ['none', tiny.replace(' }', ', trunk: 1 }'), '{ head: finetune, epochs: 2, batchSize: 8 }'],
  eight: ['grayscale', tiny.replace(' }', ', precision: int8 }'), 'logistic'],
  open: ['none', `{ extractor: "onnx:vit_timm_11.onnx", resize: 28, ${pixelsAsTheyAre} }`, 'logistic'],
  tail: [
    'none',
    `{ extractor: "onnx:vit_timm_11.onnx", resize: 28, ${pixelsAsTheyAre}, trunk: 13 }`,
    '{ head: finetune, epochs: 2, batchSize: 8 }',
  ],
  turned: ['grayscale', tiny.replace(' }', ', views: 8 }'), '{ head: mlp, epochs: 4 }'],
  'turned eight': ['none', tiny.replace(' }', ', precision: int8, views: 8 }'), 'logistic'],
  'turned open': [
    'none',
    `{ extractor: "onnx:vit_timm_11.onnx", resize: 28, ${pixelsAsTheyAre}, views: 8 }`,
    'logistic',
  ],
  'turned fixed': [
    'none',
    `{ extractor: "onnx:vit_fixed_14.onnx", ${pixelsAsTheyAre}, views: 8 }`,
    'logistic',
  ],
  fixed: ['none', `{ extractor: "onnx:vit_fixed_14.onnx", ${pixelsAsTheyAre} }`, 'logistic'],
}

const fileOf = (title: string) => title.replaceAll(' ', '-')
const quiet = { step: () => ({ progress: () => {}, end: () => {} }) }

async function study(title: string, [stain, embed, head]: readonly string[]): Promise<void> {
  const name = fileOf(title)
  const data = 'data: { train: { path: data/train.h5 }, val: { path: data/val.h5 } }'
  const axes = `stain: [${stain}]\nembed: [${embed}]\nclassify: [${head}]`
  const path = at(`${name}.yaml`)
  writeFileSync(path, `name: ${name}\nseeds: 2\n${data}\n${axes}\n`)
  const options = { out: at('runs'), cache: at('cache'), device: 'cpu', observer: quiet }
  await runStudy(await readRecipe(path), options)
}

async function predict(out: string, ...model: string[]): Promise<number[]> {
  const args = ['predict', at('data/test.h5'), ...model, '--out', at(out), '--device', 'cpu']
  const { code, stderr } = await runCli(args)
  expect(code === 0 ? '' : stderr).toBe('')
  return readCsv(readFileSync(at(out), 'utf8'), out).probability.map(Number)
}

beforeAll(async () => {
  const counts = ['--train', '80', '--val', '40', '--test', '40']
  expect(await runCli(['patches', 'make', at('data'), ...counts])).toMatchObject({ code: 0 })
  copyFileSync(tinyWeights, at('weights.safetensors'))
  writeFileSync(at('tiny.json'), JSON.stringify(tinyCard))
  for (const file of ['vit_timm_11.onnx', 'vit_fixed_14.onnx'])
    copyFileSync(`fixtures/onnx/${file}`, at(file))
  for (const [name, axes] of Object.entries(runs)) await study(name, axes)
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('eosin export', () => {
  it.each(Object.keys(runs))('gives the probabilities of the run: %s', async (title) => {
    const name = fileOf(title)
    const options = { device: 'cpu', progress: () => {} }
    const result = await exportRun({ run: at(`runs/${name}`), out: at(`${name}.onnx`), ...options })
    expect(result.compared).toBe(40)
    expect(result.largestDifference).toBeLessThanOrEqual(1e-5)
    const set = await openPatchSet(at('data/test.h5'))
    const probabilities = async (model: Pick<OpenPipeline, 'predict' | 'close'>) => {
      const found = await model.predict({ ...set, slides: null, centers: null }, () => {})
      await model.close()
      return found
    }
    const expected = await probabilities(await openModel(at(`runs/${name}`), options))
    const found = await probabilities(await openPipeline(at(`${name}.onnx`), options))
    await set.close()
    expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i])))).toBeLessThanOrEqual(1e-5)
    expect(new Set(found).size).toBeGreaterThan(4)
  }, 120_000)

  it('does so in a process that has nothing but the file', async () => {
    const file = at('alone.onnx')
    const args = ['export', '--run', at('runs/vit'), '--out', file, '--device', 'cpu']
    const { code, stdout } = await runCli(args)
    expect(code).toBe(0)
    expect(stdout).toMatch(/largest difference to the run's probabilities \S+, on 40 patches/)
    const expected = await predict('run.csv', '--run', at('runs/vit'))
    const found = await predict('onnx.csv', '--onnx', file)
    expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i])))).toBeLessThanOrEqual(1e-5)
    expect(new Set(found).size).toBeGreaterThan(20)
  }, 60_000)

  it('says what the file is, what it rests on and what it may be used for', () => {
    const model = readOnnx(readFileSync(at('vit.onnx')))
    const said = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]))
    expect(said).toMatchObject({
      model: 'grayscale/tiny.json/mlp',
      classes: '["normal","tumour"]',
      threshold: '0.5',
      seeds: '[0,1]',
      data_origin: 'synthetic',
    })
    expect(said.recipe_sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(said.intended_use).toMatch(/Not a medical device.*synthetic data/)
    expect(JSON.parse(said.centers_trained_on).length).toBeGreaterThan(1)
    expect(model.graph!.input.map(({ name }) => name)).toEqual(['patches'])
    expect(model.graph!.output.map(({ name }) => name)).toEqual(['probability'])
  })

  it('says that it averages views, and gives a turned patch its probability', async () => {
    const model = readOnnx(readFileSync(at('turned.onnx')))
    const said = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]))
    expect(said.views).toMatch(/^8: an embedding is the mean over/)
    const set = await openPatchSet(at('data/test.h5'))
    const turned = { ...set, read: async (rows: Uint32Array) => flipPatches(await set.read(rows), 5) }
    const pipeline = await openPipeline(at('turned.onnx'), { device: 'cpu' })
    const upright = await pipeline.predict(set, () => {})
    const found = await pipeline.predict(turned, () => {})
    await pipeline.close()
    await set.close()
    expect(Math.max(...upright.map((value, i) => Math.abs(value - found[i])))).toBeLessThanOrEqual(1e-6)
  }, 60_000)

  it('keeps the weights once, however many views there are', () => {
    const sizes = ['eight', 'turned-eight'].map((name) => {
      const { graph } = readOnnx(readFileSync(at(`${name}.onnx`)))
      return graph!.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0)
    })
    expect(sizes[1]).toBeLessThan(1.5 * sizes[0])
  })

  it('writes the same bytes again, and replaces nothing unasked', async () => {
    const before = readFileSync(at('vit.onnx'))
    const args = ['export', '--run', at('runs/vit'), '--out', at('vit.onnx'), '--no-verify']
    expect(await runCli(args)).toMatchObject({ code: 2 })
    expect(await runCli([...args, '--overwrite'])).toMatchObject({ code: 0 })
    expect(readFileSync(at('vit.onnx')).equals(before)).toBe(true)
  }, 60_000)

  it('puts tensors in a file of their own where they are too many for one', async () => {
    const options = { run: at('runs/vit'), out: at('deep/split.onnx'), device: 'cpu', progress: () => {} }
    const result = await exportRun({ ...options, limit: 10_000 })
    expect(readdirSync(at('deep')).sort()).toEqual(['split.onnx', 'split.onnx.data'])
    expect(result).toMatchObject({ data: at('deep/split.onnx.data'), compared: 40 })
    expect(result.largestDifference).toBeLessThanOrEqual(1e-5)
    const again = await predict('split.csv', '--onnx', at('deep/split.onnx'))
    expect(again).toEqual(await predict('whole.csv', '--onnx', at('vit.onnx')))
  }, 60_000)

  it('leaves nothing behind where the file does not agree with the run', async () => {
    const run = at('runs/vit')
    const head = join(run, 'model', 'head-1', 'head.onnx')
    const kept = readFileSync(head)
    copyFileSync(join(run, 'model', 'head-0', 'head.onnx'), head)
    await sealFolder(join(run, 'model'))
    const result = await runCli(['export', '--run', run, '--out', at('wrong.onnx'), '--device', 'cpu'])
    writeFileSync(head, kept)
    await sealFolder(join(run, 'model'))
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(
      /wrong.onnx: expected the run's probabilities to 0.00001, got a difference of/,
    )
    expect(readdirSync(folder).filter((file) => file.startsWith('wrong'))).toEqual([])
  }, 60_000)
})

describe('bad input', () => {
  const refuse = async (args: readonly string[], code: number, message: RegExp) => {
    const result = await runCli(args)
    expect(result.stderr).toMatch(message)
    expect(result.stderr.trim().split('\n')).toHaveLength(1)
    expect(result.code).toBe(code)
  }

  it('is refused in one line: no run, no model, no patches, no pipeline, two models', async () => {
    const out = ['--out', at('none.onnx')]
    await refuse(
      ['export', '--run', at('missing'), ...out],
      1,
      /missing: expected the folder of a finished run.*no such folder/,
    )
    await refuse(
      ['export', '--run', at('data'), ...out],
      1,
      /a folder without it; give the folder that eosin study run wrote/,
    )
    await refuse(
      ['export', '--run', at('runs/vit'), ...out, '--verify', at('gone.h5')],
      2,
      /gone.h5 is not there; give --verify PATCHES/,
    )
    await refuse(
      ['predict', at('data/test.h5'), '--onnx', at('vit_timm_11.onnx')],
      1,
      /expected a pipeline of version 1, got another ONNX model/,
    )
    await refuse(
      ['predict', at('data/test.h5')],
      2,
      /predict: expected either --run RUN or --onnx FILE, got neither/,
    )
    await refuse(['export', '--run', at('runs/vit'), '--out', at('tiny.json/x.onnx')], 1, /tiny.json/)
    expect(existsSync(at('none.onnx'))).toBe(false)
  }, 60_000)
})
