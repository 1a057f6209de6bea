// Files without a recipe, through the command line: each is read once, and everything that the guards find in and between them is
// said, with an exit code that says whether there is anything.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRandom, type Pixels, pixelsAt } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { writeCsv } from '../../src/formats/index.ts'
import { createChallengeFile } from '../../src/patches/index.ts'
import { drawTissue } from '../stain/pictures.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-check-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const side = 64
interface Patch {
  readonly seed: number
  readonly center: number
  readonly slide: number
  readonly label: number
  /** Mirrored left to right. */
  readonly isMirrored?: true
}

function draw({ seed, isMirrored }: Patch): Pixels {
  const patch = pixelsAt(drawTissue(seed, side), 0)
  if (!isMirrored) return patch
  const data = patch.data.slice()
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < 3; c++) data[3 * (y * side + x) + c] = patch.data[3 * (y * side + side - 1 - x) + c]
    }
  }
  return { ...patch, data }
}

const random = openRandom(5, 'check')
const patches = (from: number, count: number, center: number): Patch[] =>
  Array.from(random.permutation(count), (i) => ({
    seed: from + i,
    center,
    slide: 10 * center + (i % 4),
    label: Math.floor(i / 4) % 2,
  }))

async function writeFile(name: string, all: readonly Patch[]): Promise<void> {
  const file = await createChallengeFile(at(name), { height: side, width: side, origin: 'synthetic' })
  for (const [id, { center, slide, label, ...patch }] of all.entries())
    file.append({ id: `${id}`, image: draw({ center, slide, label, ...patch }).data, center, slide, label })
  await file.close()
}

const train = [...patches(0, 24, 0), ...patches(100, 24, 3)]
const val = patches(200, 24, 1)

beforeAll(async () => {
  await writeFile('train.h5', train)
  await writeFile('val.h5', val)
  // two patches of train, one of them mirrored and one with the other label, and a patch of a slide of train
  const [a, b, c] = train
  await writeFile('leaky.h5', [
    ...val.slice(0, 20),
    { ...a, center: 1, slide: 11, label: 1 - a.label },
    { ...b, center: 1, slide: 12, isMirrored: true },
    { ...c, seed: 900 },
  ])
  await writeFile(
    'sorted.h5',
    patches(300, 64, 2).toSorted((p, q) => q.label - p.label),
  )
  // a patch of center 0 stands, mirrored, in center 3 too
  await writeFile('centers.h5', [...train, { ...train[0], center: 3, slide: 31, isMirrored: true }])
}, 60_000)

const check = async (...args: string[]) => {
  const result = await runCli(['patches', 'check', ...args], folder)
  expect(result.stderr).toBe('')
  return result
}

describe('eosin patches check', () => {
  it('says that nothing is found in files that share nothing, with exit code 0', async () => {
    const { code, stdout } = await check('train.h5', 'val.h5')
    expect(stdout).toBe(
      'train.h5: 48 patches checked, 0 damaged\nval.h5: 24 patches checked, 0 damaged\nnothing found\n',
    )
    expect(code).toBe(0)
  })

  it('finds copies, altered copies and slides of one file in another', async () => {
    const { code, stdout } = await check('train.h5', 'leaky.h5', 'val.h5')
    expect(stdout).toMatch(
      /^train\.h5 and leaky\.h5: 1 of the 23 patches of leaky\.h5 \(4\.3 %\) are in train\.h5 as well, all of them with a contradicting label; 1 of the 23 patches of leaky\.h5 \(4\.3 %\) looks like a patch of train\.h5 but for small changes, all of them turned or mirrored \(e\.g\. 21 like 1 mirrored left to right\); slide .* is in both; center 0 is in both\.$/m,
    )
    expect(stdout).toMatch(/^leaky\.h5 and val\.h5: 20 of the 24 patches of val\.h5 .*4 slides are in both/m)
    expect(stdout).toMatch(/^2 found$/m)
    expect(code).toBe(1)
    const json = JSON.parse((await check('train.h5', 'leaky.h5', '--json')).stdout)
    expect(json).toMatchObject({ found: 1, within: [], orders: [] })
    expect(json.files.map(({ name, checked }: { name: string; checked: number }) => [name, checked])).toEqual(
      [
        ['train.h5', 48],
        ['leaky.h5', 23],
      ],
    )
    expect(json.overlaps).toMatchObject([{ splits: ['train.h5', 'leaky.h5'], near: { count: 1, turned: 1 } }])
  }, 60_000)

  it('finds an order that tells labels', async () => {
    const { code, stdout } = await check('sorted.h5')
    expect(stdout).toMatch(
      /^sorted\.h5: the place of a patch in its file, and the number in its id, tell its label/m,
    )
    expect(stdout).toContain('Eosin uses neither the order of rows nor ids')
    expect(code).toBe(1)
  })

  it('finds patches of one center in another center of the same file', async () => {
    const { code, stdout } = await check('centers.h5')
    expect(stdout).toContain(
      'center 0 of centers.h5 and center 3 of centers.h5: 1 of the 25 patches of center 3 of centers.h5 (4.0 %) looks like a patch of center 0 of centers.h5 but for small changes, all of them turned or mirrored (e.g. 48 like 0 mirrored left to right).',
    )
    expect(code).toBe(1)
  })

  it('compares parts of one path, with patients, and says what centers are in both without finding fault', async () => {
    mkdirSync(at('pictures'))
    const rows = [...train.slice(0, 8), ...train.slice(24, 32)]
    for (const [i, patch] of rows.entries())
      writeFileSync(at('pictures', `${i}.png`), await encodePng(draw(patch)))
    const table = (patients: (i: number) => string) =>
      writeFileSync(
        at('pictures', 'set.csv'),
        writeCsv({
          path: rows.map((_, i) => `${i}.png`),
          label: rows.map(({ label }) => label),
          center: rows.map(() => '7'),
          patient: rows.map((_, i) => patients(i)),
          part: rows.map((_, i) => (i < 8 ? 'train' : 'val')),
        }),
      )
    table((i) => `${i % 5}`)
    const shared = await check('pictures/set.csv', '--part', 'train,val')
    expect(shared.stdout).toContain(
      'pictures/set.csv (train) and pictures/set.csv (val): 5 patients are in both (7/0, 7/1, 7/2, 7/3, 7/4); center 7 is in both.',
    )
    expect(shared.code).toBe(1)
    table((i) => `${i}`)
    const apart = await check('pictures/set.csv', '--part', 'train,val')
    expect(apart.stdout).toMatch(/center 7 is in both\.\nnothing found\n$/)
    expect(apart.code).toBe(0)
  })

  it('compares what is sound of a file that is damaged, and names the rest', async () => {
    mkdirSync(at('cut'))
    for (const [i, patch] of val.slice(0, 6).entries()) {
      const png = await encodePng(draw(patch))
      writeFileSync(at('cut', `${i}.png`), i === 4 ? png.subarray(0, 200) : png)
    }
    const { stdout, code } = await check('val.h5', 'cut')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^cut: 4\.png: .*\ncut: 6 patches checked, 1 damaged$/m)
    expect(stdout).toContain('val.h5 and cut: 5 of the 5 patches of cut (100.0 %) are in val.h5 as well.')
  })
})
