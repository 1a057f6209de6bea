// The model of a run is whole or refused: a file that is missing, short, changed or unlisted is noticed whatever reads it.

import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodePng, writeFileAtomic } from '../../src/files/index.ts'
import { readCsv } from '../../src/formats/index.ts'
import { openPatchSet, resizePatches } from '../../src/patches/index.ts'
import { readRecipe } from '../../src/recipe/index.ts'
import { openModel, readModelFile, runStudy } from '../../src/study/index.ts'
import { saveModel } from '../../src/study/model.ts'
import { hashRun } from '../cli/killing.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-model-'))
const at = (...parts: string[]) => join(folder, ...parts)
const run = at('runs', 'small')
const observer = { step: () => ({ progress: () => {}, end: () => {} }) }
const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1, observer }

beforeAll(async () => {
  const made = await runCli(['patches', 'make', at('data'), '--train', '60', '--val', '24', '--test', '24'])
  expect(made).toMatchObject({ code: 0 })
  writeFileSync(
    at('recipe.yaml'),
    `name: small
seeds: 2
data: { train: { path: data/train.h5 }, val: { path: data/val.h5 } }
stain: [macenko]
embed: [texture]
classify: [{ head: mlp, epochs: 2 }]
`,
  )
  await runStudy(await readRecipe(at('recipe.yaml')), options)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A copy of the run whose model folder was tampered with. */
function tampered(change: (model: string) => void): string {
  const copy = at('tampered')
  rmSync(copy, { recursive: true, force: true })
  cpSync(run, copy, { recursive: true })
  change(join(copy, 'model'))
  return copy
}

describe('the model of a run', () => {
  it('lists every file it consists of', () => {
    const { files } = JSON.parse(readFileSync(join(run, 'model', 'files.json'), 'utf8')) as { files: object }
    expect(Object.keys(files)).toEqual([
      'ground.parquet',
      ...['head-0', 'head-1'].flatMap((head) =>
        ['head.json', 'head.onnx', 'head.safetensors'].map((file) => `${head}/${file}`),
      ),
      'model.json',
    ])
    expect(readdirSync(run)).not.toContain('model.work')
  })

  it('is opened where all is there, and more has come beside it', async () => {
    const copy = tampered((model) => writeFileSync(join(model, 'head-0', '.DS_Store'), 'x'))
    const model = await openModel(copy, { device: 'cpu', threads: 1 })
    await model.close()
  })

  it.each([
    'head-0/head.onnx',
    'head-1/head.onnx',
    'head-0/head.json',
    'head-1/head.safetensors',
    'ground.parquet',
    'model.json',
  ])('is refused where %s is short, changed or missing', async (file) => {
    const name = file.replaceAll('.', '\\.')
    const short = tampered((model) => truncateSync(join(model, file), statSync(join(model, file)).size - 1))
    await expect(readModelFile(short)).rejects.toThrow(
      new RegExp(`${name}: expected the \\d+ bytes that were written, got \\d+ bytes`),
    )
    const changed = tampered((model) => {
      const bytes = readFileSync(join(model, file))
      bytes[bytes.length >> 1] ^= 1
      writeFileSync(join(model, file), bytes)
    })
    await expect(openModel(changed, { device: 'cpu' })).rejects.toThrow(
      new RegExp(`${name}: expected the bytes that were written, got others`),
    )
    const missing = tampered((model) => rmSync(join(model, file)))
    await expect(readModelFile(missing)).rejects.toThrow(
      file === 'model.json' ? 'got a folder without it' : `${file}: expected`,
    )
  })

  it('predicts a table of all that is known of each patch, the part too where one is chosen', async () => {
    const table = async (patches: string, ...more: string[]) => {
      const args = ['predict', patches, '--run', run, '--out', at('told.csv'), '--overwrite', ...more]
      expect(await runCli(args)).toMatchObject({ code: 0 })
      return readCsv(readFileSync(at('told.csv'), 'utf8'), 'told.csv')
    }
    const told = await table(at('data', 'val.h5'))
    expect(Object.keys(told)).toEqual(['id', 'center', 'slide', 'probability', 'prediction'])
    expect(new Set(told.center)).toEqual(new Set(['1']))
    const set = await openPatchSet(at('data', 'val.h5'))
    for (const [row, place] of ['test/0/a.png', 'val/0/b.png', 'val/1/c.png'].entries())
      await writeFileAtomic(at('pictures', place), await encodePng(await set.read([row])))
    await set.close()
    const { id, part } = await table(at('pictures'), '--part', 'val')
    expect([id, part]).toEqual([
      ['val/0/b.png', 'val/1/c.png'],
      ['val', 'val'],
    ])
  }, 60_000)

  it('is refused by predict and export in one line that names the file and what to do', async () => {
    const copy = tampered((model) => truncateSync(join(model, 'head-0', 'head.onnx'), 10))
    const patches = at('data', 'val.h5')
    for (const args of [
      ['predict', patches, '--run', copy, '--out', at('p.csv')],
      ['export', '--run', copy, '--out', at('p.onnx')],
    ]) {
      const { code, stderr } = await runCli(args)
      expect([code, stderr.trim().split('\n').length]).toEqual([1, 1])
      expect(stderr).toMatch(
        /head-0[\\/]head\.onnx: expected the \d+ bytes that were written, got 10 bytes; run the study/,
      )
    }
  }, 60_000)

  it('without its list, or with another, is refused with what to do', async () => {
    const none = tampered((model) => rmSync(join(model, 'files.json')))
    await expect(readModelFile(none)).rejects.toThrow(/files\.json: expected the list .+ run the study again/)
    const other = tampered((model) => writeFileSync(join(model, 'files.json'), '{}'))
    await expect(readModelFile(other)).rejects.toThrow(/files\.json: expected format 'eosin files 1'/)
  })

  it('is not there at all where writing it was cut short, and the same again afterwards', async () => {
    const before = hashRun(run)
    const pair = { embed: { label: 'x', name: 'x', options: {} }, augment: {}, extractorKey: '' }
    const cell = { id: 'x', pair, classify: { name: 'mlp' }, heads: [{ seed: 0 }, { seed: 1 }] }
    const heads = [{ entry: { folder: at('gone') } }]
    rmSync(join(run, 'model'), { recursive: true })
    const member = { cell, stain: { entry: {}, fit: {} }, heads, reference: null }
    const parts = { name: 'x', members: [member], rule: { threshold: 0.5, temperature: 1 } }
    await expect(saveModel(run, parts as never, { height: 8, width: 8 })).rejects.toThrow()
    expect(readdirSync(run)).not.toContain('model')
    await runStudy(await readRecipe(at('recipe.yaml')), options)
    expect(hashRun(run)).toEqual(before)
  }, 60_000)
})

describe('patches of another size than those of the training', () => {
  const other = at('other', 'val.h5')
  const predict = (...more: string[]) =>
    runCli(['predict', other, '--run', run, '--out', at('other.csv'), '--overwrite', '--json', ...more])

  it('are refused, and resized where that is asked for, which the result says', async () => {
    const made = await runCli([
      'patches',
      'make',
      at('other'),
      '--size',
      '128',
      '--train',
      '4',
      '--val',
      '6',
      '--test',
      '4',
    ])
    expect(made.code).toBe(0)
    const refused = await predict()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(
      /val\.h5: expected patches of 96x96, as in training, got 128x128; cut .* --resize/,
    )
    const { code, stdout } = await predict('--resize')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ count: 6, resized: { from: '128x128', to: '96x96' } })
    expect(readFileSync(at('other.csv'), 'utf8').trim().split('\n')).toHaveLength(7)
  })

  it('are refused by the library too, and those of the same size are left as they are', async () => {
    const model = await openModel(run, { device: 'cpu', threads: 1 })
    try {
      const set = await openPatchSet(other)
      await expect(model.predict(set, () => {})).rejects.toThrow(/expected patches of 96x96/)
      const own = await openPatchSet(at('data', 'val.h5'))
      expect(resizePatches(own, model.patch)).toBe(own)
      expect((await resizePatches(set, model.patch).read([0])).data.length).toBe(96 * 96 * 3)
    } finally {
      await model.close()
    }
  })
})
