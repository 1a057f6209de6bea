// eosin evaluate on files: what is paired with what, and what a comparison prints.

import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { writeCsv, writeParquet } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'
import { runCli } from './runCli.ts'

const at = makeTemporaryFolder()

// Val and test of 60 patches each, ids from 0 in both; `b` errs more often on val.
function writeRun() {
  const random = openRandom(5, 'run')
  const rows = ['val', 'test'].flatMap((split) =>
    Array.from({ length: 60 }, (_, i) => ({ split, id: `${i}` })),
  )
  const truth = rows.map(() => random.integer(2))
  const guess = (errors: number) =>
    truth.map((label) => Math.abs(label - (random.uniform() < errors ? 0.9 : 0.1)))
  const [a, b] = [guess(0.1), guess(0.4)]
  const columns = {
    split: rows.map(({ split }) => split),
    id: rows.map(({ id }) => id),
    slide: rows.map((_, i) => `${i % 6}`),
    label: truth.map((label, i) => (rows[i].split === 'val' ? label : null)),
    a,
    b,
  }
  writeFileSync(at('predictions.csv'), writeCsv(columns))
  writeFileSync(at('predictions.parquet'), writeParquet(columns))
  writeFileSync(
    at('test.csv'),
    writeCsv({ ID: columns.id.slice(60).reverse(), label: truth.slice(60).reverse() }),
  )
  const share = (from: number) =>
    truth.slice(from, from + 60).filter((label, i) => a[from + i] >= 0.5 === (label === 1)).length / 60
  return { val: share(0), test: share(60) }
}
const accuracy = writeRun()

async function runJson(...args: string[]) {
  const { code, stdout, stderr } = await runCli(['evaluate', ...args, '--json'])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

describe('eosin evaluate', () => {
  it('pairs test with test and val with val', async () => {
    const labels = ['--labels', at('test.csv')]
    const test = await runJson(at('predictions.csv'), '--column', 'a', '--split', 'test', ...labels)
    expect(test).toMatchObject({ split: 'test', count: 60, accuracy: { value: accuracy.test } })
    const val = await runJson(at('predictions.csv'), '--column', 'a')
    expect(val).toMatchObject({ split: 'val', count: 60, slides: 6, accuracy: { value: accuracy.val } })
    expect(await runJson(at('predictions.parquet'), '--column', 'a')).toEqual(val)
  })

  it('refuses val against the labels of test, and a split that is left open', async () => {
    const labels = ['--column', 'a', '--labels', at('test.csv')]
    const open = await runCli(['evaluate', at('predictions.csv'), ...labels])
    expect(open).toMatchObject({ code: 1, stdout: '' })
    expect(open.stderr).toContain('expected patches of one split, got val, test')
    const wrong = await runCli(['evaluate', at('predictions.csv'), ...labels, '--split', 'val'])
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain('are these the same patches?')
  })

  it('prints every figure with its interval, slides and patients too, and says what cannot be told', async () => {
    const slides = Array.from({ length: 240 }, (_, i) => `${i % 8}`)
    const label = slides.map((slide, i) => Number(slide > '2' && i % 3 > 0))
    const columns = {
      id: slides.map((_, i) => `${i}`),
      slide: slides,
      patient: slides.map((slide) => `${Number(slide) % 4}`),
      label,
      probability: label.map((own, i) => 0.2 + 0.6 * own + (i % 10 === 0 ? 0.45 - 0.9 * own : 0)),
    }
    writeFileSync(at('slides.csv'), writeCsv(columns))
    const { stdout } = await runCli(['evaluate', at('slides.csv')])
    for (const name of [
      'sensitivity at specificity 0.90',
      'accuracy of the surest 80 %',
      'accuracy, mean over coverages',
      'slides: error of tumour share',
      'slides: correlation of tumour share',
      'slides: AUROC of any tumour',
      'patients: error of tumour share',
    ])
      expect(stdout).toMatch(new RegExp(`^${name} +[01]\\.\\d{4} +0\\.\\d{4} - [01]\\.\\d{4}$`, 'm'))
    expect(stdout).toMatch(/^sensitivity at specificity 0\.99 +- +-$/m)
    expect(stdout).toContain('cannot tell a specificity of 0.99: it takes at least 500')
    const { slideLevel, byPatient } = await runJson(at('slides.csv'))
    expect(slideLevel).toMatchObject({ count: 8, tumour: 5 })
    expect(Object.keys(byPatient)).toEqual(['0', '1', '2', '3'])
  })

  it('compares two models with an interval and a p that agree', async () => {
    const pair = [at('predictions.csv'), '--column', 'a', '--against', at('predictions.parquet')]
    const { difference, p, slides } = await runJson(...pair, '--against-column', 'b')
    expect(difference.value).toBeGreaterThan(0.1)
    expect(difference.low > 0).toBe(p < 0.05)
    expect(slides).toBe(6)
    const { stdout } = await runCli(['evaluate', ...pair, '--against-column', 'b'])
    expect(stdout).toContain('60 patches of split val')
    expect(stdout).toContain('6 slides left out in turn')
    expect(stdout).toMatch(
      /difference in accuracy +\+0\.\d{4} +[+-]0\.\d{4} to \+0\.\d{4} +(<0\.0001|0\.\d{4})/,
    )
    expect(await runJson(...pair)).toMatchObject({ difference: { value: 0 }, p: 1 })
  })

  it('takes the threshold of the run in whose folder a table lies, and says so', async () => {
    mkdirSync(at('run'))
    mkdirSync(at('other'))
    for (const name of ['run', 'other']) {
      writeFileSync(at(name, 'p.csv'), 'id,label,probability\n0,1,0.4\n1,0,0.1\n')
      const metrics = { cells: [{ val: { threshold: name === 'run' ? 0.3 : 0.2 } }] }
      writeFileSync(at(name, 'metrics.json'), JSON.stringify(metrics))
    }
    const table = at('run', 'p.csv')
    const own = await runJson(table)
    expect(own).toMatchObject({ accuracy: { value: 1 }, threshold: 0.3, thresholdOf: at('run') })
    const { stdout } = await runCli(['evaluate', table])
    expect(stdout).toContain(`at 0.3, the threshold of ${at('run')}: 1 true tumour`)
    const given = await runJson(table, '--threshold', '0.5')
    expect(given).toMatchObject({ accuracy: { value: 0.5 }, threshold: 0.5 })
    expect(given).not.toHaveProperty('thresholdOf')
    expect(await runJson(at('predictions.csv'), '--column', 'a')).toMatchObject({ threshold: 0.5 })
    const differ = await runCli(['evaluate', table, '--against', at('other', 'p.csv')])
    expect(differ).toMatchObject({ code: 2, stdout: '' })
    expect(differ.stderr).toContain(`got 0.3 of ${at('run')} and 0.2 of ${at('other')}; say which`)
  })

  it('takes the threshold of the column and of the split, or that of each center', async () => {
    mkdirSync(at('chosen'))
    const rows = ['val,0,1,1,0.4,0.4', 'val,1,0,1,0.1,0.1', 'test,0,1,2,0.7,0.7', 'test,1,0,2,0.6,0.6']
    writeFileSync(at('chosen', 'predictions.csv'), `split,id,label,center,a,b\n${rows.join('\n')}\n`)
    const decision = { rule: { share: 0.5 }, test: { 2: 0.65 } }
    const cells = [
      { id: 'a', val: { threshold: 0.3 } },
      { id: 'b', val: { threshold: { 1: 0.25 } }, decision },
    ]
    writeFileSync(at('chosen', 'metrics.json'), JSON.stringify({ cells, chosen: 'b' }))
    const judge = (...more: string[]) => runJson(at('chosen', 'predictions.csv'), ...more)
    const of = (column: string, split: string) => judge('--column', column, '--split', split)
    expect(await of('a', 'val')).toMatchObject({ threshold: 0.3, accuracy: { value: 1 } })
    expect(await of('a', 'test')).toMatchObject({ threshold: 0.3, accuracy: { value: 0.5 } })
    expect(await of('b', 'val')).toMatchObject({ threshold: { 1: 0.25 }, accuracy: { value: 1 } })
    expect(await of('b', 'test')).toMatchObject({ threshold: { 2: 0.65 }, accuracy: { value: 1 } })
    const { stdout } = await runCli([
      ...['evaluate', at('chosen', 'predictions.csv'), '--column', 'b', '--split', 'test'],
    ])
    expect(stdout).toContain(`at 0.65 (center 2), the threshold of ${at('chosen')}: 1 true tumour`)
  })

  it.each([
    ['--split', 'tset', "expected one of val, test, got 'tset'; did you mean 'test'?"],
    ['--column', 'c', "expected one of a, b, got 'c'\n"],
    ['--column', 'label', "got 'label', which says what a patch is, not what a model says of it"],
  ])('ends with 2 for %s %s', async (option, name, message) => {
    const { code, stderr } = await runCli(['evaluate', at('predictions.csv'), '--column', 'a', option, name])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('refuses the options of tables for a folder of embeddings', async () => {
    const { code, stderr } = await runCli(['evaluate', at('.'), '--split', 'val'])
    expect(code).toBe(2)
    expect(stderr).toContain('a folder of embeddings')
  })
})
