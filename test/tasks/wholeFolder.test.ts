import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fillFolder, makeWholeFolder } from '../../src/tasks/index.ts'
import { makeTemporaryFolder } from '../patches/fixtures.ts'

const inFolder = makeTemporaryFolder()
const write = (content: string) => async (work: string) => writeFileSync(join(work, 'file'), content)
const isThere = (folder: string) => () => existsSync(folder)

describe('a folder that is whole or not at all', () => {
  it('is filled once, however many ask at the same time', async () => {
    const folder = inFolder('deep', 'once')
    let fills = 0
    const fill = async (work: string) => {
      fills++
      await write('x')(work)
    }
    const asked = Array.from({ length: 5 }, () => fillFolder(folder, { isDone: isThere(folder), fill }))
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1)
    expect(fills).toBe(1)
    expect(readdirSync(inFolder('deep'))).toEqual(['once'])
  })

  it('may be filled while another is: a need inside a need', async () => {
    const [outer, inner] = [inFolder('outer'), inFolder('inner')]
    const fill = async (work: string) => {
      await fillFolder(inner, { isDone: isThere(inner), fill: write('inner') })
      writeFileSync(join(work, 'file'), readFileSync(join(inner, 'file')))
    }
    expect(await fillFolder(outer, { isDone: isThere(outer), fill })).toBe(true)
    expect(readFileSync(join(outer, 'file'), 'utf8')).toBe('inner')
  })

  it('is not there when filling fails; who comes next finds what was finished, without half-written files', async () => {
    const folder = inFolder('failed')
    const fail = async (work: string) => {
      mkdirSync(join(work, 'deep'))
      writeFileSync(join(work, 'deep', 'done'), '')
      writeFileSync(join(work, 'deep', 'half.12.0a.tmp'), '')
      throw new Error('killed')
    }
    await expect(fillFolder(folder, { isDone: isThere(folder), fill: fail })).rejects.toThrow('killed')
    expect(existsSync(folder)).toBe(false)
    await fillFolder(folder, { isDone: isThere(folder), fill: write('x') })
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['deep', 'deep/done', 'file'])
  })

  it('is replaced as a whole', async () => {
    const folder = inFolder('replaced')
    await fillFolder(folder, {
      isDone: () => false,
      fill: async (work) => writeFileSync(join(work, 'old'), ''),
    })
    await fillFolder(folder, { isDone: () => false, fill: write('new') })
    expect(readdirSync(folder)).toEqual(['file'])
  })

  it('is not put in place by one whose lease another has taken over', async () => {
    const folder = inFolder('lost')
    const fill = async () => {
      const lease = JSON.parse(readFileSync(`${folder}.lease`, 'utf8')) as object
      writeFileSync(`${folder}.lease`, JSON.stringify({ ...lease, token: 'another' }))
    }
    await expect(fillFolder(folder, { isDone: isThere(folder), fill })).rejects.toThrow(
      /lost: got another process that took over meanwhile; run again/,
    )
    expect(existsSync(folder)).toBe(false)
    expect(JSON.parse(readFileSync(`${folder}.lease`, 'utf8'))).toMatchObject({ token: 'another' })
  })
})

describe('a folder that is made in one go', () => {
  const check = () => {}

  it('is as it was where filling it fails, and nothing is left beside it', async () => {
    const folder = inFolder('made', 'folder')
    await makeWholeFolder(folder, { check, fill: write('old') })
    const fail = async (work: string) => {
      writeFileSync(join(work, 'half'), '')
      throw new Error('no space')
    }
    await expect(makeWholeFolder(folder, { check, fill: fail })).rejects.toThrow('no space')
    expect(readdirSync(inFolder('made'), { recursive: true }).sort()).toEqual([
      'folder',
      join('folder', 'file'),
    ])
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old')
    const refuse = () => Promise.reject(new Error('refused'))
    await expect(makeWholeFolder(folder, { check: refuse, fill: write('new') })).rejects.toThrow('refused')
    await makeWholeFolder(folder, { check, fill: write('new') })
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('new')
  })
})
