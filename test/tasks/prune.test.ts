// Pruning and verifying a cache: what is chosen goes, what a living process makes or uses stays.

import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { silent } from '../../src/base/index.ts'
import { writeFileAtomic } from '../../src/files/index.ts'
import {
  keyOf,
  listCache,
  openCache,
  openHold,
  pruneCache,
  takeLease,
  verifyCache,
} from '../../src/tasks/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-prune-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const inputs = (name: string, stage = 'stain') => ({ stage, version: 1, name })
const nameOf = (name: string) => `stain/${keyOf(inputs(name))}`
const everything = { unusedSince: Number.POSITIVE_INFINITY }
let root: string
const at = (name: string, kind = '') => join(root, `${nameOf(name)}${kind}`)
const make = (work: string) => writeFileAtomic(join(work, 'fit.json'), '{"value": 1}')
beforeEach(async () => {
  root = mkdtempSync(join(folder, 'root-'))
  for (const name of ['a', 'b', 'c']) await openCache(root).obtain(inputs(name), make)
})
const left = () => ['a', 'b', 'c'].filter((name) => existsSync(at(name)))

function setAge(name: string, days: number): void {
  const then = new Date(Date.now() - days * 86_400_000)
  utimesSync(join(at(name), 'files.json'), then, then)
}

/** Runs a script over this room in a process of its own, until it prints something. */
async function start(script: string): Promise<ChildProcess> {
  const door = JSON.stringify(`file://${process.cwd()}/dist/tasks/index.js`)
  const code = `import * as tasks from ${door}\n${script}\nconsole.log('ready'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout!.once('data', resolve))
  return child
}
async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGKILL')
  await ended
}

describe('the list of a cache', () => {
  it('tells of each entry what it is, and takes nothing else for one', async () => {
    mkdirSync(join(root, 'photos'))
    writeFileSync(join(root, 'photos', 'holiday.jpg'), 'x')
    writeFileSync(join(root, 'notes.txt'), 'x')
    const { entries, unfinished, leftovers } = await listCache(root)
    expect(entries.map(({ key }) => key)).toEqual(['a', 'b', 'c'].map((name) => keyOf(inputs(name))).sort())
    const [entry] = entries
    const files = readdirSync(entry.folder).map((file) => readFileSync(join(entry.folder, file)).length)
    expect(entry.bytes).toBe(files.reduce((sum, size) => sum + size, 0))
    expect(entry).toMatchObject({ stage: 'stain', held: false, seconds: expect.any(Number) })
    expect(entry.inputs).toMatchObject({ stage: 'stain', version: 1 })
    expect([unfinished, leftovers]).toEqual([[], []])
  })

  it('names a folder that is not there', async () => {
    await expect(listCache(join(root, 'none'))).rejects.toThrow(/no such folder; give --cache/)
  })
})

describe('pruning', () => {
  it('by age goes by the last use, not by the making', async () => {
    for (const name of ['a', 'b', 'c']) setAge(name, 40)
    await openCache(root).obtain(inputs('b'), make)
    const pruned = await pruneCache(root, { unusedSince: Date.now() - 30 * 86_400_000 })
    expect(pruned.entries.map(({ key }) => key)).toEqual(['a', 'c'].map((name) => keyOf(inputs(name))).sort())
    expect(left()).toEqual(['b'])
    expect(pruned.bytes).toBeGreaterThan(0)
  })

  it('by what is needed keeps that; with an age, what is not needed and old goes', async () => {
    setAge('a', 40)
    const keep = new Set([nameOf('b')])
    await pruneCache(root, { keep, unusedSince: Date.now() - 30 * 86_400_000 })
    expect(left()).toEqual(['b', 'c'])
    await pruneCache(root, { keep })
    expect(left()).toEqual(['b'])
  })

  it('by stage leaves all others, their unfinished work too', async () => {
    await openCache(root).obtain(inputs('a', 'pixels'), make)
    for (const stage of ['stain', 'pixels']) mkdirSync(join(root, stage, `${keyOf(inputs('d'))}.work`))
    const { entries, unfinished } = await pruneCache(root, { stages: ['pixels'] })
    expect([...entries, ...unfinished].map(({ stage }) => stage)).toEqual(['pixels', 'pixels'])
    expect(left()).toEqual(['a', 'b', 'c'])
    expect(readdirSync(join(root, 'pixels'))).toEqual([])
    expect(existsSync(at('d', '.work'))).toBe(true)
    await pruneCache(root, { stages: ['stain'], keep: new Set([nameOf('b')]) })
    expect(left()).toEqual(['b'])
  })

  it('of nothing chosen removes no entry; a dry run removes nothing', async () => {
    expect(await pruneCache(root, {})).toMatchObject({ entries: [], bytes: 0 })
    const { entries } = await pruneCache(root, { ...everything, dryRun: true })
    expect([entries.length, left()]).toEqual([3, ['a', 'b', 'c']])
  })

  it('leaves what a living process makes, and says so', async () => {
    const child = await start(`await tasks.takeLease(${JSON.stringify(at('a', '.lease'))})`)
    mkdirSync(at('a', '.work'))
    for (const dryRun of [true, false]) {
      const { held } = await pruneCache(root, { ...everything, dryRun })
      expect(held.map(({ folder: path }) => path)).toEqual([at('a'), at('a', '.work')])
    }
    expect([left(), existsSync(at('a', '.work')), existsSync(at('a', '.lease'))]).toEqual([['a'], true, true])
    await kill(child)
    await pruneCache(root, everything)
    expect(readdirSync(join(root, 'stain'))).toEqual([])
  })

  it('leaves what a living study uses, until it ends', async () => {
    const child = await start(`(await tasks.openHold(${JSON.stringify(root)})).add('${nameOf('b')}')`)
    const { held } = await pruneCache(root, everything)
    expect([held.length, left()]).toEqual([1, ['b']])
    await kill(child)
    await pruneCache(root, everything)
    expect([left(), readdirSync(join(root, 'holds'))]).toEqual([[], []])
  })

  it('of an entry that is wanted in the same moment: it is made anew, not missed', async () => {
    // A lease that is taken stands for one who is about to remove: whoever wants the entry waits and looks again.
    const lease = await takeLease(at('a', '.lease'))
    const hold = await openHold(root)
    const wanted = openCache(root, { hold }).obtain(inputs('a'), make)
    rmSync(at('a'), { recursive: true })
    await lease.release()
    expect(await wanted).toMatchObject({ cached: false })
    expect(left()).toEqual(['a', 'b', 'c'])
    await hold.release()
  })

  it('removes what the dead left, but unfinished work that is needed', async () => {
    const child = await start(
      `await tasks.takeLease(${JSON.stringify(at('a', '.lease'))}); await tasks.openHold(${JSON.stringify(root)})`,
    )
    await kill(child)
    for (const path of [at('a', '.work'), at('b', '.work'), at('c', '.old')]) {
      mkdirSync(path)
      writeFileSync(join(path, 'part.npy'), new Uint8Array(100))
    }
    writeFileSync(at('b', '.lease.0123abcd.tmp'), '')
    const { unfinished, leftovers } = await pruneCache(root, { keep: new Set(['a', 'b', 'c'].map(nameOf)) })
    expect([unfinished.length, leftovers.length]).toEqual([0, 3])
    expect(readdirSync(join(root, 'stain')).filter((name) => name.includes('.'))).toHaveLength(2)
    expect(await pruneCache(root, {})).toMatchObject({ bytes: 200 })
    expect(readdirSync(join(root, 'stain')).filter((name) => name.includes('.'))).toEqual([])
    expect([left(), readdirSync(join(root, 'holds'))]).toEqual([['a', 'b', 'c'], []])
  })
})

describe('verifying', () => {
  const harm = (name: string) => writeFileSync(join(at(name), 'fit.json'), '{"value": 2}') // of the same size

  it('finds altered bytes, removes the entry, and it is made anew', async () => {
    harm('b')
    const { checked, damaged } = await verifyCache(root, { progress: silent })
    expect(checked).toBe(3)
    expect(damaged).toMatchObject([
      { removed: true, damage: { path: join(at('b'), 'fit.json'), expected: 'the bytes that were written' } },
    ])
    expect(left()).toEqual(['a', 'c'])
    expect(await openCache(root).obtain(inputs('b'), make)).toMatchObject({ cached: false })
    expect(await verifyCache(root, { progress: silent })).toMatchObject({ checked: 3, damaged: [] })
  })

  it('removes nothing in a dry run, nor what a living process uses', async () => {
    harm('b')
    const dry = await verifyCache(root, { dryRun: true, progress: silent })
    const hold = await openHold(root)
    hold.add(nameOf('b'))
    const held = await verifyCache(root, { progress: silent })
    await hold.release()
    expect([dry, held].flatMap(({ damaged }) => damaged.map(({ removed }) => removed))).toEqual([
      false,
      false,
    ])
    expect(left()).toEqual(['a', 'b', 'c'])
  })

  it('finds an entry under the name of another', async () => {
    rmSync(at('a'), { recursive: true })
    const { folder: other } = await openCache(mkdtempSync(join(folder, 'other-'))).obtain(inputs('d'), make)
    mkdirSync(at('a'))
    for (const file of readdirSync(other)) writeFileSync(join(at('a'), file), readFileSync(join(other, file)))
    const { damaged } = await verifyCache(root, { progress: silent })
    expect(damaged).toMatchObject([{ damage: { path: join(at('a'), 'entry.json'), got: 'others' } }])
  })

  it('leaves entries that do not list their files, and counts them', async () => {
    rmSync(join(at('a'), 'files.json'))
    expect(await verifyCache(root, { progress: silent })).toMatchObject({
      damaged: [],
      unsealed: [{ key: keyOf(inputs('a')) }],
    })
    expect(left()).toEqual(['a', 'b', 'c'])
  })
})
