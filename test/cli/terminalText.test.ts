// What commands print for people: short, in words, no wider than a terminal, and true of what was given.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { describeStudy } from '../../src/cli/commands/study.ts'
import { encodePng } from '../../src/files/index.ts'
import type { StudyResult } from '../../src/study/index.ts'
import { noise } from '../patches/fixtures.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-text-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const png = await encodePng(pixels(noise(0, 8), 1, 8, 8))

function save(path: string, content: Uint8Array | string = png): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
}

describe('patches info', () => {
  it('says in words what there is, and counts slides instead of listing them', async () => {
    const lines = ['path,label,center,slide,part']
    for (let i = 0; i < 90; i++) {
      save(`set/${i}.png`)
      lines.push(
        `set/${i}.png,${i % 3 === 0 ? 'True' : 'False'},${i % 2},s${i % 30},${i < 60 ? 'train' : 'val'}`,
      )
    }
    save('list.csv', lines.join('\n'))
    const { stdout } = await runCli(['patches', 'info', 'list.csv', '--part', 'train'], folder)
    expect(stdout).toMatch(/^patches +60$/m)
    expect(stdout).toMatch(/^labels +40 normal, 20 tumour$/m)
    expect(stdout).toMatch(/^slides +30, of 2 patches each$/m)
    expect(stdout).toMatch(/^center +patches +normal +tumour\n0 +30 +20 +10$/m)
    expect(stdout).toMatch(/^part of the whole set +patches\ntrain +60\nval +30$/m)
    expect(stdout).not.toMatch(/labelsByCenter|null|s29/)
  }, 60_000)

  it('says that folders taken for centers may be labels', async () => {
    for (const path of ['two/cancer/a.png', 'two/healthy/b.png']) save(path)
    const { stdout } = await runCli(['patches', 'info', 'two'], folder)
    expect(stdout).toMatch(
      /^Note: the folders cancer, healthy were read as centers; .*--label-names cancer=0/m,
    )
  }, 60_000)
})

describe('weights list', () => {
  it('fits a terminal of eighty columns', async () => {
    const { stdout } = await runCli(['weights', 'list'])
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(stdout).toContain('dinov2-giant-registers')
  }, 60_000)
})

describe('patches make', () => {
  it('takes the sizes that its page states', async () => {
    const make = (size: string) =>
      runCli(
        ['patches', 'make', `size${size}`, '--train', '3', '--val', '3', '--test', '3', '--size', size],
        folder,
      )
    expect(await make('32')).toMatchObject({ code: 0 })
    expect((await make('31')).stderr).toContain('expected a whole number from 32 to 1024')
  }, 60_000)
})

describe('the end of a study', () => {
  const say = (manifest: object) =>
    describeStudy({
      metrics: { cells: [], chosenBy: 'accuracy' },
      manifest,
      decision: [],
      seen: ['tiny: not known'],
      shares: [],
      report: 'report.html',
      submission: null,
    } as unknown as StudyResult)

  it('says why there is no submission, and how real data are called so', () => {
    expect(say({ origin: 'real', splits: {} })).toMatch(/none: the recipe has no test split$/)
    expect(say({ origin: 'real', splits: { test: {} } })).toMatch(
      /none: the ids of test are no whole numbers/,
    )
    expect(say({ origin: 'unknown', splits: {} })).toContain('If it is of patients, write `origin: real`')
    expect(say({ origin: 'synthetic', splits: {} })).toContain('These figures say nothing about patients.')
    expect(say({ origin: 'real', splits: {} })).not.toContain('patients')
  })
})
