// Thresholds and temperatures in a study, from the recipe to the model in use: what the table shows is what is predicted.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { readCsv, readOnnx } from '../../src/formats/index.ts'
import { allRows, createChallengeFile, openPatchSet } from '../../src/patches/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import type { Metrics } from '../../src/runs/index.ts'
import { planStudy, runStudy } from '../../src/study/index.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'
import { runCli } from '../cli/runCli.ts'
import { tinyCard, tinyWeights } from '../embed/tinyVit.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-operating-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const observer = { step: () => ({ progress: () => {}, end: () => {} }) }
const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1, observer }

function recipeOf(name: string, more: string, test = 'data/test.h5') {
  const text = `name: ${name}
seeds: 2
data: { train: { path: data/train.h5 }, val: { path: data/val.h5 }, test: { path: ${test}, center: 2 } }
stain: [none]
embed: [{ extractor: "vit:tiny.json", weights: ${join(process.cwd(), tinyWeights)} }]
classify: [logistic, { head: mlp, hidden: [8], epochs: 3 }]
${more}
`
  writeFileSync(at(`${name}.yaml`), text)
  return parseRecipe(text, { where: `${name}.yaml`, folder })
}

// The test patches with labels turned, and a few of them.
async function copyTest(to: string, count: number, change: (label: number) => number): Promise<void> {
  const set = await openPatchSet(at('data', 'test.h5'))
  const all = await set.read(allRows(set))
  const file = await createChallengeFile(at(to), { height: set.height, width: set.width })
  for (const [row, id] of set.ids.slice(0, count).entries()) {
    const known = { label: change(set.labels![row]), center: 2, slide: Number(set.slides![row]) }
    file.append({ id, image: pixelsAt(all, row).data, ...known })
  }
  await file.close()
  await set.close()
}

beforeAll(async () => {
  await makeSyntheticChallenge(at('data'), {
    counts: { train: 120, val: 40, test: 40 },
    size: 32,
    testLabels: true,
  })
  writeFileSync(at('tiny.json'), JSON.stringify(tinyCard))
  await copyTest('turned.h5', 40, (label) => 1 - label)
  await copyTest('few.h5', 12, (label) => label)
}, 60_000)

const read = (run: string, file: string) => readFileSync(at('runs', run, file), 'utf8')
const readJson = <T>(run: string, file: string) => JSON.parse(read(run, file)) as T

// The test rows of predictions.csv: probability of a column, by id.
function readTest(run: string, column: string): Map<string, number> {
  const table = readCsv(read(run, 'predictions.csv'), 'predictions')
  return new Map(
    table.split.flatMap((split, row) =>
      split === 'test' ? [[table.id[row], Number(table[column][row])]] : [],
    ),
  )
}

async function predict(run: string, ...more: string[]) {
  const args = ['predict', at('data', 'test.h5'), '--run', at('runs', run), '--out', at(`${run}.csv`)]
  const { code, stdout, stderr } = await runCli([
    ...args,
    '--overwrite',
    '--device',
    'cpu',
    '--json',
    ...more,
  ])
  expect(code === 0 ? '' : stderr).toBe('')
  const table = readCsv(readFileSync(at(`${run}.csv`), 'utf8'), run)
  return { result: JSON.parse(stdout) as { threshold: unknown; transductive?: true }, table }
}

const held = 'evaluate: { threshold: held-out, temperature: held-out }'
const share = 'transductive: true\nevaluate: { threshold: { share: 0.3 } }'

describe('a threshold and a temperature of held-out centers', () => {
  let metrics: Metrics
  beforeAll(async () => {
    ;({ metrics } = await runStudy(recipeOf('held', `protocol: leave-one-center-out\n${held}`), options))
  }, 120_000)

  it('are of each cell, and its accuracy is at them', () => {
    const plain = metrics.cells.map(({ decision, val, test }) => ({
      rule: decision?.rule,
      isAt: decision?.test === val.threshold && decision?.test === test?.threshold,
      temperatures: Object.keys(decision?.temperature?.byCenter ?? {}),
    }))
    const expected = { rule: 'held-out', isAt: true, temperatures: ['0', '1', '3', '4'] }
    expect(plain).toEqual([expected, expected])
    const [a, b] = metrics.cells.map(({ decision }) => decision!.test)
    expect(a).not.toBe(b)
    for (const { id, test, heldOut } of metrics.cells) {
      const probabilities = readTest('held', id)
      const called = [...probabilities.values()].filter((p) => p >= (test!.threshold as number)).length
      expect(test!.confusion.tp + test!.confusion.fp).toBe(called)
      expect(Object.keys(heldOut!.threshold)).toEqual(['0', '1', '3', '4'])
    }
  })

  it('are what the submission and the model of the run predict by', async () => {
    const chosen = metrics.cells.find(({ id }) => id === metrics.chosen)!
    const studied = readTest('held', chosen.id)
    const submission = readCsv(read('held', 'submission.csv'), 'submission')
    const threshold = chosen.decision!.test as number
    expect(submission.Pred.map(Number)).toEqual(
      submission.ID.map((id) => Number(studied.get(id)! >= threshold)),
    )
    const { table, result } = await predict('held')
    expect(result).toMatchObject({ threshold })
    expect(result).not.toHaveProperty('transductive')
    for (const [row, id] of table.id.entries()) {
      expect(Math.abs(Number(table.probability[row]) - studied.get(id)!)).toBeLessThan(1e-5)
      expect(table.prediction[row]).toBe(submission.Pred[submission.ID.indexOf(id)])
    }
    expect(readJson('held', 'model/model.json')).toMatchObject({
      threshold,
      temperature: chosen.decision!.temperature!.pooled,
    })
  }, 60_000)

  it('forecasts accuracies of what it predicts as the study did, and of another share', async () => {
    const chosen = metrics.cells.find(({ id }) => id === metrics.chosen)!
    const { result } = await predict('held')
    const [told] = (result as unknown as Pick<typeof chosen, 'forecasts'>).forecasts!
    const [studied] = chosen.forecasts!
    expect(told).toMatchObject({ center: '2', patches: 40 })
    expect(told.methods.meanAccuracy.byCenter).toEqual(studied.methods.meanAccuracy.byCenter)
    const accuracyOf = ({ methods }: typeof told) => methods.differenceOfConfidences.accuracy.value
    expect(accuracyOf(told)).toBeCloseTo(accuracyOf(studied), 4)
    const said = ['predict', at('data', 'test.h5'), '--run', at('runs', 'held'), '--out', at('said.csv')]
    const { stdout } = await runCli([...said, '--device', 'cpu'])
    expect(stdout).toMatch(
      /Expected accuracy on center 2, .* For the held-out centers the same forecast was off by/,
    )
    const { result: other } = await predict('held', '--share', '0.5')
    const [shared] = (other as unknown as Pick<typeof chosen, 'forecasts'>).forecasts!
    expect(shared.methods.meanAccuracy.byCenter).not.toEqual(told.methods.meanAccuracy.byCenter)
  }, 60_000)

  it('are in the exported pipeline, which says so', async () => {
    const out = at('held.onnx')
    const { code, stdout } = await runCli([
      'export',
      '--run',
      at('runs', 'held'),
      '--out',
      out,
      '--device',
      'cpu',
    ])
    expect([code, stdout]).toEqual([0, expect.stringContaining('on 40 patches')])
    const said = new Map(readOnnx(readFileSync(out)).metadataProps.map(({ key, value }) => [key, value]))
    const { threshold, temperature } = readJson<{ threshold: number; temperature: number }>(
      'held',
      'model/model.json',
    )
    expect(Number(said.get('threshold'))).toBe(threshold)
    expect(said.get('temperature')).toMatch(new RegExp(`^${temperature}: `))
  }, 60_000)

  it('are said in report, model card and terminal', async () => {
    const sentence =
      /Threshold: patches are predicted to be tumour from a probability of \S+ on, which gave the highest accuracy on held-out centers/
    expect(read('held', 'report.html')).toMatch(sentence)
    expect(read('held', 'table.md')).toContain("Accuracies are at a threshold of each cell's own")
    expect(read('held', 'MODEL_CARD.md')).toMatch(sentence)
    expect(read('held', 'MODEL_CARD.md')).toMatch(/Temperature: log odds are divided by/)
    const args = [
      'study',
      'run',
      at('held.yaml'),
      '--out',
      at('runs'),
      '--cache',
      at('cache'),
      '--device',
      'cpu',
    ]
    const { stdout } = await runCli(args)
    expect(stdout).toMatch(sentence)
  }, 60_000)

  it('are chosen without the labels of test', async () => {
    const turned = recipeOf('turned', `protocol: leave-one-center-out\n${held}`, 'turned.h5')
    const { metrics: other } = await runStudy(turned, options)
    expect(other.chosen).toBe(metrics.chosen)
    expect(other.cells.map(({ decision }) => decision)).toEqual(metrics.cells.map(({ decision }) => decision))
    expect(read('turned', 'submission.csv')).toBe(read('held', 'submission.csv'))
    const rankOf = ({ cells: [cell] }: Metrics) => cell.test!.auroc!.value
    expect(rankOf(other)).toBeCloseTo(1 - rankOf(metrics), 6)
    expect(rankOf(metrics)).not.toBe(0.5)
  }, 120_000)

  it('change no key of a task but of evaluations', async () => {
    const keysOf = async (more: string) => {
      const recipe = recipeOf('keys', `protocol: leave-one-center-out\n${more}`)
      const { steps } = await planStudy(recipe, at('cache'), { device: 'cpu' })
      return new Map(steps.map(({ stage, what, key }) => [`${stage} ${what}`, key]))
    }
    const [plain, given, chosen] = [
      await keysOf(''),
      await keysOf('evaluate: { threshold: 0.5 }'),
      await keysOf(held),
    ]
    expect(given).toEqual(plain)
    const changed = [...plain].filter(([name, key]) => chosen.get(name) !== key).map(([name]) => name)
    expect(changed).toEqual(['evaluate none/tiny.json/logistic', 'evaluate none/tiny.json/mlp'])
  }, 60_000)
})

describe('abstention', () => {
  const more = `protocol: leave-one-center-out\n${held.replace('{', '{ abstain: 0.2,')}`
  const count = (column: readonly string[]) => column.filter((mark) => mark === '1').length

  it('is measured for each cell, changes evaluations alone, and no line of the submission', async () => {
    const { metrics } = await runStudy(recipeOf('abstain', more), options)
    const plain = readJson<Metrics>('held', 'metrics.json')
    expect(metrics.cells.map(({ abstention: _, ...rest }) => rest)).toEqual(plain.cells)
    for (const { abstention, heldOut, test } of metrics.cells) {
      const { share, val, ...others } = abstention!
      expect([share, others.heldOut!.abstained]).toEqual([0.2, 32])
      expect([val.count, others.test!.count]).toEqual([40, 40])
      expect(Object.keys(others.heldOut!.byCenter)).toEqual(Object.keys(heldOut!.byCenter))
      const kept = others.test!.count - others.test!.abstained
      expect(others.test!.accuracy!.value * kept).toBeLessThanOrEqual(test!.confusion.tp + test!.confusion.tn)
    }
    expect(read('abstain', 'submission.csv')).toBe(read('held', 'submission.csv'))
    const sentence =
      /Abstention: patches whose probability is nearer than 0\.\d+ to the threshold are left to a person, which are 20 % of held-out centers/
    for (const file of ['report.html', 'MODEL_CARD.md']) expect(read('abstain', file)).toMatch(sentence)
    expect(read('abstain', 'report.html')).toContain('Patches left to a person')
    expect(read('held', 'report.html')).not.toContain('Patches left to a person')
  }, 120_000)

  it('is a column of predictions, where the run has it or it is asked for', async () => {
    const { cells, chosen } = readJson<Metrics>('abstain', 'metrics.json')
    const { test, margin } = cells.find(({ id }) => id === chosen)!.abstention!
    const { table, result } = await predict('abstain')
    expect(result).toMatchObject({ abstained: test!.abstained, margin })
    expect(count(table.abstain)).toBe(test!.abstained)
    const plain = await predict('held')
    expect([Object.keys(plain.table), plain.table.prediction]).toEqual([
      expect.not.arrayContaining(['abstain']),
      table.prediction,
    ])
    const asked = await predict('held', '--abstain', '0.2')
    expect(asked.result).toMatchObject({ margin })
    expect(asked.table.abstain).toEqual(table.abstain)
    expect(count((await predict('held', '--abstain', '0.6')).table.abstain)).toBeGreaterThan(
      count(table.abstain),
    )
    const shared = await predict('held', '--abstain', '0.6', '--share', '0.5')
    expect(shared.result).not.toMatchObject({ margin })
  }, 120_000)

  it('is refused of an exported pipeline, and a share that is none', async () => {
    const args = ['predict', at('data', 'test.h5'), '--out', at('none.csv'), '--device', 'cpu']
    const pipeline = await runCli([...args, '--onnx', at('held.onnx'), '--abstain', '0.1'])
    expect([pipeline.code, pipeline.stderr]).toEqual([
      2,
      expect.stringContaining('option --abstain: expected a run whose model keeps labelled patches'),
    ])
    expect(() => recipeOf('all', 'evaluate: { abstain: 1 }')).toThrow('abstain')
  }, 60_000)
})

describe('a threshold by a stated share of tumour', () => {
  beforeAll(async () => {
    await runStudy(recipeOf('share', `${share}\nrefit: train+val`), options)
  }, 120_000)

  it('calls that share of the target, marks all cells, and is recomputed for a refit', () => {
    const { cells, refit, chosen } = readJson<Metrics>('share', 'metrics.json')
    for (const { id, decision, test, transductive } of cells) {
      expect(transductive).toBe(true)
      expect(decision!.rule).toEqual({ share: 0.3 })
      expect(test!.threshold).toEqual(decision!.test)
      const { 2: threshold } = decision!.test as Record<string, number>
      const called = [...readTest('share', id).values()].filter((p) => p >= threshold).length
      expect(called).toBe(12)
    }
    const { 2: threshold } = refit!.threshold as Record<string, number>
    const refitted = readTest('share', 'refit')
    const submission = readCsv(read('share', 'submission.csv'), 'submission')
    expect(submission.Pred.map(Number)).toEqual(
      submission.ID.map((id) => Number(refitted.get(id)! >= threshold)),
    )
    expect(threshold).not.toBe((cells.find(({ id }) => id === chosen)!.decision!.test as { 2: number })[2])
    expect(readJson('share', 'manifest.json')).toMatchObject({ transductive: ['threshold'] })
    expect(read('share', 'report.html')).toContain('of the patches of each center 30 % are predicted')
    expect(cells.map(({ forecasts }) => forecasts![0])).toMatchObject([{ byVal: true }, { byVal: true }])
    for (const file of ['report.html', 'MODEL_CARD.md'])
      expect(read('share', file)).toContain(
        'How far such a forecast is off is not known: one validation center cannot tell it.',
      )
  })

  it('is found anew by the model, for the share of the recipe or another, of patches enough', async () => {
    expect(readJson('share', 'model/model.json')).toMatchObject({
      threshold: { share: 0.3 },
      transductive: true,
    })
    const { table, result } = await predict('share')
    expect(table.prediction.filter((call) => call === '1')).toHaveLength(12)
    expect(result).toMatchObject({ transductive: true, threshold: { 2: expect.any(Number) } })
    const other = await predict('share', '--share', '0.6')
    expect(other.table.prediction.filter((call) => call === '1')).toHaveLength(24)
    expect(await predict('held', '--share', '0.6')).toMatchObject({ result: { transductive: true } })
    const none = await runCli(['predict', at('few.h5'), '--run', at('runs', 'share'), '--share', '1'])
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining('option --share: expected a number above 0 and below 1'),
    ])
    const few = await runCli(['predict', at('few.h5'), '--run', at('runs', 'share'), '--out', at('few.csv')])
    expect([few.code, few.stderr]).toEqual([
      1,
      expect.stringContaining(
        'expected at least 16 patches, to choose a threshold by their share of tumour, got 12',
      ),
    ])
  }, 60_000)

  it('is exported only as a number that is given', async () => {
    const args = ['export', '--run', at('runs', 'share'), '--out', at('share.onnx'), '--device', 'cpu']
    const { code, stderr } = await runCli(args)
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('expected a threshold that is a number, got one by a share of tumour of 0.3'),
    ])
    expect(await runCli([...args, '--threshold', '0.4'])).toMatchObject({ code: 0 })
  }, 60_000)

  it('is refused where it is not allowed, and of a center of few patches', async () => {
    expect(() => recipeOf('not', 'evaluate: { threshold: { share: 0.3 } }')).toThrow(
      'write transductive: true',
    )
    const few = recipeOf('few', share, 'few.h5')
    const message =
      'evaluate.threshold.share: expected at least 16 patches of every test center, got 12 of center 2'
    await expect(planStudy(few, at('cache'), { device: 'cpu' })).rejects.toThrow(message)
    await expect(runStudy(few, options)).rejects.toThrow(message)
  })

  it('marks evaluations in the plan, and nothing that does not rest on it', async () => {
    const { steps } = await planStudy(recipeOf('plan', share), at('cache'), { device: 'cpu' })
    const marked = steps.filter(({ transductive }) => transductive).map(({ kind }) => kind)
    expect([...new Set(marked)]).toEqual(['evaluation'])
  })
})
