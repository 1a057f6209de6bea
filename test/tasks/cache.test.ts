// An entry is whole or made anew: a file that is missing or cut short is named, whatever it is that wants the entry.

import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { writeFileAtomic } from '../../src/files/index.ts'
import { findDamage, openCache, openHold } from '../../src/tasks/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-cache-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let root: string
let made: number
let told: string[]
beforeEach(() => {
  root = mkdtempSync(join(folder, 'root-'))
  made = 0
  told = []
})

const inputs = (name: string) => ({ stage: 'stain', version: 1, name })
const open = () => openCache(root, { onDamage: (sentence) => told.push(sentence) })
async function make(work: string): Promise<void> {
  made++
  await writeFileAtomic(join(work, 'fit.json'), '{"value": 1}')
  await writeFileAtomic(join(work, 'numbers.npy'), new Uint8Array(1000))
}

describe('an entry of the cache', () => {
  it('is made once', async () => {
    const cache = open()
    expect(cache.has(inputs('a'))).toBe(false)
    const first = await cache.obtain(inputs('a'), make)
    const second = await cache.obtain(inputs('a'), make)
    expect([made, first.cached, second.cached, told]).toEqual([1, false, true, []])
    expect(second.cost).toEqual(first.cost)
    expect(await findDamage(first.folder)).toBeNull()
  })

  it('says what making it cost and what of, and that of an older Eosin less', async () => {
    const notes = { items: 90, threads: 2 }
    const { cost, folder: entry } = await open().obtain(inputs('a'), make, notes)
    expect(cost).toMatchObject({ ...notes, host: hostname(), bytes: 1012 })
    expect(cost).not.toHaveProperty('resumed')
    const path = join(entry, 'cost.json')
    const old = JSON.stringify({ seconds: 12, peakRssMb: 100 })
    writeFileSync(path, old + ' '.repeat(readFileSync(path).length - old.length))
    expect((await open().obtain(inputs('a'), make)).cost).toEqual({ seconds: 12, peakRssMb: 100 })
  })

  it('that was begun before says so, since its cost is that of the rest', async () => {
    const begin = async (work: string) => {
      await writeFileAtomic(join(work, 'chunk'), 'x')
      throw new Error('stopped')
    }
    await expect(open().obtain(inputs('a'), begin)).rejects.toThrow('stopped')
    const { cost } = await open().obtain(inputs('a'), make)
    expect(cost).toMatchObject({ items: null, threads: null, resumed: true })
  })

  it.each([
    ['cut short', (file: string) => truncateSync(file, 10), '10 bytes'],
    ['missing', (file: string) => rmSync(file), 'no such file'],
    ['longer', (file: string) => writeFileSync(file, new Uint8Array(1001)), '1001 bytes'],
  ])('with a file that is %s is named and made anew', async (_, harm, got) => {
    const { folder: entry } = await open().obtain(inputs('a'), make)
    harm(join(entry, 'numbers.npy'))
    expect(open().has(inputs('a'))).toBe(false)
    expect(await open().obtain(inputs('a'), make)).toMatchObject({ folder: entry, cached: false })
    expect(told).toEqual([
      `${join(entry, 'numbers.npy')}: expected the 1000 bytes that were written, got ${got}; the entry is made anew`,
    ])
    expect(made).toBe(2)
    expect(await findDamage(entry)).toBeNull()
    expect(existsSync(`${entry}.old`)).toBe(false)
  })

  it.each(['entry.json', 'cost.json', 'fit.json'])('without its %s is made anew', async (file) => {
    const { folder: entry } = await open().obtain(inputs('a'), make)
    rmSync(join(entry, file))
    expect(await open().obtain(inputs('a'), make)).toMatchObject({ cached: false })
    expect(told).toHaveLength(1)
  })

  it('whose list of files is damaged is made anew', async () => {
    const { folder: entry } = await open().obtain(inputs('a'), make)
    const list = join(entry, 'files.json')
    writeFileSync(list, readFileSync(list).subarray(0, 30))
    await open().obtain(inputs('a'), make)
    expect([made, told]).toEqual([2, [expect.stringContaining('got other bytes; the entry is made anew')]])
  })

  it('of an older version, without a list of files, is made anew; that is said once', async () => {
    for (const name of ['a', 'b', 'c']) {
      const { folder: entry } = await open().obtain(inputs(name), make)
      rmSync(join(entry, 'files.json'))
    }
    const cache = open()
    for (const name of ['a', 'b', 'c']) await cache.obtain(inputs(name), make)
    expect(made).toBe(6)
    expect(told).toEqual([expect.stringContaining('this entry and others like it are made anew')])
  })

  it('whose bytes were altered is found by hash, and an altered cost is no defect', async () => {
    const { folder: entry } = await open().obtain(inputs('a'), make)
    const cost = join(entry, 'cost.json')
    writeFileSync(cost, 'x'.repeat(readFileSync(cost).length))
    expect(await findDamage(entry)).toMatchObject({ path: cost, got: 'others' })
    await expect(open().obtain(inputs('a'), make)).rejects.toThrow(/cost\.json: expected what the entry cost/)
  })
})

describe('a cache of 500 entries', () => {
  it('is checked and held in less than a second', async () => {
    const names = Array.from({ length: 500 }, (_, i) => String(i))
    const hold = await openHold(root)
    const cache = openCache(root, { hold })
    for (const name of names) await cache.obtain(inputs(name), make)
    const start = performance.now()
    for (const name of names) await cache.obtain(inputs(name), make)
    expect(made).toBe(500)
    expect(performance.now() - start).toBeLessThan(1000)
    await hold.release()
  }, 60_000)
})
