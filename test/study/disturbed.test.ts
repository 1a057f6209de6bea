// A study with several jobs whose cache or patches others disturb: a cache that cannot be written, leases of machines whose
// clocks differ, entries that are damaged, patches that change. It says what is wrong, and keeps nothing that is.

import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readResults, type StudyPlan } from '../../src/study/index.ts'
import { hashRun } from '../cli/killing.ts'
import { type CliResult, runCli, startCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-disturbed-'))
const at = (...parts: string[]) => join(folder, ...parts)
const readOnly = at('read-only')
const isMounted = mount()
afterAll(() => {
  if (isMounted) execFileSync('umount', [readOnly])
  rmSync(folder, { recursive: true, force: true })
})

// A disk of its own, which can be made read-only for root too.
function mount(): boolean {
  try {
    mkdirSync(readOnly)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', readOnly], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const args = (out: string, cache = at(out, '.cache'), verb = 'run') => [
  ...['study', verb, at('study.yaml'), '--out', at(out), '--cache', cache],
  ...['--device', 'cpu', '--jobs', '2', '--threads', '2'],
]
const writeRecipe = (heads = '{ head: mlp, epochs: 3 }') => {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }\n`).join('')
  const axes = `stain: [macenko]\nembed: [texture]\nclassify: [${heads}]\n`
  writeFileSync(at('study.yaml'), `name: study\nseeds: 1\ndata:\n${data}${axes}`)
}

let alone: Record<string, string>
beforeAll(async () => {
  const sizes = ['--train', '120', '--val', '50', '--test', '50', '--size', '48']
  for (const [name, seed] of Object.entries({ data: '0', other: '1' }))
    expect(await runCli(['patches', 'make', at(name), ...sizes, '--seed', seed])).toMatchObject({ code: 0 })
  writeRecipe()
  expect(await runCli(args('alone'))).toMatchObject({ code: 0 })
  alone = hashRun(at('alone', 'study'))
}, 120_000)

// What a command said is wrong: all lines but those of steps and of the forecast.
const complaints = ({ stderr }: CliResult) =>
  stderr.split('\n').filter((line) => line !== '' && !/^(✓|Forecast)/.test(line))

const expectSame = async (out: string) => {
  const ended = await runCli(args(out))
  expect(ended.code, ended.stderr).toBe(0)
  expect(hashRun(at(out, 'study'))).toEqual(alone)
  return ended
}

describe('a cache that cannot be written', () => {
  it('is named in one line where it is a file', async () => {
    writeFileSync(at('file'), '')
    const ended = await runCli(args('beside', at('file')))
    expect(ended.code).toBe(1)
    expect(complaints(ended)).toEqual([expect.stringMatching(/^eosin: .*file.*: /)])
  }, 60_000)

  it.skipIf(!isMounted)(
    'still serves a study that is done, and is named in one line by one that is not (skipped where tmpfs cannot be mounted)',
    async () => {
      const cache = join(readOnly, 'cache')
      expect(await runCli(args('first', cache))).toMatchObject({ code: 0 })
      execFileSync('mount', ['-o', 'remount,ro', readOnly])
      const again = await runCli(args('second', cache))
      expect([again.code, complaints(again)]).toEqual([0, []])
      expect(readFileSync(at('second', 'study', 'predictions.csv'))).toEqual(
        readFileSync(at('alone', 'study', 'predictions.csv')),
      )
      writeRecipe('knn')
      const ended = await runCli(args('third', cache))
      writeRecipe()
      expect(ended.code).toBe(1)
      expect(complaints(ended)).toEqual([
        expect.stringMatching(/^✗ classify .*: got a read-only file system; nothing can be written there/),
        expect.stringMatching(
          /^eosin: .*cache\/classify.*: got a read-only file system; nothing can be written there/,
        ),
      ])
    },
    120_000,
  )
})

describe('a lease of a machine whose clock differs', () => {
  it.each([
    ['an hour ahead', 3600],
    ['an hour behind', -3600],
  ])(
    '%s is waited for while it is renewed, and then taken over',
    async (_, seconds) => {
      const out = `clock${seconds}`
      const planned = await runCli([...args(out, undefined, 'plan'), '--json'])
      const fit = (JSON.parse(planned.stdout) as StudyPlan).steps.find(({ kind }) => kind === 'fit')!
      const entry = at(out, '.cache', 'stain', fit.key)
      mkdirSync(at(out, '.cache', 'stain'), { recursive: true })
      const holder = { host: 'elsewhere', space: 'elsewhere', process: 1, began: '1', token: 'forged' }
      // What that machine writes is dated by the disk, whatever its own clock says.
      const renew = () => writeFileSync(`${entry}.lease`, JSON.stringify(holder))
      renew()
      const beat = setInterval(renew, 100)
      const { child, done } = startCli(args(out))
      let said = ''
      child.stderr!.on('data', (text) => (said += text))
      while (!said.includes('held by process 1 on elsewhere; waiting for it') && child.exitCode === null)
        await setTimeout(20)
      await setTimeout(1500) // longer than between two looks
      expect([existsSync(entry), existsSync(`${entry}.work`), child.exitCode]).toEqual([false, false, null])
      clearInterval(beat)
      const date = Date.now() / 1000 + seconds // as it would have been left long ago, or before the clock was set back
      utimesSync(`${entry}.lease`, date, date)
      const ended = await done
      expect(ended.code, ended.stderr).toBe(0)
      expect(hashRun(at(out, 'study'))).toEqual(alone)
    },
    120_000,
  )
})

describe('a damaged entry', () => {
  it('that stood before is named once, made anew by one of the jobs', async () => {
    expect(await runCli(args('damaged'))).toMatchObject({ code: 0 })
    const { embeddings, stains, cells } = await readResults(at('damaged', 'study'))
    const harmed = [
      stains.macenko.fit,
      embeddings['macenko/texture/train'].file,
      join(cells['macenko/texture/mlp'][0].head, 'head.safetensors'),
    ]
    for (const path of harmed) truncateSync(path, 20)
    const said = complaints(await expectSame('damaged'))
    expect(
      said.map((line) => line.replace(/: expected the \d+ bytes .* the entry is made anew$/, '')).sort(),
    ).toEqual(harmed.map((path) => `Warning: ${path}`).sort())
  }, 120_000)

  it('that is damaged while the jobs run is named by the task that needs it, and made anew by the next run', async () => {
    const embed = at('harmed', '.cache', 'embed')
    const { child, done } = startCli(args('harmed'))
    const whole = () =>
      existsSync(embed) ? readdirSync(embed).filter((name) => /^[0-9a-f]{32}$/.test(name)) : []
    while (whole().length === 0 && child.exitCode === null) await setTimeout(1)
    const path = join(embed, whole()[0], 'embeddings.npy')
    truncateSync(path, 100)
    const ended = await done
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/^✗ .*embeddings\.npy: expected the \d+ bytes that were written, got 100/m)
    const said = complaints(await expectSame('harmed'))
    expect(said).toEqual([expect.stringMatching(/^Warning: .*embeddings\.npy: .*; the entry is made anew$/)])
  }, 120_000)
})

describe('patches that change while jobs read them', () => {
  it('fail the tasks that read them, and nothing made of them is kept', async () => {
    const embed = at('changed', '.cache', 'embed')
    const { child, done } = startCli(args('changed'))
    const isAtWork = () => existsSync(embed) && readdirSync(embed).some((name) => name.endsWith('.work'))
    while (!isAtWork() && child.exitCode === null) await setTimeout(1)
    copyFileSync(at('data', 'val.h5'), at('kept.h5'))
    copyFileSync(at('other', 'val.h5'), at('data', 'val.h5'))
    const ended = await done
    copyFileSync(at('kept.h5'), at('data', 'val.h5'))
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(
      /^✗ embed .*expected files that stay as they are, got a change while they were read; wait until it is written/m,
    )
    expect(existsSync(at('changed', 'study', 'metrics.json'))).toBe(false)
    expect(await expectSame('changed')).toMatchObject({ stderr: expect.not.stringContaining('Warning') })
  }, 120_000)
})
