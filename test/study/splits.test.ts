// What makes the splits of a study honest when their files spell things differently.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pixels } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { runStudy } from '../../src/study/index.ts'
import { closeSplits, openSplits } from '../../src/study/splits.ts'
import { openCache } from '../../src/tasks/index.ts'
import { makeTemporaryFolder, noise } from '../patches/fixtures.ts'

const inFolder = makeTemporaryFolder()
const seeds = new Map<string, number>()

async function save(path: string, side = 8): Promise<void> {
  mkdirSync(dirname(inFolder(path)), { recursive: true })
  if (!seeds.has(path)) seeds.set(path, seeds.size)
  writeFileSync(inFolder(path), await encodePng(pixels(noise(seeds.get(path)!, side), 1, side, side)))
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
    writeFileSync(inFolder('untold.csv'), 'path\nval/a.png\nval/b.png\n')
    const stated =
      "{ train: { path: train.csv, centers: ['2.0'] }, val: { path: val.csv }, test: { path: untold.csv, center: 02 } }"
    await expect(open(stated)).rejects.toThrow('center 2 in both')
  })

  it('name what is left out of them, at the start of a run and in its manifest', async () => {
    for (const [split, center] of [
      ['one', '3'],
      ['two', '4'],
    ]) {
      for (const label of [0, 1])
        for (const i of [0, 1, 2]) await save(`${split}/${center}/${label}/${i}.png`, 32)
    }
    writeFileSync(inFolder('one/3/0/x.bmp'), 'x')
    writeFileSync(inFolder('one/3/0/._0.png'), 'x')
    const data = '{ train: { path: one }, val: { path: two } }'
    const text = `name: x\nseeds: 1\nquality: none\ndata: ${data}\nstain: [none]\nembed: [texture]\nclassify: [logistic]\n`
    const warnings: string[] = []
    const observer = {
      step: () => ({ progress: () => {}, end: () => {} }),
      warn: (sentence: string) => warnings.push(sentence),
    }
    const options = { out: inFolder('runs'), cache: inFolder('cache'), device: 'cpu', threads: 1, observer }
    await runStudy(parseRecipe(text, { where: 'r.yaml', folder: inFolder() }), options)
    expect(warnings).toEqual(['train: 1 left out: a picture of a kind that is not read (.bmp)'])
    const { splits } = JSON.parse(readFileSync(inFolder('runs', 'x', 'manifest.json'), 'utf8'))
    expect(splits.train).toMatchObject({
      layout: 'folders: center / label',
      leftOut: { hidden: 1, 'a picture of a kind that is not read (.bmp)': 1 },
      count: 6,
    })
  }, 120_000)

  it('say how folders were read where labels are missing, and take the words for them from the recipe', async () => {
    for (const path of ['words/stroma/a.png', 'words/carcinoma/b.png']) await save(path)
    await makeTable('val', '3')
    const withKeys = (keys: string) => open(`{ train: { path: words${keys} }, val: { path: val.csv } }`)
    await expect(withKeys('')).rejects.toThrow(
      /expected labels, got none; the folders carcinoma, stroma were read as centers; .+labelNames in a recipe/,
    )
    const splits = await withKeys(', labelNames: { stroma: 0, carcinoma: 1 }')
    expect(splits.train.set.labels).toEqual(Uint8Array.of(1, 0))
    await closeSplits(splits)
  })
})
