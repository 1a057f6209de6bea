// What --out may replace, through the built command line: files one at a time and through links, folders only where
// Eosin wrote them, and nothing that anybody else put there.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-out-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (...parts: string[]) => join(folder, ...parts)
const run = (typed: string) => runCli(typed.split(' '), folder)
const write = (path: string, text = 'mine') => {
  mkdirSync(at(path, '..'), { recursive: true })
  writeFileSync(at(path), text)
}

beforeAll(async () => {
  const made = await run('patches make data --train 40 --val 20 --test 20 --size 48 --truth none')
  expect(made).toMatchObject({ code: 0 })
  expect(await run('stain fit data/train.h5 --method grayscale --out fit.json')).toMatchObject({ code: 0 })
}, 120_000)

describe('a folder given by --out', () => {
  const commands = [
    ['embed data/val.h5', 'embeddings.npy'],
    ['stain apply data/val.h5 --fit fit.json', '0.png'],
    ['stain train data/train.h5 --method cyclegan --preset small', 'fit.json'],
  ] as const

  it.each(commands)('is not replaced by %s where Eosin did not write it', async (command) => {
    for (const name of ['theirs/thesis.txt', 'theirs/notes/a.md', 'theirs/manifest.json']) write(name, '{}')
    const { code, stderr } = await run(`${command} --out theirs --overwrite`)
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^eosin: theirs: expected a folder of .* that Eosin wrote, with nothing else in it/,
    )
    expect(stderr).toContain('manifest.json, notes/a.md, thesis.txt; nothing was removed')
    expect(readdirSync(at('theirs')).sort()).toEqual(['manifest.json', 'notes', 'thesis.txt'])
  }, 60_000)

  it.each(commands.slice(0, 2))(
    'is replaced by %s where it did, until there is something else in it',
    async (command, written) => {
      const out = `own-${written}`
      expect(await run(`${command} --out ${out}`)).toMatchObject({ code: 0 })
      expect(await run(`${command} --out ${out} --overwrite`)).toMatchObject({ code: 0 })
      expect(existsSync(at(out, written))).toBe(true)
      write(`${out}/thesis.txt`)
      const { code, stderr } = await run(`${command} --out ${out} --overwrite`)
      expect([code, stderr]).toEqual([2, expect.stringContaining('got one that holds thesis.txt;')])
      expect(readFileSync(at(out, 'thesis.txt'), 'utf8')).toBe('mine')
    },
    60_000,
  )

  it('is not made through folders beside it that are somebody else’s', async () => {
    for (const ending of ['work', 'old']) {
      write(`beside.${ending}/thesis.txt`)
      for (const [command] of commands.slice(0, 2)) {
        const { code, stderr } = await run(`${command} --out beside`)
        expect([code, stderr]).toEqual([2, expect.stringContaining('one that holds thesis.txt')])
      }
      expect(existsSync(at(`beside.${ending}`, 'thesis.txt'))).toBe(true)
      rmSync(at(`beside.${ending}`), { recursive: true })
    }
  }, 60_000)

  it('is never a file', async () => {
    write('thesis.docx')
    for (const [command] of commands.slice(0, 2)) {
      const { code, stderr } = await run(`${command} --out thesis.docx --overwrite`)
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('thesis.docx: expected a folder, got a file'),
      ])
    }
    expect(readFileSync(at('thesis.docx'), 'utf8')).toBe('mine')
  }, 60_000)

  it('may be a link, which stays one', async () => {
    mkdirSync(at('elsewhere'))
    symlinkSync(at('elsewhere'), at('linked'))
    expect(await run('embed data/val.h5 --out linked --overwrite')).toMatchObject({ code: 0 })
    expect(readlinkSync(at('linked'))).toBe(at('elsewhere'))
    expect(readdirSync(at('elsewhere'))).toContain('embeddings.npy')
  }, 60_000)

  it('keeps real patches that a synthetic set would be named like', async () => {
    write('real/train.h5')
    const { code } = await run('patches make real --train 4 --val 4 --test 4 --overwrite')
    expect([code, readFileSync(at('real/train.h5'), 'utf8')]).toEqual([2, 'mine'])
    write('recipes/recipe.yaml')
    const demo = await run('demo --out recipes --patches 200')
    expect([demo.code, readFileSync(at('recipes/recipe.yaml'), 'utf8')]).toEqual([2, 'mine'])
  }, 60_000)
})

describe('a file given by --out', () => {
  const commands = [
    'quality data/val.h5',
    'stain fit data/train.h5 --method grayscale',
    'stain apply data/val.h5 --fit fit.json',
    'stain compare data/val.h5 --methods none',
  ]

  it.each(commands)('of %s is written through a link', async (command) => {
    const [real, link] = ['real.h5', 'link.h5']
    for (const name of [real, link]) rmSync(at(name), { force: true })
    symlinkSync(real, at(link))
    expect(await run(`${command} --out ${link}`)).toMatchObject({ code: 0 })
    expect([readlinkSync(at(link)), existsSync(at(real))]).toEqual([real, true])
  }, 60_000)

  it.each(
    commands,
  )('of %s is no folder and no device, and is known to be writable first', async (command) => {
    mkdirSync(at('taken.h5'), { recursive: true })
    symlinkSync('/dev/null', at('device.h5'))
    const [taken, device, nowhere] = [
      await run(`${command} --out taken.h5 --overwrite`),
      await run(`${command} --out device.h5 --overwrite`),
      await run(`${command.replace('val.h5', 'missing.h5')} --out /proc/none/x.h5`),
    ]
    rmSync(at('device.h5'))
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringContaining('expected a file, got a folder')])
    expect([device.code, device.stderr]).toEqual([2, expect.stringContaining('got a special file')])
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('/proc/none')])
  }, 60_000)

  it('is written by one process at a time: a second one waits, and then does not replace it', async () => {
    const command = 'stain apply data/train.h5 --fit fit.json --out both.h5'
    const both = await Promise.all([run(command), run(command)])
    expect(both.map(({ code }) => code).sort()).toEqual([0, 2])
    expect(both.map(({ stderr }) => stderr).join()).toContain('both.h5: got a file that is there already')
    expect(readdirSync(folder).filter((name) => name.startsWith('both'))).toEqual(['both.h5'])
  }, 60_000)

  it('of predict is looked at before anything is read', async () => {
    const predict = (out: string) => run(`predict missing.h5 --run missing --out ${out}`)
    expect((await predict('/proc/none/p.csv')).stderr).toContain('/proc/none')
    expect((await predict('p.csv --submission p.csv')).stderr).toContain(
      'p.csv: expected a file for each output',
    )
  }, 60_000)
})
