// The file of rates: whole lines from several processes, nothing lost to what is no rate, nothing failed by a bad disk.

import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { writeFileAtomic } from '../../src/files/index.ts'
import { findRates, openCache, readRates, recordEntry, recordRate } from '../../src/tasks/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-rates-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

const rate = (name: string, seconds = 2) => ({
  class: name,
  size: 9216,
  items: 100,
  seconds,
  peakRssMb: 300,
  bytes: 400,
  threads: null,
})

describe('rates', () => {
  it('are read back in the order they were recorded, each with its time', async () => {
    const path = join(folder, 'new', 'folder', 'a.jsonl')
    expect(await readRates(path)).toEqual([])
    await recordRate(rate('hash'), path)
    await recordRate({ ...rate('embed'), threads: 2, sampled: true }, path)
    const found = await readRates(path)
    expect(found).toMatchObject([rate('hash'), { ...rate('embed'), threads: 2, sampled: true }])
    for (const { at } of found) expect(Date.now() - Date.parse(at)).toBeLessThan(60_000)
  })

  it('pass over lines that are cut off or of another kind', async () => {
    const path = join(folder, 'torn.jsonl')
    await recordRate(rate('before'), path)
    const whole = JSON.stringify({ ...rate('wrong'), at: '2026-01-01' })
    const wrong = [
      'null',
      '[]',
      '7',
      whole.slice(0, 40),
      whole.replace('100', '-1'),
      whole.replace('9216', '0'),
    ]
    appendFileSync(path, `${wrong.join('\n')}\n\u0000\u0000\n`)
    appendFileSync(path, `${whole.replace('null', '0')}\n${whole.replace('"wrong"', '3')}\n`)
    await recordRate(rate('after'), path)
    expect((await readRates(path)).map((found) => found.class)).toEqual(['before', 'after'])
  })

  it('that are no numbers, or longer than a line may be, are not recorded', async () => {
    const path = join(folder, 'long.jsonl')
    await recordRate(rate('x'.repeat(5000)), path)
    await recordRate({ ...rate('nan'), seconds: Number.NaN }, path)
    expect(existsSync(path)).toBe(false)
  })

  it('are kept to a bounded size, the newest last', async () => {
    const path = join(folder, 'full.jsonl')
    const line = `${JSON.stringify({ ...rate('old'), at: '2026-01-01' })}\n`
    writeFileSync(path, line.repeat(Math.ceil(2 ** 20 / line.length)))
    await recordRate(rate('last of the old'), path)
    expect([existsSync(path), existsSync(`${path}.lease`)]).toEqual([false, false])
    await recordRate(rate('new'), path)
    const found = await readRates(path)
    expect(found.slice(-2).map((one) => one.class)).toEqual(['last of the old', 'new'])
    expect(statSync(`${path}.older`).size + statSync(path).size).toBeLessThan(1.1 * 2 ** 20)
  })

  it('of several processes at once are all there, through the change of the file', async () => {
    const path = join(folder, 'many.jsonl')
    const line = `${JSON.stringify({ ...rate('old'), at: '2026-01-01' })}\n`
    writeFileSync(path, line.repeat(Math.floor(2 ** 20 / line.length) - 20))
    const module = pathToFileURL(join(process.cwd(), 'dist/tasks/index.js'))
    const code = `import { recordRate } from ${JSON.stringify(module.href)}
      for (let i = 0; i < 40; i++)
        await recordRate({ ...${JSON.stringify(rate('new'))}, class: process.argv[1] + ' ' + i }, process.argv[2])`
    const write = (name: string) =>
      new Promise((done) => {
        const args = ['--input-type=module', '--eval', code, name, path]
        spawn(process.execPath, args, { stdio: 'inherit' }).on('close', done)
      })
    expect(await Promise.all(['a', 'b', 'c'].map(write))).toEqual([0, 0, 0])
    const found = (await readRates(path)).map((one) => one.class).filter((name) => name !== 'old')
    const wanted = ['a', 'b', 'c'].flatMap((name) => Array.from({ length: 40 }, (_, i) => `${name} ${i}`))
    expect(found.sort()).toEqual(wanted.sort())
    expect(readFileSync(path, 'utf8').length).toBeLessThan(2 ** 17)
  })

  it('are not kept, and nobody is troubled, where nothing can be written', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    await recordRate(rate('lost'), join(file, 'rates.jsonl'))
    mkdirSync(join(folder, 'a-folder.jsonl'))
    await recordRate(rate('lost'), join(folder, 'a-folder.jsonl'))
    expect(await readRates(join(folder, 'a-folder.jsonl'))).toEqual([])
    await recordRate(rate('lost'), null)
    expect(await readRates(null)).toEqual([])
  })
})

describe('the cost of an entry', () => {
  it('is recorded when it was made as a whole, and not when it was there or begun before', async () => {
    const path = join(folder, 'entries.jsonl')
    vi.stubEnv('EOSIN_RATES', path)
    const root = join(folder, 'cache')
    const cost = { class: 'head mlp', size: 7, items: 90, bytes: 1, like: ['head'] }
    const make = (work: string) => writeFileAtomic(join(work, 'head'), '12345')
    const obtain = (name: string) => openCache(root).obtain({ stage: 'classify', version: 1, name }, make)
    await recordEntry(cost, await obtain('a'), 2)
    await recordEntry(cost, await obtain('a'), 2)
    await recordEntry({ ...cost, usesThreads: true }, await obtain('b'), 2)
    const begun = await obtain('c')
    await recordEntry(cost, { ...begun, cost: { ...begun.cost, resumed: true } }, 2)
    const found = await readRates(path)
    expect(found).toMatchObject([
      { class: 'head mlp', size: 7, items: 90, bytes: 5, threads: null },
      { class: 'head mlp', size: 7, items: 90, bytes: 5, threads: 2 },
    ])
    expect(found[0]).not.toHaveProperty('like')
  })
})

describe('their place', () => {
  it('is of the user and the machine, unless EOSIN_RATES says otherwise', () => {
    expect(findRates()).toBeNull() // as every test runs
    vi.stubEnv('EOSIN_RATES', '')
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere')
    const host = hostname().replaceAll(/[^\w.-]/g, '-')
    expect(findRates()).toBe(`/somewhere/eosin/rates/${host}.jsonl`)
    vi.stubEnv('XDG_CACHE_HOME', '')
    vi.stubEnv('HOME', '/home/of-mine')
    expect(findRates()).toBe(`/home/of-mine/.cache/eosin/rates/${host}.jsonl`)
    vi.stubEnv('EOSIN_RATES', '/elsewhere/rates.jsonl')
    expect(findRates()).toBe('/elsewhere/rates.jsonl')
  })
})
