// eosin cache over what studies made: listed, verified, pruned by recipe, and pruned beside a study that runs.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readResults } from '../../src/study/index.ts'
import { type Inventory, listCache, type Pruned, pruneCache, type Verified } from '../../src/tasks/index.ts'
import { hashRun } from './killing.ts'
import { runCli, startCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-cache-'))
const at = (...parts: string[]) => join(folder, ...parts)
const study = (name: string, out = 'runs') => [
  ...['study', 'run', at('recipes', `${name}.yaml`), '--out', at(out), '--device', 'cpu', '--threads', '1'],
]
const cache = async <T>(word: string, ...args: string[]) => {
  const { code, stdout, stderr } = await runCli(['cache', word, '--out', at('runs'), '--json', ...args])
  return { code, stderr, ...(stdout ? (JSON.parse(stdout) as T) : ({} as T)) }
}
const keep = (...paths: string[]) => [
  '--device',
  'cpu',
  '--keep',
  ...paths.map((path) => at('recipes', path)),
]
const recipe = (name: string, heads: string) => `name: ${name}
seeds: 2
data: { train: { path: ../data/train.h5 }, val: { path: ../data/val.h5 }, test: { path: ../data/test.h5 } }
stain: [macenko]
embed: [texture]
classify: [${heads}]
`

beforeAll(async () => {
  await runCli(['patches', 'make', at('data'), '--train', '80', '--val', '40', '--test', '40'])
  mkdirSync(at('recipes'))
  writeFileSync(at('recipes', 'one.yaml'), recipe('one', '{ head: mlp, epochs: 2 }'))
  writeFileSync(at('recipes', 'two.yaml'), recipe('two', '{ head: mlp, epochs: 2 }, logistic'))
  for (const name of ['one', 'two']) expect(await runCli(study(name, 'made'))).toMatchObject({ code: 0 })
}, 120_000)
beforeEach(() => {
  rmSync(at('runs'), { recursive: true, force: true })
  cpSync(at('made'), at('runs'), { recursive: true, preserveTimestamps: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('eosin cache', () => {
  it('lists the entries of every stage, and what made them', async () => {
    const { entries, unfinished, leftovers } = await cache<Inventory>('list')
    expect([...new Set(entries.map(({ stage }) => stage))]).toEqual(
      expect.arrayContaining(['classify', 'embed', 'evaluate', 'patches', 'quality', 'stain']),
    )
    expect([unfinished, leftovers]).toEqual([[], []])
    const { stdout } = await runCli(['cache', 'list', '--out', at('runs')])
    expect(stdout).toMatch(/^embed +[0-9a-f]{32} +[\d.]+ kB +\d+ min ago +[\d.]+ s +extractor/m)
    expect(stdout).toMatch(new RegExp(`^all +${entries.length} +[\\d.]+ MB$`, 'm'))
  })

  it('prunes what no given recipe needs; the other study finds everything done', async () => {
    const both = await cache<Pruned>('prune', ...keep('one.yaml', 'two.yaml'))
    expect([both.code, both.entries]).toEqual([0, []])
    const ofFolder = await cache<Pruned>('prune', ...keep('.'))
    expect(ofFolder.entries).toEqual([])
    const ofRuns = await cache<Pruned>('prune', ...keep('../runs/one/recipe.yaml', '../runs/two/recipe.yaml'))
    expect(ofRuns.entries).toEqual([])
    const { entries, bytes } = await cache<Pruned>('prune', ...keep('one.yaml'))
    expect(entries.map(({ stage, inputs }) => inputs?.head ?? stage).sort()).toEqual(['evaluate', 'logistic'])
    expect(bytes).toBeGreaterThan(0)
    const { stderr } = await runCli(study('one'))
    const steps = stderr.split('\n').filter((line) => /✓ (patches|quality|stain|embed|classify) /.test(line))
    expect(steps.length).toBeGreaterThan(8)
    expect(steps.filter((line) => !line.includes('cached'))).toEqual([])
    expect(hashRun(at('runs', 'one'))).toEqual(hashRun(at('made', 'one')))
  }, 60_000)

  it('removes nothing where a recipe cannot be read, or an age or folder is wrong', async () => {
    const before = (await listCache(at('runs', '.cache'))).entries.length
    for (const args of [
      ['--keep', at('recipes', 'none.yaml')],
      ['--keep', at('data')],
      ['--older-than', '30'],
      ['--older-than', '-1d'],
      ['--stage', 'pixel'],
    ]) {
      expect(await cache('prune', ...args), args.join(' ')).toMatchObject({ code: 2 })
    }
    expect(await runCli(['cache', 'list', '--cache', at('nowhere')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no such folder'),
    })
    expect((await listCache(at('runs', '.cache'))).entries).toHaveLength(before)
  }, 60_000)

  it('verifies every byte; what was altered is removed, and the study makes it anew', async () => {
    const { embeddings } = await readResults(at('runs', 'one'))
    const { file } = embeddings['macenko/texture/val']
    const bytes = readFileSync(file)
    bytes.fill(0, bytes.length - 64)
    writeFileSync(file, bytes)
    const dry = await cache<Verified>('verify', '--dry-run')
    expect([dry.code, dry.damaged.length, existsSync(file)]).toEqual([1, 1, true])
    const { code, damaged } = await cache<Verified>('verify')
    expect([code, damaged[0].damage.path, existsSync(file)]).toEqual([1, file, false])
    expect(await cache('verify')).toMatchObject({ code: 0 })
    expect(await runCli(study('one'))).toMatchObject({ code: 0 })
    expect(hashRun(at('runs', 'one'))).toEqual(hashRun(at('made', 'one')))
  }, 60_000)

  it('may prune everything, again and again, beside a study that runs', async () => {
    const { done } = startCli(study('two'))
    let isRunning = true
    const ended = done.finally(() => (isRunning = false))
    let removed = 0
    while (isRunning) {
      const { entries } = await pruneCache(at('runs', '.cache'), { unusedSince: Number.POSITIVE_INFINITY })
      removed += entries.length
    }
    const { code, stderr } = await ended
    expect(code, stderr).toBe(0)
    expect(removed).toBeGreaterThan(3)
    expect(hashRun(at('runs', 'two'))).toEqual(hashRun(at('made', 'two')))
  }, 60_000)
})
