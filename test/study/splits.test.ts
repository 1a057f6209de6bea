// What makes the splits of a study honest when their files spell things differently.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { encodePng } from '../../src/formats/index.ts'
import { openCache } from '../../src/study/cache.ts'
import { parseRecipe } from '../../src/study/index.ts'
import { closeSplits, openSplits } from '../../src/study/splits.ts'
import { makeTemporaryFolder, noise } from '../patches/fixtures.ts'

const inFolder = makeTemporaryFolder()
const seeds = new Map<string, number>()

async function save(path: string): Promise<void> {
  mkdirSync(dirname(inFolder(path)), { recursive: true })
  if (!seeds.has(path)) seeds.set(path, seeds.size)
  writeFileSync(inFolder(path), await encodePng(pixels(noise(seeds.get(path)!, 8), 1, 8, 8)))
}

/** A table of a normal and a tumour patch of a center. */
async function makeTable(name: string, center: string): Promise<void> {
  for (const image of ['a', 'b']) await save(`${name}/${image}.png`)
  writeFileSync(
    inFolder(`${name}.csv`),
    `path,label,center\n${name}/a.png,0,${center}\n${name}/b.png,1,${center}\n`,
  )
}

const open = (data: string) =>
  openSplits(
    parseRecipe(`name: x\ndata: ${data}\nstain: [none]\nembed: [texture]\nclassify: [logistic]\n`, {
      where: 'r.yaml',
      folder: inFolder(),
    }),
    openCache(inFolder('cache')),
  )

describe('the splits of a study', () => {
  it('hold one hospital under one name, so that a test center in train is seen under any spelling', async () => {
    await makeTable('train', '02')
    await makeTable('val', '3')
    for (const center of ['2', '2.0', '02']) {
      await makeTable('test', center)
      const data = '{ train: { path: train.csv }, val: { path: val.csv }, test: { path: test.csv } }'
      await expect(open(data)).rejects.toThrow('center 2 in both')
    }
    const stated =
      "{ train: { path: train.csv, centers: ['2.0'] }, val: { path: val.csv }, test: { path: val.csv, center: 02 } }"
    await expect(open(stated)).rejects.toThrow('center 2 in both')
  })

  it('say how folders were read where labels are missing, and take the words for them from the recipe', async () => {
    for (const path of ['words/stroma/a.png', 'words/carcinoma/b.png']) await save(path)
    await makeTable('val', '3')
    const withKeys = (keys: string) => open(`{ train: { path: words${keys} }, val: { path: val.csv } }`)
    await expect(withKeys('')).rejects.toThrow(
      /expected labels, got none; it was read as 'folders: center': say otherwise with folders, columns or labelNames/,
    )
    const splits = await withKeys(', labelNames: { stroma: 0, carcinoma: 1 }')
    expect(splits.train.set.labels).toEqual(Uint8Array.of(1, 0))
    await closeSplits(splits)
  })
})
