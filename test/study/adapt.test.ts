// Adaptation in a study: cells that use pixels of the target are marked, and predict as they did in the study.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from '../../src/formats/index.ts'
import { openPatchSet, selectPatches } from '../../src/patches/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { openModel, planStudy, runStudy } from '../../src/study/index.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-adapt-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const observer = { step: () => ({ progress: () => {}, end: () => {} }) }
const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1, observer }

function recipeOf(name: string, more: string) {
  const text = `name: ${name}
seeds: 2
data: { train: { path: data/train.h5 }, val: { path: data/val.h5 }, test: { path: data/test.h5, center: 2 } }
stain: [none]
embed: [texture]
${more}
`
  writeFileSync(at(`${name}.yaml`), text)
  return parseRecipe(text, { where: `${name}.yaml`, folder })
}

beforeAll(async () => {
  await makeSyntheticChallenge(at('data'), {
    counts: { train: 90, val: 40, test: 40 },
    size: 32,
    testLabels: true,
  })
}, 60_000)

const quick = 'classify: [{ head: mlp, hidden: [8], epochs: 3 }, logistic]'

describe('a recipe with adaptation', () => {
  it('is refused where it uses pixels of the test split and does not say so', () => {
    expect(() => recipeOf('a', `adapt: [none, center]\n${quick}`)).toThrow(
      'a.yaml adapt center: expected an adaptation that does without the center it predicts, got one that uses its unlabelled patches; write transductive: true',
    )
    expect(() => recipeOf('a', `adapt: [mixup, adversarial, balanced, group-dro]\n${quick}`)).not.toThrow()
  })

  it('is refused where no head can be trained so', () => {
    expect(() => recipeOf('a', 'adapt: [mixup]\nclassify: [logistic]')).toThrow(
      'a.yaml adapt mixup: expected a head that can be trained so (mlp), got logistic',
    )
  })

  it('is refused where the target is to take part in an adversary that is not there', () => {
    expect(() => recipeOf('a', `adapt: [{ method: mixup, target: true }]\n${quick}`)).toThrow(
      'a.yaml adapt mixup.target: expected adversarial above 0',
    )
  })

  it('lists the maps of centers once, and marks what rests on the pixels of the target', async () => {
    const recipe = recipeOf('plan', `transductive: true\nadapt: [none, center, coral, mixup]\n${quick}`)
    const { steps } = await planStudy(recipe, at('cache'), { device: 'cpu' })
    const marked = steps.filter(({ transductive }) => transductive).map(({ kind, what }) => `${kind} ${what}`)
    expect(marked).toContain('align none/texture standardize')
    expect(marked).toContain('align none/texture coral')
    expect(marked.filter((name) => name.startsWith('head '))).toEqual(
      ['center', 'coral'].flatMap((adapt) => [
        `head none/texture/${adapt}/mlp seed 0`,
        `head none/texture/${adapt}/mlp seed 1`,
        `head none/texture/${adapt}/logistic seed 0`,
      ]),
    )
    const heads = steps.filter(({ kind }) => kind === 'head').map(({ what }) => what)
    expect(heads).toContain('none/texture/mixup/mlp seed 0')
    expect(heads).not.toContain('none/texture/mixup/logistic seed 0')
  }, 60_000)
})

describe.each(['center', 'center-robust', 'coral'])('the model of a cell with %s', (adapt) => {
  const name = `run-${adapt}`
  beforeAll(async () => {
    await runStudy(recipeOf(name, `transductive: true\nadapt: [${adapt}]\n${quick}`), options)
  }, 120_000)

  it('predicts what the study predicted', async () => {
    const model = await openModel(at('runs', name), { device: 'cpu', threads: 1 })
    const test = await openPatchSet(at('data', 'test.h5'), {})
    const predicted = await model.predict(test, () => {})
    await model.close()
    const table = readCsv(readFileSync(at('runs', name, 'predictions.csv'), 'utf8'), 'predictions')
    const studied = new Map(
      table.split.flatMap((split, row) =>
        split === 'test' ? [[table.id[row], Number(table[model.name][row])]] : [],
      ),
    )
    for (const [i, id] of test.ids.entries())
      expect(Math.abs(predicted[i] - studied.get(id)!)).toBeLessThan(1e-5)
    expect(model.transductive).toBe(true)
    await test.close()
  }, 60_000)

  it('refuses a single patch', async () => {
    const model = await openModel(at('runs', name), { device: 'cpu', threads: 1 })
    const test = await openPatchSet(at('data', 'test.h5'), {})
    await expect(model.predict(selectPatches(test, Uint32Array.of(0)), () => {})).rejects.toThrow(
      'center 2: expected at least 16 patches, to adapt to the center by their statistics, got 1',
    )
    await model.close()
    await test.close()
  }, 60_000)

  it('is not exported as a pipeline of single patches', async () => {
    const { code, stderr } = await runCli([
      'export',
      '--run',
      at('runs', name),
      '--out',
      at('x.onnx'),
      '--no-verify',
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('expected a model that predicts each patch by itself')
  })
})

describe('an ensemble', () => {
  const more = `transductive: true
adapt: [none, center]
ensembles: [{ label: both, cells: ['*/texture/mlp', '*/texture/center/*'] }]
select: { rule: best, by: accuracy }
${quick}`

  it('is the mean of its cells, in the table and as a model', async () => {
    const { metrics } = await runStudy(recipeOf('ensemble', more), options)
    const cell = metrics.cells.find(({ id }) => id === 'ensemble/both')!
    expect(cell).toMatchObject({ stain: 'none', adapt: 'several', transductive: true })
    expect(cell.members).toEqual([
      'none/texture/mlp',
      'none/texture/center/mlp',
      'none/texture/center/logistic',
    ])
    const table = readCsv(readFileSync(at('runs', 'ensemble', 'predictions.csv'), 'utf8'), 'predictions')
    for (const row of table.id.keys()) {
      const mean = cell.members!.reduce((sum, id) => sum + Number(table[id][row]), 0) / 3
      expect(Number(table['ensemble/both'][row])).toBeCloseTo(mean, 5)
    }
  }, 120_000)

  it('is refused where its patterns name fewer than two cells', async () => {
    const recipe = recipeOf('lonely', more.replace("'*/texture/center/*'", "'*/nothing'"))
    await expect(planStudy(recipe, at('cache'), { device: 'cpu' })).rejects.toThrow(
      'ensembles both: expected patterns that name two cells at least',
    )
  })
})

describe('the chosen cell trained again on train and val', () => {
  const more = `refit: train+val
transductive: true
adapt: [none, center]
ensembles: [{ label: both, cells: ['*/texture/*/mlp', '*/texture/center/logistic'] }]
select: { rule: best, by: accuracy }
${quick}`

  it('predicts the test split, and is the model of the run', async () => {
    const { metrics } = await runStudy(recipeOf('refit', more), options)
    expect(metrics.refit).toMatchObject({ cell: metrics.chosen, test: { count: 40 } })
    const table = readCsv(readFileSync(at('runs', 'refit', 'predictions.csv'), 'utf8'), 'predictions')
    const refit = new Map(
      table.split.flatMap((split, row) => (split === 'test' ? [[table.id[row], table.refit[row]]] : [])),
    )
    expect(table.refit.filter((_, row) => table.split[row] === 'val').every((text) => text === '')).toBe(true)
    const model = await openModel(at('runs', 'refit'), { device: 'cpu', threads: 1 })
    const test = await openPatchSet(at('data', 'test.h5'), {})
    const predicted = await model.predict(test, () => {})
    await model.close()
    await test.close()
    for (const [i, id] of test.ids.entries())
      expect(Math.abs(predicted[i] - Number(refit.get(id)))).toBeLessThan(1e-5)
    const calls = readCsv(readFileSync(at('runs', 'refit', 'submission.csv'), 'utf8'), 'submission')
    expect(calls.Pred.map(Number)).toEqual(calls.ID.map((id) => Number(Number(refit.get(id)) >= 0.5)))
  }, 120_000)

  it('is trained for as many epochs as before, at the same rates, on all labelled rows', async () => {
    const recipe = recipeOf(
      'epochs',
      'refit: train+val\nclassify: [{ head: mlp, hidden: [8], epochs: 30, patience: 3 }]',
    )
    await runStudy(recipe, options)
    const { steps } = await planStudy(recipe, at('cache'), { device: 'cpu' })
    const read = (kind: string, ...parts: string[]) => {
      const { stage, key } = steps.find((step) => step.kind === kind && step.what.endsWith('seed 1'))!
      return JSON.parse(readFileSync(at('cache', stage, key, ...parts, 'head', 'head.json'), 'utf8')) as {
        curve: { learningRate: number }[]
        chosen: { bestEpoch: number }
      }
    }
    const [before, again] = [read('head'), read('refit', 'member-0')]
    expect(again.curve).toHaveLength(before.chosen.bestEpoch)
    expect(before.curve.length).toBeGreaterThan(again.curve.length)
    expect(again.curve.map(({ learningRate }) => learningRate)).toEqual(
      before.curve.slice(0, again.curve.length).map(({ learningRate }) => learningRate),
    )
    const first = steps.find(({ kind }) => kind === 'refit')!
    expect(first.items).toBe(130)
  }, 60_000)
})
