// The whole line by single commands, as a user would walk it without a recipe.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from '../../src/formats/index.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-stages-'))
const at = (...names: string[]) => join(folder, ...names)

// Runs a command that must succeed and returns its JSON.
async function runJson<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json'])
  expect(stderr).not.toContain('eosin:')
  expect(code).toBe(0)
  return JSON.parse(stdout) as T
}

beforeAll(async () => {
  const counts = ['--train', '120', '--val', '50', '--test', '50', '--aberrant', '0.1']
  await runJson('patches', 'make', at('data'), ...counts)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the single commands', () => {
  it('tell what a patch set holds', async () => {
    const info = await runJson<Record<string, unknown>>('patches', 'info', at('data', 'train.h5'))
    expect(info).toMatchObject({ format: 'challenge', count: 120, size: '96x96', origin: 'synthetic' })
    expect(Object.keys(info.centers as object).sort()).toEqual(['0', '3', '4'])
    const test = await runJson<Record<string, unknown>>('patches', 'info', at('data', 'test.h5'))
    expect(test).toMatchObject({ count: 50, labels: null })
  })

  it('find nothing wrong with sound patches', async () => {
    expect(await runJson('patches', 'check', at('data', 'val.h5'))).toEqual({
      files: [
        {
          name: at('data', 'val.h5'),
          checked: 50,
          copies: 0,
          problems: [],
          contradictions: [],
          leftOut: [],
        },
      ],
      found: 0,
      orders: [],
      overlaps: [],
      within: [],
    })
  })

  it('list each rejected patch with its rule', async () => {
    const out = at('rejected.csv')
    const result = await runJson<{ kept: number; rejections: unknown[] }>(
      'quality',
      at('data', 'train.h5'),
      '--out',
      out,
    )
    expect(result.kept + result.rejections.length).toBe(120)
    expect(result.rejections.length).toBeGreaterThan(3)
    expect(readCsv(readFileSync(out, 'utf8'), out).id).toHaveLength(result.rejections.length)
  })

  it('lead from patches to a scored prediction', async () => {
    await runJson(
      'stain',
      'fit',
      at('data', 'train.h5'),
      '--method',
      'macenko',
      '--center',
      '0',
      '--out',
      at('fit.json'),
    )
    const applied = await runJson<{ count: number; verdicts: Record<string, number> }>(
      ...['stain', 'apply', at('data', 'val.h5'), '--fit', at('fit.json'), '--out', at('val-macenko.h5')],
    )
    expect(Object.values(applied.verdicts).reduce((sum, count) => sum + count, 0)).toBe(50)
    for (const split of ['train', 'val']) {
      await runJson(
        'embed',
        at('data', `${split}.h5`),
        '--stain',
        at('fit.json'),
        '--out',
        at(`${split}-texture`),
      )
    }
    const trained = await runJson<{ evaluation: { accuracy: { value: number } } }>(
      ...[
        'classify',
        '--train',
        at('train-texture'),
        '--val',
        at('val-texture'),
        '--head',
        'logistic',
        '--out',
        at('head'),
      ],
    )
    const scored = await runJson<{ accuracy: { value: number } }>('evaluate', at('head', 'predictions.csv'))
    expect(scored.accuracy.value).toBe(trained.evaluation.accuracy.value)
    expect(scored.accuracy.value).toBeGreaterThan(0.55)
    const told = await runJson<{ chance: number; linear: { value: number } }>('evaluate', at('train-texture'))
    expect(told.chance).toBeCloseTo(1 / 3)
    expect(told.linear.value).toBeGreaterThan(told.chance)
  }, 120_000)

  it('embed a normalised file to the same numbers as embedding with the fit', async () => {
    await runJson('embed', at('val-macenko.h5'), '--out', at('val-twice'))
    const [once, twice] = ['val-texture', 'val-twice'].map((name) => readFileSync(at(name, 'embeddings.npy')))
    expect(twice.equals(once)).toBe(true)
  }, 60_000)

  it('embed the eight views of patches where they are asked to, and say so', async () => {
    const embed = (...more: string[]) => runJson<object>('embed', at('data', 'val.h5'), '--out', ...more)
    expect(await embed(at('val-views'), '--views', '8')).toMatchObject({
      count: 50,
      dimensions: 266,
      views: 8,
    })
    expect(JSON.parse(readFileSync(at('val-views', 'manifest.json'), 'utf8'))).toMatchObject({ views: 8 })
    expect(await embed(at('val-one'), '--views', '1')).not.toHaveProperty('views')
    const read = (name: string) => readFileSync(at(name, 'embeddings.npy'))
    expect(read('val-one').equals(read('val-views'))).toBe(false)
    const { code, stderr } = await runCli(['embed', at('data', 'val.h5'), '--out', at('x'), '--views', '4'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--views')])
  }, 60_000)

  it('refuse a fit that another version wrote', async () => {
    const fit = JSON.parse(readFileSync(at('fit.json'), 'utf8')) as { version: number }
    writeFileSync(at('old.json'), JSON.stringify({ ...fit, version: 0 }))
    const { code, stderr } = await runCli([
      'embed',
      at('data', 'val.h5'),
      '--stain',
      at('old.json'),
      '--out',
      at('x'),
    ])
    expect(code).toBe(1)
    expect(stderr).toContain('fit it again with eosin stain fit')
  })
})
