// Pictures and tables as people have them, through the built command line: how they are read, and where `stain apply`
// puts what it makes of them.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { decodeImage, encodePng } from '../../src/files/index.ts'
import { noise } from '../patches/fixtures.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function save(path: string, seed: number): Promise<void> {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), await encodePng(pixels(noise(seed, 16), 1, 16, 16)))
}

const paths = ['AMS/stroma/a.png', 'AMS/stroma_a.png', 'UTR/carcinoma/b.png', 'AMS_stroma_a.png']
for (const [seed, path] of paths.entries()) await save(`set/${path}`, seed)
writeFileSync(
  join(folder, 'set', 'list.csv'),
  `Image;target;hospital\n${['stroma', 'stroma', 'carcinoma', 'stroma'].map((label, i) => `${paths[i].replaceAll('/', '\\')};${label};${i % 2 === 0 ? '2.0' : '02'}`).join('\n')}\n`,
)
const options = [
  '--columns',
  'path=image,label=target,center=hospital',
  '--label-names',
  'stroma=0,carcinoma=1',
]
const list = ['set/list.csv', ...options]

describe('eosin patches', () => {
  it('reads a table as the options say, and says how', async () => {
    const { code, stdout } = await runCli(['patches', 'info', ...list], folder)
    expect(code).toBe(0)
    expect(stdout).toContain('columns: path (image), label (target), center (hospital)')
    const json = await runCli(['patches', 'info', ...list, '--json'], folder)
    expect(JSON.parse(json.stdout)).toMatchObject({ count: 4, labels: { 0: 3, 1: 1 }, centers: { 2: 4 } })
  })

  it('says how folders were read, and names what is left out', async () => {
    for (const [seed, path] of ['train/normal/a.png', 'train/tumor/b.png', 'val/normal/c.png'].entries())
      await save(`parts/${path}`, seed)
    writeFileSync(join(folder, 'parts', 'train', '._b.png'), 'x')
    writeFileSync(join(folder, 'parts', 'train', 'c.bmp'), 'x')
    const info = await runCli(['patches', 'info', 'parts', '--part', 'train'], folder)
    expect(info.stdout).toMatch(/layout +folders: part \/ label\n/)
    expect(info.stdout).toMatch(/hidden +1\n?/)
    const check = await runCli(['patches', 'check', 'parts', '--part', 'train'], folder)
    expect(check.stdout).toContain('left out: train/c.bmp: a picture of a kind that is not read (.bmp)')
    expect(check).toMatchObject({ code: 0 })
  })

  it('refuses folders that could be read in two ways, and pairs that are none', async () => {
    await save('twice/0/0/a.png', 0)
    const { code, stderr } = await runCli(['patches', 'info', 'twice'], folder)
    expect([code, stderr.split('\n').length]).toEqual([1, 2])
    expect(stderr).toContain('--folders center/label')
    expect((await runCli(['patches', 'info', 'twice', '--folders', 'center/label'], folder)).code).toBe(0)
    expect((await runCli(['patches', 'info', 'twice', '--label-names', 'stroma'], folder)).code).toBe(2)
  })
})

describe('eosin stain apply', () => {
  it('writes each patch to a picture of its own, in the folders of its id', async () => {
    expect(
      (await runCli(['stain', 'fit', ...list, '--method', 'none', '--out', 'none.json'], folder)).code,
    ).toBe(0)
    const made = await runCli(['stain', 'apply', ...list, '--fit', 'none.json', '--out', 'out'], folder)
    expect(made.code).toBe(0)
    for (const [seed, path] of paths.entries()) {
      const { data } = await decodeImage(readFileSync(join(folder, 'out', path)), path)
      expect(data).toEqual(noise(seed, 16))
    }
    expect(
      readdirSync(join(folder, 'out'), { recursive: true }).filter((name) => `${name}`.endsWith('.png')),
    ).toHaveLength(4)
  })

  it('refuses before it begins what the layout of HDF5 cannot hold', async () => {
    const { code, stderr } = await runCli(
      ['stain', 'apply', ...list, '--fit', 'none.json', '--out', 'out.h5'],
      folder,
    )
    expect(code).toBe(1)
    expect(stderr).toContain(
      "expected ids that can name a group, as the challenge's layout holds them, got 'AMS/stroma/a.png'",
    )
    expect(existsSync(join(folder, 'out.h5'))).toBe(false)
  })
})
